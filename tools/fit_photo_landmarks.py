"""Where the landmark model puts its landmarks on painted heads with hair and brows, against where our head has them.

    python tools/fit_photo_landmarks.py [--write]

Eighty invented faces (none of those that are measured, decided on or tested), seen from known cameras, a third of them moving. The mean
difference across and up in the head's frame at 63 mm between the pupils, made mirror symmetric; and what is left over of each head, in
the picture, from which ``photo/landmark_noise.py`` makes a covariance. ``data/photo_landmarks.npz`` holds hundredths and tenths of a mm.
"""

import sys
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.photo_made import drawn_case, invented_face, paint  # noqa: E402

from glabella.photo import LandmarkModel, find_model  # noqa: E402
from glabella.photo.landmarks import mirrored_landmarks  # noqa: E402

SEEDS = range(101, 181)
MIRROR = np.array([-1, 1])


def differences(model):
    """(heads, 468, 2) mm to the right and up in the picture, (heads, 2, 3) how the head's axes lie there."""
    found, turns = [], []
    for seed in SEEDS:
        case = drawn_case(seed)
        face, _ = invented_face(seed, dict(case.units))
        camera, picture = case.camera.truth, paint(case, face)
        points = model.find_landmarks(picture, model.find_faces(picture)[0]).points[:468, :2]
        scale = camera.pixels_per_mm * face.interpupillary_distance_mm / 63.0
        found.append((points - camera.project(face.landmarks)[:, :2]) / scale * [1, -1])
        turns.append(camera.turn[:2])
    return np.array(found), np.array(turns)


def mean_offsets(found, turns, pairs):
    """(468, 2) mm to the left and up."""
    flat = turns[:, :, :2]
    normal, right = np.einsum("hij,hik->jk", flat, flat), np.einsum("hij,hni->nj", flat, found)
    offsets = np.linalg.solve(normal, right.T).T
    return (offsets + offsets[pairs] * MIRROR) / 2


def main():
    with threadpool_limits(1):
        found, turns = differences(LandmarkModel(find_model()))
        pairs = mirrored_landmarks()[:468]
        offsets = mean_offsets(found, turns, pairs)
        left = found - np.einsum("hij,nj->hni", turns[:, :, :2], offsets)
    length, over = np.linalg.norm(offsets, axis=1).mean(), np.sqrt((left**2).sum(2).mean())
    print(f"{len(found)} heads: mean length {length:.2f} mm, left over {over:.2f} mm")
    for name, n in (("nasion", 168), ("glabella", 9), ("forehead", 151), ("top", 10), ("brow peak", 105), ("lateral canthus", 33)):
        spread = np.sqrt((left[:, n] ** 2).mean(0))
        print(f"{name} ({n}): {offsets[n, 0]:+.1f} left, {offsets[n, 1]:+.1f} up; scatter {spread[0]:.1f} across, {spread[1]:.1f} up")
    if "--write" in sys.argv:
        path = ROOT / "src/glabella/data/photo_landmarks.npz"
        tenths = np.clip(np.rint(left * 10), -127, 127).astype(np.int8)
        np.savez_compressed(path, offsets=np.rint(offsets * 100).astype(np.int16), left=tenths)
        print(f"wrote {path.relative_to(ROOT)}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
