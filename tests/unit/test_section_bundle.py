"""The binary section: what is written is what the page reads."""

import json
import struct

import numpy as np
import pytest

from glabella.app.section_bundle import find_rim, layers_under_entry, section_bundle
from glabella.scene import LAYERS, Section

CODE = {name: number for number, name in enumerate(LAYERS)}
DTYPES = {"float32": "<f4", "uint8": "u1", "int8": "i1"}


def section(orbit: bool = True) -> Section:
    """0.5 mm cells, 11 across and 9 deep: epidermis, dermis, fat, muscle, fat, bone; beside the bone the orbit."""
    across, depth = np.arange(-2.5, 2.6, 0.5), np.arange(-0.5, 3.6, 0.5)
    rows = ("outside", "epidermis", "dermis", "fat", "muscle", "muscle", "fat", "bone", "bone")
    layer = np.repeat(np.array([[CODE[name]] for name in rows]), len(across), axis=1)
    layer[7:, :3] = CODE["orbit" if orbit else "fat"]
    layer[7, 3] = CODE["fat"]  # the first column of bone begins a cell deeper
    muscle = np.where(layer == CODE["muscle"], 1, -1)
    dose = np.arange(layer.size, dtype=float).reshape(layer.shape) * 1e-5
    names = ("frontalis_left", "procerus")
    return Section("a title, °", "procerus", 4.0, across, depth, layer, muscle, names, dose, (0.0, 0.0), (0.0, 1.5))


def read(bundle: bytes) -> tuple[dict, dict[str, np.ndarray]]:
    assert bundle[:4] == b"GLBF"
    (length,) = struct.unpack("<I", bundle[4:8])
    header = json.loads(bundle[8 : 8 + length])
    body = bundle[8 + length :]
    arrays = {
        entry["name"]: np.frombuffer(body, DTYPES[entry["dtype"]], int(np.prod(entry["shape"])), entry["offset"]).reshape(entry["shape"])
        for entry in header["arrays"]
    }
    return header, arrays


def test_reads_back_what_was_written():
    given = section()
    header, arrays = read(section_bundle(given))
    assert header["title"] == "a title, °"
    assert (header["site"], header["units"], header["across_label"]) == ("procerus", 4.0, "mm along the skin from the needle")
    assert header["layers"] == list(LAYERS)
    assert header["muscle_names"] == ["frontalis_left", "procerus"]
    assert (header["entry"], header["tip"]) == ([0.0, 0.0], [0.0, 1.5])
    np.testing.assert_array_equal(arrays["layer"], given.layer)
    np.testing.assert_array_equal(arrays["muscle"], given.muscle)
    np.testing.assert_allclose(arrays["dose_units_per_mm3"], given.dose_units_per_mm3, rtol=1e-7)
    np.testing.assert_allclose(arrays["across_mm"], given.across_mm)
    np.testing.assert_allclose(arrays["depth_mm"], given.depth_mm)


def test_arrays_start_where_a_browser_can_map_them():
    bundle = section_bundle(section())
    header, _ = read(bundle)
    (length,) = struct.unpack("<I", bundle[4:8])
    assert length % 4 == 0
    assert len(bundle) % 4 == 0
    assert all(entry["offset"] % 4 == 0 and entry["scale"] == 1.0 for entry in header["arrays"])


def test_layers_under_the_entry_follow_each_other_without_a_gap():
    parts = layers_under_entry(section())
    assert [(part["layer"], part["muscle"]) for part in parts] == [
        ("epidermis", None), ("dermis", None), ("fat", None), ("muscle", "procerus"), ("fat", None), ("bone", None)
    ]  # fmt: skip
    assert [part["from_mm"] for part in parts] == pytest.approx([0.0, 0.25, 0.75, 1.25, 2.25, 2.75])
    assert [part["to_mm"] for part in parts] == pytest.approx([0.25, 0.75, 1.25, 2.25, 2.75, 3.5])


def test_rim_is_the_shallowest_bone_beside_the_orbit():
    assert find_rim(section()) == pytest.approx([-1.0, 3.5])
    assert find_rim(section(orbit=False)) is None
