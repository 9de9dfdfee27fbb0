"""Whether a picture can be used: what was measured on it, and what is refused or only pointed out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from glabella.errors import InputError
from glabella.photo.camera import PhotoCamera
from glabella.photo.landmarks import Box, Landmarks
from glabella.photo.picture import Picture
from glabella.photo.size import IrisSize

AROUND_EYES = (27, 28, 29, 229, 230, 231, 257, 258, 259, 449, 450, 451)  # upper lids and below the eyes
BARE = (50, 280, 9, 151, 108, 337, 205, 425)  # cheeks and forehead
CHEEKS = ((50, 205, 187), (280, 425, 411))  # right, left
EYES = ((33, 133), (263, 362))  # outer and inner corners
REBLUR_PIXELS = 2.0
STEEPEST_PERCENT = 98
SEEN_CLEARLY = 0.5
SMALLER_FACE = 0.3  # a second face this much smaller than the first one still counts as a second person


@dataclass(frozen=True)
class Quality:
    """What the picture is like. ``turn_degrees`` to the person's left, ``nod_degrees`` up, ``tilt_degrees``; ``pupils_pixels`` apart.

    ``blur_mm``: standard deviation of its blur; ``brightest`` 0 to 255 (95th percentile on the face), ``blown_share`` of pure white;
    ``uneven_ratio`` of the light on the cheeks; ``around_eyes_ratio`` of the light there to cheeks and forehead. ``cautions`` in words.
    """

    turn_degrees: float
    nod_degrees: float
    tilt_degrees: float
    pupils_pixels: float
    pixels_per_mm: float
    blur_mm: float
    brightest: float
    blown_share: float
    uneven_ratio: float
    around_eyes_ratio: float
    cautions: tuple[str, ...] = ()


def one_face(boxes: Sequence[Box], where: str) -> Box:
    """The only face of a picture; none or several are errors."""
    if not boxes:
        raise InputError(
            f"{where}: no face found; give a picture of one face from the front, upright, that fills a third of it or more, without mask"
        )
    several = [box for box in boxes if box.side > SMALLER_FACE * boxes[0].side]
    if len(several) > 1:
        raise InputError(f"{where}: {len(several)} faces found; cut the picture so that it shows one person, who agreed to it")
    return boxes[0]


def check_landmarks(landmarks: Landmarks, limits: Mapping[str, float], where: str) -> None:
    """Refuse landmarks that are not worth a fit: a face that is too small, or not seen clearly."""
    apart, least = float(np.linalg.norm(landmarks.points[468, :2] - landmarks.points[473, :2])), limits["photo_pupils_least_pixels"]
    if landmarks.score < SEEN_CLEARLY:
        raise InputError(
            f"{where}: the landmarks of the face are not seen clearly; use a picture from the front, with nothing before the face"
        )
    if apart < least:
        what = f"the face is too small: pupils {apart:.0f} pixels apart, allowed: at least {least:.0f}"
        raise InputError(f"{where}: {what}; come closer, or do not shrink the picture")


def measure_quality(picture: Picture, landmarks: Landmarks, camera: PhotoCamera) -> Quality:
    """Measure pose, size, sharpness and light; ``camera`` in the person's real mm."""
    turn, nod, tilt = camera.angles_degrees
    light = picture.luminance
    flat = landmarks.points[:, :2]
    skin = _light_at(light, flat, range(468))
    right, left = (np.median(_light_at(light, flat, cheek)) for cheek in CHEEKS)
    around, bare = (float(np.median(_light_at(light, flat, places))) for places in (AROUND_EYES, BARE))
    apart = float(np.linalg.norm(flat[468] - flat[473]))
    return Quality(
        turn, nod, tilt, apart, camera.pixels_per_mm, _blur_pixels(light, flat) / camera.pixels_per_mm, float(np.percentile(skin, 95)),
        float((skin > 250).mean()), float(max(right, left) / max(min(right, left), 1.0)), around / max(bare, 1.0),
    )  # fmt: skip


