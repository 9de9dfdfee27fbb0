"""Finding faces and their 478 landmarks with LiteRT: pictures cut and results read by our own code, no other machinery.

The detector looks at a square of 128 pixels and gives boxes with two eyes; the landmark model at a square of 256 pixels, turned so that the
eyes are level; the expression model at 146 of the landmarks. Order and meaning of inputs and outputs follow MediaPipe's published graphs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from glabella.errors import InputError
from glabella.face import load_face
from glabella.photo.model_file import ModelFile
from glabella.photo.picture import Picture, pillow

DETECTOR_PIXELS, LANDMARK_PIXELS = 128, 256
SURE, OVERLAP = 0.5, 0.3  # score of a box that counts as a face; boxes that overlap more are one face
ROOM = 1.5  # side of the landmark square in sides of the box
PRESENT = 0.5
SHARES_OF_SIDE = (0.5, 0.34)  # sides of the squares in which small faces are looked for, where the whole picture shows none
LANDMARKS, IRISES = 478, ((468, (469, 471), (470, 472)), (473, (474, 476), (475, 477)))  # centre, across, up and down: right, then left eye

EXPRESSION_INPUTS = (
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80, 81, 82, 84, 87, 88,
    91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157, 158, 159, 160, 161, 162,
    163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293,
    295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318, 321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378,
    379, 380, 381, 382, 384, 385, 386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472, 473, 474,
    475, 476, 477,
)  # fmt: skip
EXPRESSIONS = (
    "_neutral", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff", "cheekSquintLeft",
    "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight",
    "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight", "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft",
    "eyeWideRight", "jawForward", "jawLeft", "jawOpen", "jawRight", "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft",
    "mouthFrownRight", "mouthFunnel", "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight",
    "mouthPucker", "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthSmileLeft",
    "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight", "noseSneerLeft",
    "noseSneerRight",
)  # fmt: skip
LOOKS = ((1.0, 0.0), (0.94, 0.1), (0.94, -0.1), (1.07, 0.1), (1.07, -0.1))  # side of the square, and radians it is turned more
SWAPPED = {"Left": "Right", "Right": "Left"}
MIRRORED_EXPRESSIONS = [
    EXPRESSIONS.index(next((name.removesuffix(end) + other for end, other in SWAPPED.items() if name.endswith(end)), name))
    for name in EXPRESSIONS
]


@dataclass(frozen=True, eq=False)
class Box:
    """One face of the detector in pixels: ``centre`` (2,), ``side``, ``eyes`` (2, 2) the person's right and left, ``score`` 0 to 1."""

    centre: np.ndarray
    side: float
    eyes: np.ndarray
    score: float


@dataclass(frozen=True, eq=False)
class Landmarks:
    """``points`` (478, 3): column and row in pixels, and depth in pixels that grows away from the camera; the last ten are the irises.

    ``score`` 0 to 1: how sure the model is that there is a face; ``expression``: strength 0 to 1 of each face unit.
    """

    points: np.ndarray
    score: float
    expression: Mapping[str, float]


class LandmarkModel:
    """The three models, ready to run on one thread each, so that the same picture gives the same numbers."""

    def __init__(self, file: ModelFile) -> None:
        self.detector = _interpreter(file.part("face_detector.tflite"))
        self.landmarker = _interpreter(file.part("face_landmarks_detector.tflite"))
        self.expressions = _interpreter(file.part("face_blendshapes.tflite"))
        self.anchors = _anchors()

    def find_faces(self, picture: Picture) -> list[Box]:
        """Faces in the picture, the largest first; small ones are looked for only where the whole picture shows none."""
        rows, columns = picture.shape
        whole = max(rows, columns)
        found = self._faces_in(picture, np.array([[columns / 2, rows / 2]]), whole)
        for share in SHARES_OF_SIDE:
            if found:
                break
            side = share * whole
            across, down = (np.arange(0, length - side / 2, side / 2) + side / 2 for length in (columns, rows))
            found = self._faces_in(picture, np.stack(np.meshgrid(across, down), -1).reshape(-1, 2), side)
        return sorted(found, key=lambda box: -box.side)

    def find_landmarks(self, picture: Picture, box: Box) -> Landmarks:
        """The landmarks of one face. The square is set twice: once by the box, once by the landmarks found in it. Then the mean of
        several squares, a little larger, smaller or turned, and of the same in the mirrored picture: it scatters less than one."""
        points, score = self._landmarks_in(picture, box.centre, ROOM * box.side, _tilt(*box.eyes))
        for _ in range(2):
            flat = points[:468, :2]
            side = ROOM * float(np.ptp(flat, 0).max())
            points, score = self._landmarks_in(picture, (flat.min(0) + flat.max(0)) / 2, side, _tilt(points[33, :2], points[263, :2]))
        flat = points[:468, :2]
        middle, side = (flat.min(0) + flat.max(0)) / 2, ROOM * float(np.ptp(flat, 0).max())
        tilt, last = _tilt(points[33, :2], points[263, :2]), picture.shape[1] - 1
        mirrored, partner = Picture(np.ascontiguousarray(picture.pixels[:, ::-1])), mirrored_landmarks()
        looks, scores, strengths = [], [], []
        for share, more in LOOKS:
            points, score = self._landmarks_in(picture, middle, side * share, tilt + more)
            other, _ = self._landmarks_in(mirrored, np.array([last - middle[0], middle[1]]), side * share, -tilt - more)
            strength, others = (_run(self.expressions, p[None, EXPRESSION_INPUTS, :2])[0].ravel() for p in (points, other))
            other[:, 0] = last - other[:, 0]
            looks += [points, other[partner]]
            strengths += [strength, others[MIRRORED_EXPRESSIONS]]
            scores.append(score)
        mean = np.mean(strengths, 0)
        return Landmarks(
            np.mean(looks, 0), float(np.median(scores)), dict(zip(EXPRESSIONS[1:], map(float, mean[1:]), strict=True))
        )

    def _landmarks_in(self, picture: Picture, centre: np.ndarray, side: float, tilt: float) -> tuple[np.ndarray, float]:
        crop, back = cut_square(picture, centre, side, tilt, LANDMARK_PIXELS)
        outputs = _run(self.landmarker, crop[None] / 255.0)
        found = next(out for out in outputs if out.size == 3 * LANDMARKS).reshape(LANDMARKS, 3)
        score = float(next(out for out in outputs if out.size == 1 and out.ndim == 4).ravel()[0])
        return np.c_[found[:, :2] @ back[:, :2].T + back[:, 2], found[:, 2] * side / LANDMARK_PIXELS], float(_logistic(score))

    def _faces_in(self, picture: Picture, centres: np.ndarray, side: float) -> list[Box]:
        boxes: list[Box] = []
        for centre in centres:
            crop, back = cut_square(picture, centre, side, 0.0, DETECTOR_PIXELS)
            outputs = _run(self.detector, crop[None] / 127.5 - 1)
            values = next(out for out in outputs if out.shape[-1] == 16)[0]
            scores = _logistic(next(out for out in outputs if out.shape[-1] == 1)[0, :, 0])
            for n in np.flatnonzero(scores > SURE):
                places = values[n].reshape(-1, 2) / DETECTOR_PIXELS
                places[[0, *range(2, 8)]] += self.anchors[n]
                places[[0, *range(2, 8)]] = places[[0, *range(2, 8)]] * DETECTOR_PIXELS @ back[:, :2].T + back[:, 2]
                boxes.append(Box(places[0], float(places[1].max() * side), places[2:4], float(scores[n])))
        return _one_per_face(boxes)


