"""The head fitted to landmarks: pose, camera, shape and expression together, as one linear-Gaussian problem solved a few times over.

What is not seen is a guess with a stated prior: weights of the sex, age and origin targets, strengths of the face units about what
the expression model says, and a smooth field of displacement, mostly mirror symmetric. The pose has no prior but for the camera's
distance. Each step linearises the camera and gives the mean of the posterior (Gauss-Newton on the most probable head). Landmarks err
together, most where skin has no features (``photo/landmark_noise.py``), so each counts for what it is worth. The depth that
the landmark model gives is not used: on pictures of known heads it made the nod worse (6.5 degrees off on average instead of 2).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from threadpoolctl import threadpool_limits

from glabella.errors import SolverError
from glabella.face import EYEBALL_VERTICES, Face, load_face, prolong
from glabella.photo.camera import PhotoCamera
from glabella.photo.landmark_noise import LandmarkNoise, landmark_noise
from glabella.photo.landmarks import Landmarks

SEEN = 468  # landmarks of the skin; the last ten are the irises
POSE_SD = np.array([10.0, 10.0, 10.0, 1e4, 1e4, 10.0])  # next to nothing known of three turns, place and scale
STEPS, SETTLED = 12, 1e-3
WAVES = 64  # plane waves in a drawn field
DRAWN_STEP = (np.array([-0.5, -0.5, -0.5, -1e4, -1e4, -0.5, -1.2]), np.array([0.5, 0.5, 0.5, 1e4, 1e4, 0.5, 1.2]))
HEAD_IPD_MM = 63.0  # size of the head in which shapes are described; the iris gives the real one
MIRROR = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True, eq=False)
class FittedHead:
    """The head that a picture shows. ``seen``: as it is in the picture, with expression and asymmetry; ``neutral``: without, its own
    mirror image.

    ``camera`` sees ``seen``; lengths are those of a head of 63 mm between the pupils until ``in_size``. ``units``: strengths of face units.
    ``misfit_mm`` (468,): how far each landmark of the picture lies from the fitted one, along the picture. ``draw``: gives as many other
    heads as it is asked for, each as probable as the posterior says; the same ones every time.
    """

    seen: Face
    neutral: Face
    camera: PhotoCamera
    units: Mapping[str, float]
    misfit_mm: np.ndarray
    draw: "Callable[[int], list[FittedHead]] | None" = None

    def in_size(self, factor: float) -> "FittedHead":
        """The same head ``factor`` times as large, seen in the same picture."""
        return FittedHead(
            _resized(self.seen, factor), _resized(self.neutral, factor), self.camera.scaled(factor), self.units, self.misfit_mm * factor,
            self.draw,
        )  # fmt: skip

    @cached_property
    def pixels(self) -> np.ndarray:
        """(n, 3) column, row and mm towards the camera of the vertices of ``seen.surface(2)``."""
        return self.camera.project(self.seen.surface(2).vertices)


def fit_head(landmarks: Landmarks, axis: np.ndarray, parameters: Mapping[str, float], face: Face | None = None) -> FittedHead:
    """Fit the head to the landmarks of a picture whose middle is the pixel ``axis`` (2,)."""
    with threadpool_limits(1):  # results must not depend on how many threads a matrix product uses
        return _fit(landmarks, axis, parameters, face)


def _fit(landmarks: Landmarks, axis: np.ndarray, parameters: Mapping[str, float], face: Face | None) -> FittedHead:
    face = _resized(face or load_face(), HEAD_IPD_MM / (face or load_face()).interpupillary_distance_mm)
    noise = landmark_noise()
    prior = _Prior(face, landmarks.expression, parameters, noise)
    seen = landmarks.points[:SEEN, :2]
    camera = _first_camera(face.landmarks, seen, axis, parameters["usual_camera_distance_mm"])
    usual_ln, sd_ln = np.log(parameters["usual_camera_distance_mm"]), parameters["usual_camera_distance_sd_ln"]
    state, field = prior.mean, np.zeros((SEEN, 3))
    spread = np.concatenate([POSE_SD, [sd_ln], prior.sd])
    disagreement = noise.covariance(parameters["landmark_sd_mm"])
    for _ in range(STEPS):
        points = prior.landmarks(state) + field
        by_point, by_camera = (slopes[:, :2] / camera.pixels_per_mm for slopes in camera.slopes(points))
        residual = (seen - camera.project(points)[:, :2]) / camera.pixels_per_mm
        by_state = by_point @ prior.landmark_basis
        ln_distance = np.log(camera.distance_mm) - usual_ln
        given = residual + np.einsum("nij,nj->ni", by_point, field) + by_state @ (state - prior.mean) + by_camera[:, :, 6] * ln_distance
        columns = np.concatenate([by_camera.reshape(-1, 7), by_state.reshape(2 * SEEN, -1)], 1)
        carry = sp.block_diag(list(by_point), format="csr")
        total = carry @ (carry @ prior.covariance).T + (columns * spread**2) @ columns.T + disagreement
        try:
            factor = scipy.linalg.cho_factor(total, lower=True)
            solved = scipy.linalg.cho_solve(factor, given.ravel())
        except (np.linalg.LinAlgError, ValueError):
            raise SolverError("the head could not be fitted to these landmarks; use a sharper picture from the front") from None
        found = spread**2 * (columns.T @ solved)
        pull = carry.T @ solved
        step = found[:7].copy()
        step[6] -= ln_distance
        new_state = prior.mean + found[7:]
        new_field = (prior.covariance @ pull).reshape(SEEN, 3)
        change = np.abs(prior.landmarks(new_state) + new_field - points).max()
        state, field = new_state, new_field
        camera = camera.moved(np.clip(step, -0.5, 0.5) if np.abs(step[[0, 1, 2, 5, 6]]).max() > 0.5 else step)
        if change < SETTLED * HEAD_IPD_MM and np.abs(step[:3]).max() < SETTLED:
            break
    misfit = np.linalg.norm(camera.project(prior.landmarks(state) + field)[:, :2] - seen, axis=1) / camera.pixels_per_mm
    moved = prior.fields_on_cage(pull[:, None])[0]

    def head(camera: PhotoCamera, state: np.ndarray, moved: np.ndarray, draw: Callable[[int], list[FittedHead]] | None) -> FittedHead:
        return FittedHead(
            prior.face_of(state, moved), prior.face_of(state, moved, neutral=True), camera, prior.units_of(state), misfit, draw
        )

    def draw(count: int) -> list[FittedHead]:
        """Prior heads, corrected by what the picture says of them: draws of the posterior about the fitted head."""
        with threadpool_limits(1):
            random = np.random.default_rng(0)
            lots = spread[:, None] * random.normal(size=(len(spread), count))
            lots[:6] = 0  # next to nothing is known of the pose: what it is before the picture does not matter
            whole = np.stack([prior.draw_field(random) for _ in range(count)])
            unlike = np.stack([carry @ prior.at_landmarks(one).ravel() for one in whole], 1)
            unlike += columns @ lots + noise.draw(random, parameters["landmark_sd_mm"], count)
            back = scipy.linalg.cho_solve(factor, unlike)
            lots -= spread[:, None] ** 2 * (columns.T @ back)
            whole -= prior.fields_on_cage(carry.T @ back)
            return [
                head(camera.moved(np.clip(lot[:7], *DRAWN_STEP)), state + lot[7:], moved + one, None)
                for lot, one in zip(lots.T, whole, strict=True)
            ]

    return head(camera, state, moved, draw)


class _Prior:
    """What is known of heads before a picture is seen."""

    def __init__(self, face: Face, expression: Mapping[str, float], parameters: Mapping[str, float], noise: LandmarkNoise) -> None:
        self.face, self.parameters = face, parameters
        data = face.data
        scale = face.interpupillary_distance_mm / _raw_pupil_distance(data)
        self.unit_names = [str(name) for name in data["unit_names"]]
        targets = 0.01 * scale * data["shape_offsets"].astype(float)
        targets = targets - targets.mean(0)
        self.targets = len(targets)
        offsets = np.concatenate([targets, 0.1 * scale * data["unit_offsets"].astype(float)])
        self.offsets = offsets - self._with_eyes_fixed(offsets)
        scores = np.array([expression.get(name, 0.0) for name in self.unit_names])
        self.mean = np.concatenate([np.zeros(self.targets), scores])
        self.sd = np.concatenate([
            np.full(self.targets, parameters["face_target_sd"]), np.full(len(scores), parameters["face_unit_sd"]),
        ])  # fmt: skip
        self.size = len(self.mean)
        surface = face.surface(2)
        triangle, share = data["landmark_triangle"].astype(int), data["landmark_barycentric"]
        self.corners, self.share = surface.triangles[triangle], share
        self.points = surface.at(triangle, share) + np.c_[noise.offsets_mm, np.zeros(SEEN)]
        fine = prolong(self.offsets.transpose(1, 2, 0).reshape(len(face.cage), -1), 0, 2)
        corners = fine[surface.triangles[triangle]]  # (468, 3 corners, 3 k)
        self.landmark_basis = np.einsum("nc,ncd->nd", share, corners).reshape(SEEN, 3, -1)
        self.covariance = self._covariance(self.points, self.points)

    @staticmethod
    def _with_eyes_fixed(offsets: np.ndarray) -> np.ndarray:
        """What a target moves both eyeballs by on average: the pose does that."""
        return offsets[:, -2 * EYEBALL_VERTICES :].mean(1, keepdims=True)

    def _kernel(self, squared: np.ndarray) -> np.ndarray:
        p = self.parameters
        total = np.zeros_like(squared)
        for part in ("broad", "fine"):
            total += p[f"face_shape_{part}_sd_mm"] ** 2 * np.exp(-0.5 * squared / p[f"face_shape_{part}_length_mm"] ** 2)
        return total

    def _parts(self, at: np.ndarray, given: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Kernel (n, m) between points, and between points and mirrored points."""
        return self._kernel(_squared(at, given)), self._kernel(_squared(at, given * MIRROR))

    def _covariance(self, at: np.ndarray, given: np.ndarray) -> np.ndarray:
        """(3 n, 3 m) covariance of the displacement: a mirror-symmetric part and one that is not."""
        same, other = self._parts(at, given)
        share = self.parameters["face_asymmetry_share"]
        even, odd = same + (1 - 2 * share) * other, same - (1 - 2 * share) * other
        out = np.zeros((len(at), 3, len(given), 3))
        out[:, 0, :, 0] = odd / 2
        out[:, 1, :, 1] = out[:, 2, :, 2] = even / 2
        return out.reshape(3 * len(at), 3 * len(given))

    def landmarks(self, state: np.ndarray) -> np.ndarray:
        """(468, 3) landmarks of the head with these weights and strengths, without the field."""
        return self.points + self.landmark_basis @ state

    def fields_on_cage(self, pulls: np.ndarray) -> np.ndarray:
        """(k, cage, 3) displacements of the whole cage from pulls (3 x 468, k) of the landmarks; eyeballs keep their shape."""
        moved = (self._covariance(self.face.cage, self.points) @ pulls).T.reshape(pulls.shape[1], -1, 3)
        for part in (slice(-2 * EYEBALL_VERTICES, -EYEBALL_VERTICES), slice(-EYEBALL_VERTICES, None)):
            moved[:, part] = moved[:, part].mean(1, keepdims=True)
        return moved

    def draw_field(self, random: np.random.Generator) -> np.ndarray:
        """(cage, 3) a displacement as probable as the prior says: plane waves whose lengths follow the kernels."""
        p, cage = self.parameters, self.face.cage
        total = np.zeros((2, len(cage), 3))  # as it is, and of the mirrored place
        for part in ("broad", "fine"):
            ways = random.normal(size=(3, WAVES)) / p[f"face_shape_{part}_length_mm"]
            size = random.normal(size=(2, WAVES, 3)) * p[f"face_shape_{part}_sd_mm"] / np.sqrt(WAVES)
            for row, at in enumerate((cage, cage * MIRROR)):
                total[row] += np.cos(at @ ways) @ size[0] + np.sin(at @ ways) @ size[1]
        share = p["face_asymmetry_share"]
        even, odd = (total[0] + total[1] * MIRROR) / 2, (total[0] - total[1] * MIRROR) / 2
        moved = np.sqrt(1 - share) * even + np.sqrt(share) * odd
        for part in (slice(-2 * EYEBALL_VERTICES, -EYEBALL_VERTICES), slice(-EYEBALL_VERTICES, None)):
            moved[part] = moved[part].mean(0)
        return moved

    def at_landmarks(self, moved: np.ndarray) -> np.ndarray:
        """(468, 3) of a displacement (cage, 3) at the landmarks."""
        return np.einsum("nc,ncd->nd", self.share, prolong(moved, 0, 2)[self.corners])

    def face_of(self, state: np.ndarray, moved: np.ndarray, neutral: bool = False) -> Face:
        """The face of these weights, strengths and displacements; ``neutral`` without units and asymmetry."""
        kept = state.copy()
        if neutral:
            kept[self.targets :] = 0
            moved = (moved + moved[self._partner] * MIRROR) / 2
        cage = self.face.cage + moved + np.tensordot(kept, self.offsets, 1)
        eyes = cage[-2 * EYEBALL_VERTICES : -EYEBALL_VERTICES].mean(0), cage[-EYEBALL_VERTICES:].mean(0)
        return replace(self.face, cage=cage, interpupillary_distance_mm=float(np.linalg.norm(eyes[0] - eyes[1])))

    @cached_property
    def _partner(self) -> np.ndarray:
        return self.face.data["mirror"].astype(int)

    def units_of(self, state: np.ndarray) -> dict[str, float]:
        """Strengths of the face units."""
        return dict(zip(self.unit_names, map(float, state[self.targets :]), strict=True))


