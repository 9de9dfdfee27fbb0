"""Whether a later picture can be compared with the first: one number for each thing that changes how a line looks, its limit, and what
to do."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from glabella.photo.photo import PhotoFace
from glabella.photo_series.align import moved_mm
from glabella.photo_series.light import BROWS, Light
from glabella.photo_series.person import shape_distance_mm

EFFECT = {  # what belongs to the face that was asked for, or follows it: a weaker frown is what a treatment does, and no fault
    "maximum_frown": ("browDown", "noseSneer", "eyeSquint", "cheekSquint"),
    "brow_raise": ("browInnerUp", "browOuterUp", "eyeWide"),
    "smile": ("mouthSmile", "cheekSquint", "eyeSquint", "mouthDimple", "mouthUpperUp", "mouthStretch"),
    "rest": ("eyeSquint",),
}
WATCHED = {  # units by their name without side, and what they are called
    "browDown": "the brows are drawn together", "browInnerUp": "the inner brows are raised", "browOuterUp": "the brows are raised",
    "eyeBlink": "the eyes are nearly closed", "eyeSquint": "the eyes are narrowed", "eyeWide": "the eyes are opened wide",
    "cheekSquint": "the cheeks are raised", "noseSneer": "the nose is wrinkled", "jawOpen": "the mouth is open",
    "mouthSmile": "the mouth smiles", "mouthFrown": "the corners of the mouth are down", "mouthPucker": "the lips are pursed",
    "mouthFunnel": "the lips are pushed out", "mouthStretch": "the mouth is stretched", "mouthUpperUp": "the upper lip is raised",
    "mouthLowerDown": "the lower lip is down", "mouthPress": "the lips are pressed together", "cheekPuff": "the cheeks are puffed",
}  # fmt: skip
ASKED = {
    "rest": "keep the whole face calm", "maximum_frown": "frown as hard as possible, the rest of the face calm",
    "brow_raise": "raise the brows as high as possible, the rest of the face calm", "smile": "smile as broadly as possible",
}  # fmt: skip


@dataclass(frozen=True)
class Check:
    """One thing compared: ``number`` in ``unit``, how far it is from the first picture (None where nothing could be told), and the most
    that is allowed; ``fine`` or not; ``says``: what was seen and what to do, in one line, empty where it is fine."""

    name: str
    number: float | None
    unit: str
    limit: float
    fine: bool
    says: str = ""


def compare(
    first: PhotoFace, visit: PhotoFace, lights: tuple[Light | None, Light | None], expression: str, limits: Mapping[str, float]
) -> tuple[Check, ...]:
    """All checks of a visit's picture against the first of the same expression; ``lights`` of the two."""
    held = _expression(first, visit, expression, limits)
    return (
        *_pose(first, visit, limits),
        _distance(first, visit, limits),
        _scale(first, visit, limits),
        *_light(*lights, limits),
        _sharpness(first, visit, limits),
        held,
        *_brows(first, visit, expression, limits),
        _person(first, visit, held.fine, limits),
    )


def _pose(first: PhotoFace, visit: PhotoFace, limits: Mapping[str, float]) -> tuple[Check, ...]:
    ways = {
        "turn": ("turn {:.0f} degrees more to the person's left", "turn {:.0f} degrees more to the person's right"),
        "nod": ("lift the chin by {:.0f} degrees", "lower the chin by {:.0f} degrees"),
        "tilt": (
            "tilt the head {:.0f} degrees toward the person's left shoulder",
            "tilt the head {:.0f} degrees toward the person's right shoulder",
        ),
    }
    found = []
    for name, (more, less) in ways.items():
        off = getattr(visit.quality, f"{name}_degrees") - getattr(first.quality, f"{name}_degrees")
        limit = limits[f"series_{name}_most_degrees"]
        fine = abs(off) <= limit
        found.append(Check(name, off, "degrees", limit, fine, "" if fine else (more if off < 0 else less).format(abs(off))))
    return tuple(found)


def _distance(first: PhotoFace, visit: PhotoFace, limits: Mapping[str, float]) -> Check:
    ratio, limit = visit.head.camera.distance_mm / first.head.camera.distance_mm, limits["series_distance_most_ratio"]
    fine = 1 / limit <= ratio <= limit
    nearer = "take the picture from farther away" if ratio < 1 else "take the picture from nearer"
    says = f"{nearer}, as at the first visit: the camera seems to stand at {ratio:.1f} times that distance"
    return Check("distance", ratio, "times that of the first", limit, fine, "" if fine else says)


def _scale(first: PhotoFace, visit: PhotoFace, limits: Mapping[str, float]) -> Check:
    ratio, limit = visit.quality.pixels_per_mm / first.quality.pixels_per_mm, limits["series_scale_least_ratio"]
    fine = ratio >= limit
    says = f"a millimetre has {ratio:.1f} times as many pixels as at the first visit: fill the picture with the face, and do not shrink it"
    return Check("pixels per mm", ratio, "times those of the first", limit, fine, "" if fine else says)