@cache
def mirrored_landmarks() -> np.ndarray:
    """(478,) the landmark that each one becomes in a mirrored picture."""
    points = load_face().landmarks
    skin = [int(np.linalg.norm(points * [-1, 1, 1] - point, axis=1).argmin()) for point in points]
    return np.array([*skin, 473, 476, 475, 474, 477, 468, 471, 470, 469, 472])


def cut_square(picture: Picture, centre: np.ndarray, side: float, tilt: float, out: int) -> tuple[np.ndarray, np.ndarray]:
    """(square of ``out`` pixels (out, out, 3), (2, 3) map from its pixels back to the picture's); black outside the picture.

    ``side`` in pixels of the picture, ``tilt`` in radians. A picture that is shrunk much is averaged first, so that nothing is skipped
    over.
    """
    Image = pillow()
    c, s = np.cos(tilt) * side / out, np.sin(tilt) * side / out
    back = np.array([[c, -s, centre[0] - c * out / 2 + s * out / 2], [s, c, centre[1] - s * out / 2 - c * out / 2]])
    factor = max(int(side / out), 1)
    image = Image.fromarray(picture.pixels)
    coarse = back / factor
    if factor > 1:
        image = image.reduce(factor)
    crop = image.transform((out, out), Image.Transform.AFFINE, tuple(coarse.ravel()), Image.Resampling.BILINEAR)
    return np.asarray(crop, np.float32), back


def _one_per_face(boxes: list[Box]) -> list[Box]:
    """The surest box of each group that overlaps."""
    kept: list[Box] = []
    for box in sorted(boxes, key=lambda box: -box.score):
        if all(_overlap(box, other) < OVERLAP for other in kept):
            kept.append(box)
    return kept


def _overlap(a: Box, b: Box) -> float:
    """Shared area as a share of the smaller box's."""
    gap = np.minimum(a.centre + a.side / 2, b.centre + b.side / 2) - np.maximum(a.centre - a.side / 2, b.centre - b.side / 2)
    return float(np.prod(np.maximum(gap, 0)) / min(a.side, b.side) ** 2)


def _tilt(right_eye: np.ndarray, left_eye: np.ndarray) -> float:
    across, down = left_eye - right_eye
    return float(np.arctan2(down, across))


def _logistic(values: Any) -> Any:
    return 1 / (1 + np.exp(-np.clip(values, -80, 80)))


def _anchors() -> np.ndarray:
    """(896, 2) middles of the detector's boxes as shares: 2 per cell of 8 pixels, then 6 per cell of 16."""
    parts = []
    for stride, boxes in ((8, 2), (16, 6)):
        rows, columns = np.mgrid[0:DETECTOR_PIXELS:stride, 0:DETECTOR_PIXELS:stride]
        parts.append(np.repeat(np.stack([columns.ravel(), rows.ravel()], 1) + stride / 2, boxes, axis=0))
    return np.concatenate(parts) / DETECTOR_PIXELS


def _interpreter(content: bytes) -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        raise InputError('photos need the extra packages: pip install "glabella[photo]"') from None
    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    return interpreter


def _run(interpreter: Any, values: np.ndarray) -> list[np.ndarray]:
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.ascontiguousarray(values, np.float32))
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]