def check_quality(quality: Quality, landmarks: Landmarks, irises: IrisSize, limits: Mapping[str, float], where: str) -> tuple[str, ...]:
    """Refuse what the fit cannot be trusted on (InputError, one line); what is only doubtful comes back in words."""
    q = quality

    def refuse(what: str, do: str) -> None:
        raise InputError(f"{where}: {what}; {do}")

    if abs(q.turn_degrees) > limits["photo_turn_most_degrees"]:
        most = limits["photo_turn_most_degrees"]
        refuse(f"the head is turned by {abs(q.turn_degrees):.0f} degrees, allowed: up to {most:.0f}", "look into the camera")
    if abs(q.nod_degrees) > limits["photo_nod_most_degrees"]:
        most, way = limits["photo_nod_most_degrees"], "up" if q.nod_degrees > 0 else "down"
        refuse(
            f"the head is tipped {way} by {abs(q.nod_degrees):.0f} degrees, allowed: up to {most:.0f}",
            "hold the camera level with the eyes",
        )
    if q.brightest < limits["photo_brightest_least"]:
        refuse(f"the face is too dark (its brightest skin {q.brightest:.0f} of 255)", "use more light, from the front")
    if q.blown_share > limits["photo_blown_most_share"]:
        refuse(f"{q.blown_share:.0%} of the face is pure white", "use less light, or softer")
    if q.blur_mm > limits["photo_blur_most_mm"]:
        refuse(
            f"the picture is blurred by {q.blur_mm:.1f} mm, allowed: up to {limits['photo_blur_most_mm']:g}",
            "hold still and focus on the eyes",
        )
    if q.around_eyes_ratio < limits["photo_behind_glass_most_ratio"] and not irises.by_edge:
        refuse("the eyes seem to be behind dark glasses or in deep shade", "take the glasses off; the iris gives the size")
    closed = min(landmarks.expression[f"eyeBlink{side}"] for side in ("Left", "Right"))
    if closed > limits["photo_eye_closed_least"]:
        refuse("the eyes are closed", "open them; the iris gives the size")
    cautions = []
    if q.uneven_ratio > limits["photo_uneven_most_ratio"]:
        cautions.append(
            f"light from one side: one cheek is {q.uneven_ratio:.1f} times as bright; lines of the two sides cannot be compared"
        )
    if not irises.by_edge:
        cautions.append("the edge of an iris was not clear: the size rests on the landmarks alone")
    if q.pixels_per_mm < limits["line_pixels_least_per_mm"] or q.blur_mm > limits["line_blur_most_mm"]:
        cautions.append(
            f"{q.pixels_per_mm:.1f} pixels per mm and a blur of {q.blur_mm:.2f} mm: too coarse to see lines "
            f"(needed: {limits['line_pixels_least_per_mm']:g} pixels per mm, blur up to {limits['line_blur_most_mm']:g} mm)"
        )
    return tuple(cautions)


def _light_at(light: np.ndarray, flat: np.ndarray, places: Sequence[int]) -> np.ndarray:
    """Mean light in small patches at landmarks."""
    reach = max(int(0.02 * np.linalg.norm(flat[10] - flat[152])), 1)
    rows, columns = light.shape
    found = []
    for x, y in flat[list(places)].round().astype(int):
        patch = light[max(y - reach, 0) : max(min(y + reach + 1, rows), 1), max(x - reach, 0) : max(min(x + reach + 1, columns), 1)]
        found.append(float(patch.mean()) if patch.size else 0.0)
    return np.array(found)


def _steepest(patch: np.ndarray, blur: float) -> float:
    down, right = np.gradient(gaussian_filter(patch, blur))
    return float(np.percentile(np.hypot(down, right), STEEPEST_PERCENT))


def _blur_pixels(light: np.ndarray, flat: np.ndarray) -> float:
    """Standard deviation in pixels of the blur of the sharpest edges at the eyes: how much softer they get by a known further blur."""
    ratios = []
    for outer, inner in EYES:
        width = np.linalg.norm(flat[outer] - flat[inner])
        middle = (flat[outer] + flat[inner]) / 2
        (x0, y0), (x1, y1) = (middle - width * 0.7).astype(int), (middle + width * 0.7).astype(int) + 2
        patch = light[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)].astype(float)
        if min(patch.shape, default=0) < 8:
            continue
        steep = [_steepest(patch, blur) for blur in (0.5, float(np.hypot(0.5, REBLUR_PIXELS)))]
        ratios.append(min(steep[1] / max(steep[0], 1e-9), 0.995))
    if not ratios:
        return 0.0
    ratio = min(ratios)
    return float(np.sqrt(max(REBLUR_PIXELS**2 * ratio**2 / (1 - ratio**2) - 0.5**2, 0.0)))