def _first_camera(points: np.ndarray, seen: np.ndarray, axis: np.ndarray, distance_mm: float) -> PhotoCamera:
    """Scaled orthographic pose that fits best: the affine map of least squares, made a turn."""
    middle, centre = points.mean(0), seen.mean(0)
    affine = np.linalg.lstsq(points - middle, (seen - centre) * [1, -1], rcond=None)[0].T  # (2, 3)
    u, s, vt = np.linalg.svd(affine, full_matrices=False)
    rows = u @ vt
    turn = np.stack([rows[0], rows[1], np.cross(rows[0], rows[1])])
    scale = float(s.mean())
    origin = centre - scale * (rows @ middle) * [1, -1]
    return PhotoCamera(turn, origin, scale, distance_mm, np.asarray(axis, float))


def _resized(face: Face, factor: float) -> Face:
    return replace(face, cage=face.cage * factor, interpupillary_distance_mm=face.interpupillary_distance_mm * factor)


def _raw_pupil_distance(data: Mapping[str, np.ndarray]) -> float:
    raw = data["vertices"].astype(float)
    return float(np.linalg.norm(raw[-2 * EYEBALL_VERTICES : -EYEBALL_VERTICES].mean(0) - raw[-EYEBALL_VERTICES:].mean(0)))


def _squared(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.maximum((a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T, 0)
