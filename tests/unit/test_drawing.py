"""What was measured beforehand of the drawing is what a search finds."""

import sys
from pathlib import Path

import numpy as np
import pytest

from glabella.errors import InputError
from glabella.face import load_face
from glabella.stages.anatomy.drawing import drawn_feet, measured_beforehand, mirrored_points
from glabella.stages.anatomy.muscles import lattice_of


def test_the_shipped_file_is_what_the_tool_builds(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "tools")
    from build_drawing import measure

    sys.modules.pop("build_drawing")
    for name, values in measure().items():
        shipped = measured_beforehand(name)
        assert shipped is not None, name
        assert shipped.shape == values.shape, name
        if name.endswith(("/u", "/v")):
            assert np.abs(shipped - values).max() < 1e-12, name
        else:  # on an edge between two triangles another rounding may choose the other one
            assert (shipped != values).mean() < 1e-3, name


@pytest.mark.parametrize(("muscle", "side"), [("procerus", "midline"), ("corrugator_supercilii", "left"), ("nasalis", "right")])
def test_known_triangles_give_the_feet_of_a_search(muscle, side):
    u, v, known = (measured_beforehand(f"{muscle}/0.8/{name}") for name in ("u", "v", side))
    assert u is not None
    assert v is not None
    assert known is not None
    drawn = lattice_of(muscle).at(u, v)
    drawn = mirrored_points(drawn) if side == "right" else drawn
    searched = drawn_feet(drawn)
    for given in (known, np.roll(known, 5, 0), np.zeros_like(known)):  # wrong ones are found out and searched for
        found = drawn_feet(drawn, given)
        assert np.abs(found.points - searched.points).max() < 1e-9
        assert np.abs(found.barycentric - searched.barycentric).max() < 1e-6 or given is not known


def test_a_point_beside_the_face_is_an_error_with_a_known_triangle_too():
    with pytest.raises(InputError, match="no skin"):
        load_face().surface(2).frontal(np.array([500.0]), np.array([0.0]), np.array([7]))
