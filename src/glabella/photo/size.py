"""Millimetres in a picture: the iris is 11.7 mm across in nearly everybody."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d, map_coordinates

from glabella.face import Face
from glabella.photo.camera import PhotoCamera
from glabella.photo.landmarks import IRISES, Landmarks
from glabella.photo.picture import Picture

RAY_DEGREES = (-30.0, -20.0, -10.0, 0.0, 10.0, 20.0, 30.0, 150.0, 160.0, 170.0, 180.0, 190.0, 200.0, 210.0)  # lids cover above and below
FROM, TO, STEPS = 0.65, 1.4, 76  # where the edge is looked for, in radii as the landmarks have them
SMOOTH = 0.05  # radii
CLEAR = 0.06  # least step of light at the edge, as a share of the light of the white
LEAST_RAYS = 8
LEAST_COSINE = 0.75
GAMMA = 2.2  # of sRGB, near enough
LOOSE = 0.08  # error of the landmarks' own radius, as a share


@dataclass(frozen=True)
class IrisSize:
    """What the irises say: ``pixels`` across, as seen straight on, of the right and the left iris; ``error_pixels`` of their mean;
    ``by_edge``: edges found in the picture rather than landmarks alone. ``trust``: what each iris counts, by its own error."""

    pixels: tuple[float, float]
    error_pixels: float
    by_edge: bool
    trust: tuple[float, float] = (0.5, 0.5)

    @property
    def mean_pixels(self) -> float:
        """Mean of both, each by its trust."""
        return float(np.dot(self.pixels, self.trust))


@dataclass(frozen=True)
class Size:
    """``factor``: how much larger the person's head is than the fitted one; with the share of its standard error.
    ``interpupillary_distance_mm`` of the person and its standard error. ``from_iris``: else from a distance that the person measured."""

    factor: float
    error_share: float
    interpupillary_distance_mm: float
    interpupillary_error_mm: float
    from_iris: bool


def measure_irises(picture: Picture, landmarks: Landmarks, camera: PhotoCamera, face: Face) -> IrisSize:
    """Diameter of both irises in pixels, corrected for eyes that do not look into the camera."""
    light = (picture.luminance / 255.0) ** GAMMA  # blur mixes light, not its coded value: in light the edge stays where it is
    found, by_edge, spread = [], [], []
    for (middle, across, upright), (eyeball, radius) in zip(IRISES, face.eyeballs, strict=True):
        centre = landmarks.points[middle, :2]
        wide, high = (float(np.linalg.norm(np.subtract(*landmarks.points[list(pair), :2]))) for pair in (across, upright))
        guess = (wide + high) / 4
        edge = _edge_radius(light, centre, guess)
        by_edge.append(edge is not None)
        looked = camera.project(eyeball[None])[0]
        aside = (centre[0] - looked[0]) / (camera.pixels_per_mm * radius)
        cosine = max(float(np.sqrt(max(1 - aside**2, 0))), LEAST_COSINE)
        found.append(2 * edge[0] / cosine if edge else 4 * guess / (1 + cosine))
        spread.append(2 * edge[1] if edge else LOOSE * 2 * guess)
    worth = 1 / np.square(spread)
    trust = worth / worth.sum()
    error = max(float(worth.sum() ** -0.5), abs(found[0] - found[1]) * float(np.sqrt(trust[0] * trust[1])))
    return IrisSize((found[0], found[1]), error, all(by_edge), (float(trust[0]), float(trust[1])))


def _edge_radius(light: np.ndarray, centre: np.ndarray, guess: float) -> tuple[float, float] | None:
    """(half the width of the iris, its standard error) in pixels from where light steps up to the white; None where no edge is clear."""
    angles = np.radians(RAY_DEGREES)
    radii = guess * np.linspace(FROM, TO, STEPS)
    places = centre[:, None, None] + np.stack([np.cos(angles)[:, None] * radii, np.sin(angles)[:, None] * radii])
    values = map_coordinates(light, places[::-1], order=1, mode="nearest")
    smooth = gaussian_filter1d(values, SMOOTH * STEPS / (TO - FROM), axis=1)
    slope = np.gradient(smooth, axis=1)
    best = slope[:, 3:-3].argmax(1) + 3
    rows = np.arange(len(angles))
    rise = smooth[rows, np.minimum(best + 8, STEPS - 1)] - smooth[rows, np.maximum(best - 8, 0)]
    white = max(float(np.percentile(values, 95)), 1e-4)
    good = (rise > CLEAR * white) & (best > 3) & (best < STEPS - 5)
    if good.sum() < LEAST_RAYS:
        return None
    edge = np.stack([np.cos(angles), np.sin(angles)], 1) * radii[best][:, None]
    for _ in range(3):  # a circle through the edges, those far from it left out
        points = edge[good]
        solved = np.linalg.lstsq(np.c_[2 * points, np.ones(len(points))], (points**2).sum(1), rcond=None)[0]
        radius = float(np.sqrt(max(solved[2] + solved[0] ** 2 + solved[1] ** 2, 1e-9)))
        off = np.abs(np.linalg.norm(edge - solved[:2], axis=1) - radius)
        keep = good & (off < max(2.5 * float(np.median(off[good])), 0.04 * guess))
        if keep.sum() < LEAST_RAYS or (keep == good).all():
            break
        good = keep
    if not 0.75 * guess < radius < 1.25 * guess:
        return None
    return radius, float(max(off[good].std(), 0.25) / np.sqrt(good.sum() / 3))


def measure_size(
    irises: IrisSize, camera: PhotoCamera, face: Face, parameters: Mapping[str, float], measured_mm: float | None = None
) -> Size:
    """The person's size from the irises, or from a distance between the pupils that was measured (``measured_mm``)."""
    apart = face.interpupillary_distance_mm
    if measured_mm is not None:
        error = parameters["pupil_ruler_error_mm"]
        return Size(measured_mm / apart, error / measured_mm, measured_mm, error, False)
    nearer = [_nearer(camera, eyeball, radius) for eyeball, radius in face.eyeballs]
    diameter = parameters["iris_diameter_mm"]
    fitted = float(np.dot(np.divide(irises.pixels, nearer), irises.trust)) / camera.pixels_per_mm
    factor = diameter / fitted
    error = float(np.hypot(parameters["iris_diameter_sd_mm"] / diameter, irises.error_pixels / irises.mean_pixels))
    return Size(factor, error, factor * apart, error * factor * apart, True)


def _nearer(camera: PhotoCamera, eyeball: np.ndarray, radius: float) -> float:
    """How much larger things look at the front of an eye than at the head's origin."""
    ahead = camera.viewer - eyeball
    front = camera.turn @ (eyeball + 0.9 * radius * ahead / np.linalg.norm(ahead))
    return float(camera.distance_mm / (camera.distance_mm - front[2]))
