"""Build src/glabella/data/drawing.npz: where the drawn muscles lie on the reference face, the same for every person.

    python tools/build_drawing.py             # a few seconds; needed after a change of head.npz or muscles.toml
    python tools/build_drawing.py --check     # build, compare with the shipped file, write nothing

A point that does not lie in the triangle given here is searched for at run time; tests/unit/test_drawing.py compares with a rebuild.
"""

import argparse
from pathlib import Path

import numpy as np

from glabella.stages.anatomy.drawing import atlas_data, drawn_feet, mirrored_points
from glabella.stages.anatomy.muscles import LATTICE_STEPS_MM, find_shares, lattice_of

SHIPPED = Path(__file__).parents[1] / "src" / "glabella" / "data" / "drawing.npz"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=SHIPPED)
    parser.add_argument("--check", action="store_true", help="compare with the file instead of writing it")
    options = parser.parse_args()
    arrays = measure()
    if options.check:
        shipped = np.load(options.out)
        wrong = [name for name in {*arrays, *shipped.files} if name not in shipped or not np.array_equal(arrays.get(name), shipped[name])]
        raise SystemExit(f"differs: {', '.join(sorted(wrong))}" if wrong else 0)
    np.savez_compressed(options.out, **arrays)
    print(f"{options.out.name}: {options.out.stat().st_size / 1000:.0f} kB, {len(arrays)} arrays")


def measure() -> dict[str, np.ndarray]:
    """Shares of the lattice points of every muscle, and their triangles in ``surface(2)`` for muscles that do not stretch."""
    arrays = {}
    for muscle, data in atlas_data("muscles").items():
        for step_mm in LATTICE_STEPS_MM:
            u, v = find_shares(muscle, step_mm)
            arrays |= {f"{muscle}/{step_mm}/u": u, f"{muscle}/{step_mm}/v": v}
            if data.get("follows_upper_margin") or step_mm == LATTICE_STEPS_MM[-1]:  # stretched by each person, or hardly ever needed
                continue
            drawn = lattice_of(muscle).at(u, v)
            for side in ("midline",) if data.get("midline") else ("left", "right"):
                foot = drawn_feet(mirrored_points(drawn) if side == "right" else drawn)
                arrays[f"{muscle}/{step_mm}/{side}"] = foot.triangle.astype("u4")
    return arrays


if __name__ == "__main__":
    main()
