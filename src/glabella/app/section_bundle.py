"""A section through the layers as one binary file for the page: 'GLBF', uint32 header length, JSON header, arrays, all little-endian."""

import json
import struct

import numpy as np

from glabella.scene import LAYERS, Section

MAGIC = b"GLBF"
ALIGNMENT = 4  # bytes: typed arrays of the browser can only start there


def section_bundle(section: Section) -> bytes:
    """The section as bytes.

    The header (UTF-8 JSON, padded with spaces to 4) has ``title``, ``site``, ``units``, ``across_label``, ``layers``, ``muscle_names``,
    ``entry`` and ``tip`` (across, depth in mm), ``rim_mm`` (the bony rim of the orbit where the cut meets it, or null),
    ``under_entry`` and ``arrays``: name, dtype, shape, offset in bytes from the end of the header, scale. Arrays: ``across_mm`` (nx,),
    ``depth_mm`` (nz,), ``layer``, ``muscle`` and ``dose_units_per_mm3`` (nz, nx).
    """
    arrays = {
        "across_mm": np.asarray(section.across_mm, "<f4"),
        "depth_mm": np.asarray(section.depth_mm, "<f4"),
        "layer": np.asarray(section.layer, "u1"),
        "muscle": np.asarray(section.muscle, "i1"),
        "dose_units_per_mm3": np.asarray(section.dose_units_per_mm3, "<f4"),
    }
    entries, body = [], b""
    for name, values in arrays.items():
        dtype = {"f4": "float32", "u1": "uint8", "i1": "int8"}[values.dtype.str[1:]]
        entries.append({"name": name, "dtype": dtype, "shape": list(values.shape), "offset": len(body), "scale": 1.0})
        body += _padded(values.tobytes(), b"\0")
    header = {
        "title": section.title,
        "site": section.site,
        "units": float(section.units),
        "across_label": section.across_label,
        "layers": list(LAYERS),
        "muscle_names": list(section.muscle_names),
        "entry": [float(value) for value in section.entry],
        "tip": [float(value) for value in section.tip],
        "rim_mm": find_rim(section),
        "under_entry": layers_under_entry(section),
        "arrays": entries,
    }
    text = _padded(json.dumps(header, ensure_ascii=False, allow_nan=False).encode(), b" ")
    return MAGIC + struct.pack("<I", len(text)) + text + body


def layers_under_entry(section: Section) -> list[dict[str, object]]:
    """What lies below the entry, from the skin inwards: ``layer``, ``muscle`` (name or None), ``from_mm``, ``to_mm`` below the entry.

    Borders lie halfway between two depths of the section; the last layer ends where the section ends.
    """
    depth = np.asarray(section.depth_mm, float) - section.entry[1]
    column = int(np.argmin(np.abs(np.asarray(section.across_mm, float) - section.entry[0])))
    codes = list(zip(section.layer[:, column].tolist(), section.muscle[:, column].tolist(), strict=True))
    starts = [0, *(row for row in range(1, len(codes)) if codes[row] != codes[row - 1])]
    found: list[dict[str, object]] = []
    for start, end in zip(starts, [*starts[1:], len(codes)], strict=True):
        layer, muscle = LAYERS[codes[start][0]], codes[start][1]
        if layer == "outside":
            continue
        before = (depth[start - 1] + depth[start]) / 2 if found else 0.0
        after = (depth[end - 1] + depth[end]) / 2 if end < len(codes) else depth[-1]
        name = section.muscle_names[muscle] if muscle >= 0 else None
        found.append({"layer": layer, "muscle": name, "from_mm": float(before), "to_mm": float(after)})
    return found


def find_rim(section: Section) -> list[float] | None:
    """Where bone ends beside the orbit, (across, depth) of its shallowest point in mm; None where the cut misses the orbit."""
    bone, orbit = (section.layer == LAYERS.index(name) for name in ("bone", "orbit"))
    across = np.asarray(section.across_mm, float)
    if not (bone.any() and orbit.any()):
        return None
    columns = np.flatnonzero(bone.any(0))
    edge = columns[np.argmin(np.abs(across[columns] - across[orbit.any(0)].mean()))]
    return [float(across[edge]), float(section.depth_mm[int(np.argmax(bone[:, edge]))])]


def _padded(data: bytes, filler: bytes) -> bytes:
    return data + filler * (-len(data) % ALIGNMENT)