def _light(first: Light | None, visit: Light | None, limits: Mapping[str, float]) -> tuple[Check, ...]:
    most, stops = limits["series_light_most"], limits["series_brightness_most_stops"]
    if first is None or visit is None:
        says = "too little bare skin is seen to tell the light: take hair and hands from the face"
        return (Check("light", None, "change of the lean", most, False, says),)
    change = visit.lean - first.lean
    number = light_change(first, visit)
    fine = number <= most
    bright = float(np.log2(max(visit.level, 1e-6) / max(first.level, 1e-6)))
    dim = abs(bright) <= stops
    says = "" if dim else f"{'less' if bright > 0 else 'more'} light: the skin is {2**bright:.1f} times as bright as at the first visit"
    return (
        Check("light", number, "change of the lean", most, fine, "" if fine else _light_words(change)),
        Check("brightness", bright, "stops", stops, dim, says),
    )


def light_change(first: Light, visit: Light) -> float:
    """How far the light has changed: length of the difference of the leans, in the plane of the face and towards it."""
    return float(np.linalg.norm(visit.lean - first.lean))


def _light_words(change: np.ndarray) -> str:
    sides = (("the person's left", "the person's right"), ("above", "below"))
    along = int(np.abs(change).argmax())
    if along == 2:
        way = "it comes harder from the front" if change[2] > 0 else "it is softer, or comes less from the front"
        return f"the light has changed: {way}; depths are less comparable; use the lamps and the place of the first visit"
    way = sides[along][0 if change[along] > 0 else 1]
    return f"the light now comes more from {way}: depths are less comparable; use the lamps and the place of the first visit"


def _sharpness(first: PhotoFace, visit: PhotoFace, limits: Mapping[str, float]) -> Check:
    """Blurs add up in squares: the number is the blur that the sharper picture lacks."""
    mine, theirs = visit.quality.blur_mm, first.quality.blur_mm
    number, limit = float(np.sign(mine - theirs) * np.sqrt(abs(mine**2 - theirs**2))), limits["series_blur_most_mm"]
    fine = abs(number) <= limit
    if number > 0:
        says = f"the picture is less sharp by {number:.2f} mm, and fine lines look shallower: hold still, focus on the eyes, more light"
    else:
        says = f"the first picture was less sharp by {-number:.2f} mm: lines there look shallower than they were"
    return Check("sharpness", number, "mm of blur", limit, fine, "" if fine else says)


def _expression(first: PhotoFace, visit: PhotoFace, expression: str, limits: Mapping[str, float]) -> Check:
    """The unit, of those that the face asked for does not hold, whose strength differs most from the first picture."""
    before, now = by_unit(first.landmarks.expression), by_unit(visit.landmarks.expression)
    judged = [name for name in WATCHED if name not in EFFECT[expression]]
    worst = max(judged, key=lambda name: abs(now[name] - before[name]))
    number, limit = now[worst] - before[worst], limits["series_expression_most"]
    fine = abs(number) <= limit
    scores = f"({before[worst]:.1f} at the first visit, now {now[worst]:.1f} of 1)"
    says = f"{WATCHED[worst]} {'more' if number > 0 else 'less'} {scores}: {ASKED[expression]}"
    return Check("expression", number, "of 1", limit, fine, "" if fine else says)


def _brows(first: PhotoFace, visit: PhotoFace, expression: str, limits: Mapping[str, float]) -> tuple[Check, ...]:
    """How far the brows stand from where they stood, where they should be calm: the scores hardly tell raised brows."""
    if expression not in ("rest", "smile"):
        return ()
    number, limit = float(np.median(moved_mm(first, visit, BROWS)[:, 1])), limits["series_brow_most_mm"]
    fine = abs(number) <= limit
    says = (
        f"the brows stand {abs(number):.1f} mm {'higher' if number > 0 else 'lower'} than at the first visit: {ASKED['rest']}; if it is, "
        "the brows have changed"
    )
    return (Check("brows", number, "mm", limit, fine, "" if fine else says),)


def by_unit(expression: Mapping[str, float]) -> dict[str, float]:
    """Strengths by unit without side, the stronger side."""
    return {
        name: max((score for unit, score in expression.items() if unit in (name, f"{name}Left", f"{name}Right")), default=0.0)
        for name in WATCHED
    }


def _person(first: PhotoFace, visit: PhotoFace, same_face: bool, limits: Mapping[str, float]) -> Check:
    """Another expression bends the calm head that is told from it: then only a greater difference counts."""
    number, limit = shape_distance_mm(first, visit), limits["series_same_person_most_mm" if same_face else "series_other_face_most_mm"]
    fine = number <= limit
    says = f"these may be different people: the shapes of the two faces differ by {number:.1f} mm; look whether the files are right"
    return Check("same person", number, "mm", limit, fine, "" if fine else says)
