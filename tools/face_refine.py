"""Landmarks, second step: make them agree with what MediaPipe's landmark model sees on pictures of this head.

A closest-point registration slides along the brow, 6 to 8 mm at landmark 105. So the head is drawn from five sides, the model
finds its landmarks on the pictures, and they are lifted back onto the surface; then again with brows and lips painted where the
last pass put them, since the model looks for them and the bare head has none.
"""

import io
import zipfile
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.path import Path as Polygon
from PIL import Image

from face_landmarks import MIRROR_X, Places, attach
from glabella.face import Surface

Skin = tuple[float, float, float]
SIDE_PIXELS, MM_PER_PIXEL, MIDDLE_Y_MM = 600, 0.5, -20.0
AZIMUTHS, PASSES = (-20, -10, 0, 10, 20), 3
LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
BROWS = ((70, 63, 105, 66, 107, 55, 65, 52, 53, 46), (300, 293, 334, 296, 336, 285, 295, 282, 283, 276))
BROWS_AND_GLABELLA = (8, 9, 55, 285, 65, 295, 107, 336, 105, 334, 66, 296)
LIGHT_SKIN, DARK_SKIN, LIP_PAINT, BROW_PAINT = (0.87, 0.68, 0.57), (0.40, 0.26, 0.19), (0.72, 0.42, 0.40), (0.25, 0.17, 0.12)
WHITE, IRIS, PUPIL, BACKGROUND = (0.95, 0.95, 0.95), (0.30, 0.20, 0.12), (0.03, 0.03, 0.03), (0.55, 0.60, 0.65)
IRIS_RADIUS_MM, PUPIL_RADIUS_MM = 5.3, 2.0  # raw mm: an iris of 11.7 mm at 63 mm between the pupils


class PhotoStudio:
    """Flat-shaded orthographic pictures of the head with eyes, lips and brows, and the way back from pixels to the surface."""

    def __init__(self, surface: Surface, eyes: np.ndarray, eye_centres: np.ndarray) -> None:
        """``eyes`` (m, 4, 3): corners of the quads of the eyeballs."""
        self.surface, self.eyes = surface, eyes
        self.skin = surface.vertices[surface.quads]
        middles = eyes.mean(1)
        self.eye_colours = np.tile(WHITE, (len(middles), 1))
        for centre in eye_centres:
            in_front = (middles[:, 2] > centre[2]) & (np.abs(middles[:, 0] - centre[0]) < 20)
            out = np.hypot(*(middles - centre)[:, :2].T)
            self.eye_colours[in_front & (out < IRIS_RADIUS_MM)] = IRIS
            self.eye_colours[in_front & (out < PUPIL_RADIUS_MM)] = PUPIL

    def picture(self, landmarks: np.ndarray, azimuth: float, brows: bool, skin: Skin = LIGHT_SKIN) -> np.ndarray:
        """RGB pixels of the head turned by ``azimuth`` degrees."""
        middles = self.skin.mean(1)
        colours = np.tile(skin, (len(middles), 1)).astype(float)
        for outline, paint in [(LIPS, LIP_PAINT), *((brow, BROW_PAINT) for brow in BROWS if brows)]:
            painted = Polygon(landmarks[list(outline), :2]).contains_points(middles[:, :2])
            colours[painted & (middles[:, 2] > -20)] = paint
        corners = np.concatenate([self.skin, self.eyes]) @ turn(azimuth).T
        colours = np.concatenate([colours, self.eye_colours])
        normals = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
        normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
        shown = np.flatnonzero(normals[:, 2] > 0)
        shown = shown[np.argsort(corners[shown, :, 2].mean(1))]  # far ones first
        light = 0.3 + 0.8 * np.clip(normals[shown] @ [0.25, 0.40, 0.88], 0, 1)
        figure = Figure((SIDE_PIXELS / 100, SIDE_PIXELS / 100), dpi=100, facecolor=BACKGROUND)
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1))
        painted = np.clip(colours[shown] * light[:, None], 0, 1)
        axes.add_collection(PolyCollection(corners[shown, :, :2], facecolors=painted, edgecolors="face", linewidths=0.4))
        half = SIDE_PIXELS * MM_PER_PIXEL / 2
        axes.set(xlim=(-half, half), ylim=(MIDDLE_Y_MM - half, MIDDLE_Y_MM + half))
        axes.axis("off")
        file = io.BytesIO()
        figure.savefig(file, facecolor=figure.get_facecolor())
        return np.asarray(Image.open(file).convert("RGB"))

    def lift(self, pixels: np.ndarray, azimuth: float) -> np.ndarray:
        """Front-most points of the surface under pixels (n, 2); nan where there are none."""
        turned = Surface(self.surface.vertices @ turn(azimuth).T, self.surface.triangles, self.surface.quads)
        x = (pixels[:, 0] - SIDE_PIXELS / 2) * MM_PER_PIXEL
        y = MIDDLE_Y_MM - (pixels[:, 1] - SIDE_PIXELS / 2) * MM_PER_PIXEL
        triangle, barycentric = turned.front_most(np.stack([x, y], 1))
        return np.where(triangle[:, None] >= 0, self.surface.at(triangle, barycentric), np.nan)


class LandmarkModel:
    """MediaPipe's face detector (128 px) and landmark model (256 px); one upright face per picture."""

    def __init__(self, task: zipfile.ZipFile) -> None:
        from ai_edge_litert.interpreter import Interpreter

        def load(name: str) -> Any:
            interpreter = Interpreter(model_content=task.read(name), num_threads=2)
            interpreter.allocate_tensors()
            return interpreter

        self.detector, self.landmarker = load("face_detector.tflite"), load("face_landmarks_detector.tflite")
        strides = ((8, 2), (16, 6))  # cell size in pixels, boxes per cell
        cells = [np.mgrid[0:128:stride, 0:128:stride].reshape(2, -1)[::-1].T + stride / 2 for stride, _ in strides]
        self.anchors = np.concatenate([middle.repeat(boxes, 0) for middle, (_, boxes) in zip(cells, strides, strict=True)]) / 128

    def find(self, picture: np.ndarray) -> np.ndarray:
        """Pixels (468, 2) of the landmarks in ``picture``."""
        rows, columns = picture.shape[:2]
        side = max(rows, columns)
        crop, back = _cropped(picture, (columns / 2, rows / 2), side, 0.0, 128)
        outputs = _run(self.detector, crop[None] / 127.5 - 1)
        boxes = next(out for out in outputs if out.shape[-1] == 16)[0]
        scores = next(out for out in outputs if out.shape[-1] == 1)[0, :, 0]
        best = int(scores.argmax())
        if scores[best] < 0:
            raise SystemExit("the face detector finds no face on a picture of the head")
        corners = (boxes[best].reshape(-1, 2) / 128 + self.anchors[best]) * 128 @ back[:, :2].T + back[:, 2]
        centre, right_eye, left_eye = corners[0], corners[2], corners[3]
        tilt = np.arctan2(left_eye[1] - right_eye[1], left_eye[0] - right_eye[0])
        crop, back = _cropped(picture, tuple(centre), 1.5 * boxes[best, 2:4].max() / 128 * side, float(tilt), 256)
        found = next(out for out in _run(self.landmarker, crop[None] / 255.0) if out.size == 3 * 478).reshape(478, 3)
        return (found[:, :2] @ back[:, :2].T + back[:, 2])[:468]


def refine(landmarks: np.ndarray, mirror: np.ndarray, studio: PhotoStudio, model: LandmarkModel) -> Places:
    """Landmarks (468, 3) moved to where the model sees them, as places on the surface."""
    points = landmarks
    for step in range(PASSES):
        lifted = np.stack([studio.lift(model.find(studio.picture(points, azimuth, brows=step > 0)), azimuth) for azimuth in AZIMUTHS])
        seen = np.isfinite(lifted).all(2).any(0)
        moved = points.copy()
        moved[seen] = np.nanmedian(lifted[:, seen], axis=0)
        moved = (moved + moved[mirror] * MIRROR_X) / 2
        points = studio.surface.closest(moved).points
        points = (points + points[mirror] * MIRROR_X) / 2
    return attach(points, mirror, studio.surface)


def disagreement_mm(landmarks: np.ndarray, studio: PhotoStudio, model: LandmarkModel, azimuth: float, skin: Skin) -> np.ndarray:
    """How far (468,) the model's landmarks lie from ours on a new picture, in raw mm."""
    turned = landmarks @ turn(azimuth).T
    ours = np.c_[turned[:, 0] / MM_PER_PIXEL + SIDE_PIXELS / 2, (MIDDLE_Y_MM - turned[:, 1]) / MM_PER_PIXEL + SIDE_PIXELS / 2]
    return np.linalg.norm(model.find(studio.picture(landmarks, azimuth, True, skin)) - ours, axis=1) * MM_PER_PIXEL


def turn(azimuth_degrees: float) -> np.ndarray:
    """Rotation (3, 3) about the upright axis."""
    c, s = np.cos(np.radians(azimuth_degrees)), np.sin(np.radians(azimuth_degrees))
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def _run(interpreter: Any, values: np.ndarray) -> list[np.ndarray]:
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], values.astype(np.float32))
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]


def _cropped(picture: np.ndarray, centre: tuple[float, float], size: float, angle: float, out: int) -> tuple[np.ndarray, np.ndarray]:
    """(square crop of ``out`` pixels, (2, 3) map from its pixels back to the picture's)."""
    c, s = np.cos(angle) * size / out, np.sin(angle) * size / out
    back = np.array([[c, -s, centre[0] - c * out / 2 + s * out / 2], [s, c, centre[1] - s * out / 2 - c * out / 2]])
    crop = Image.fromarray(picture).transform((out, out), Image.Transform.AFFINE, tuple(back.ravel()), Image.Resampling.BILINEAR)
    return np.asarray(crop), back
