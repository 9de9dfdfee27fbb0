"""A plan simulated on the person of a photo: how deep each area's lines are on later days, and how the skin has moved."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from glabella.errors import InputError
from glabella.evidence import load_parameters
from glabella.names import AREAS
from glabella.outcome import Estimate, Outcome
from glabella.patient import Grades, Patient
from glabella.photo.lines import AreaLines, ExpectedLines, FoundLines, expect_lines, find_lines
from glabella.photo.photo import PhotoFace
from glabella.photo.skin_map import SkinMap, map_skin
from glabella.plan import Plan
from glabella.scene import PICTURE_DAYS
from glabella.stages.wrinkle import CONTRACTION
from glabella.stages.wrinkle.scale import wrinkle_scale
from glabella.treatment import Person, Progress, build_person, check_plan, ensure_allowed, treat

BROW_UNITS = ("browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight")
FACES = {"rest": "at rest", "maximum_frown": "frowning as hard as possible"}


@dataclass(frozen=True, eq=False)
class Looked:
    """One picture with the lines found in it."""

    face: PhotoFace
    skin_map: SkinMap
    found: FoundLines


@dataclass(frozen=True, eq=False)
class OfferedGrade:
    """What a picture suggests for one area: ``grade`` 0 to 3 between ``low`` and ``high``, from its ``lines``. To be confirmed or
    changed."""

    area: str
    expression: str
    lines: AreaLines
    grade: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class PhotoSimulation:
    """``pictures`` by expression; ``outcome`` of the plan on this head; ``depth_ratio[expression][area]``: depth on ``days`` over that
    before."""

    pictures: Mapping[str, Looked]
    offered: tuple[OfferedGrade, ...]
    person: Person
    outcome: Outcome
    days: tuple[float, ...]
    depth_ratio: Mapping[str, Mapping[str, tuple[Estimate, ...]]]

    def displacement_mm(self, expression: str, day: float) -> np.ndarray:
        """(n, 3) on ``surface(1)``: how the skin under an expression lies on a day, against day 0."""
        assert self.outcome.scene is not None
        moved, days = self.outcome.scene.displacement[expression], self.outcome.scene.picture_days
        return moved[days.index(day)] - moved[0]


def look_for_lines(pictures: Mapping[str, PhotoFace], person: Person) -> dict[str, Looked]:
    """The lines in each picture that is fine enough for them; in the others none."""
    expected = expect_lines(person.skin, AREAS, person.patient, load_parameters())
    looked = {}
    for expression, face in pictures.items():
        skin_map = map_skin(face.head, face.picture.shape)
        areas = expected if can_show_lines(face) else ExpectedLines({}, {})
        looked[expression] = Looked(face, skin_map, find_lines(face.picture, skin_map, areas, face.landmarks, face.parameters))
    return looked


def can_show_lines(face: PhotoFace) -> bool:
    """Whether a millimetre has enough pixels, sharp enough."""
    limits, quality = face.parameters, face.quality
    return quality.pixels_per_mm >= limits["line_pixels_least_per_mm"] and quality.blur_mm <= limits["line_blur_most_mm"]


def offer_grades(looked: Mapping[str, Looked]) -> tuple[OfferedGrade, ...]:
    """The grades that the lines found suggest: at rest from the picture at rest, of frown lines from the frowning one."""
    scale, offered = wrinkle_scale(load_parameters()), []
    for expression, picture in looked.items():
        for area, lines in picture.found.areas.items():
            if not np.isfinite(lines.depth_error_mm) or (expression != "rest" and CONTRACTION[area] != expression):
                continue
            depths = np.maximum([lines.depth_mm, lines.depth_mm - lines.depth_error_mm, lines.depth_mm + lines.depth_error_mm], 0.0)
            grade, low, high = (float(g) for g in scale.expected(depths))
            offered.append(OfferedGrade(area, expression, lines, grade, low, high))
    return tuple(offered)


def with_offered(patient: Patient, offered: tuple[OfferedGrade, ...]) -> Patient:
    """The patient with the offered grades as baseline: what a person who agrees with them asks for."""
    baseline = dict(patient.baseline)
    for one in offered:
        old = baseline[one.area]
        rest = min(one.grade, 3.0) if one.expression == "rest" else old.rest
        contraction = min(one.grade, 3.0) if one.expression == CONTRACTION[one.area] else old.contraction
        baseline[one.area] = Grades(rest, max(rest, contraction))
    return replace(patient, baseline=baseline)


def simulate_on_photo(
    pictures: Mapping[str, PhotoFace],
    plan: Plan,
    days: tuple[float, ...],
    *,
    samples: int = 24,
    seed: int = 0,
    confirm: bool = False,
    progress: Progress = lambda what, share: None,
) -> PhotoSimulation:
    """Treat the person of ``pictures`` (``rest``, and ``maximum_frown`` where there is one) and follow their lines on ``days``.

    ``confirm``: the grades that the lines in the pictures suggest are the baseline; else the patient's own.
    """
    wrong = [day for day in days if day not in PICTURE_DAYS]
    if wrong:
        raise InputError(f"day {wrong[0]:g}: pictures are made for days {', '.join(f'{day:g}' for day in PICTURE_DAYS)}; choose among them")
    if plan.region == "lower_face":
        raise InputError("photo: a plan for the lower face has no lines to show; give a plan for the upper face")
    rest, parameters = with_place_caution(with_brow_caution(pictures["rest"])), load_parameters().recording()
    pictures = {**pictures, "rest": rest}
    progress("tissue of this head", 0.0)
    findings = check_plan(plan, rest.patient, rest.atlas)
    ensure_allowed(findings)
    person = build_person(None, rest.patient, parameters, atlas=rest.atlas, compiled=False)
    progress("lines in the picture", 0.0)
    looked = look_for_lines(pictures, person)
    offered = offer_grades(looked)
    if confirm:
        person = replace(person, patient=with_offered(person.patient, offered))
    treated = treat(person, plan, parameters, int(max(*days, 30)), samples, seed, None, progress, findings, scene=True)
    ratio = {e: {area: _ratios(treated.outcome, treated.samples, area, e, days) for area in AREAS} for e in pictures}
    return PhotoSimulation(looked, offered, person, treated.outcome, days, ratio)


def with_brow_caution(face: PhotoFace) -> PhotoFace:
    """Point out a picture at rest in which the brows are moved: sites above them are then off."""
    strongest = max(face.landmarks.expression[name] for name in BROW_UNITS)
    if strongest < face.parameters["brow_moved_least"]:
        return face
    said = "the brows seem to be moved in the picture at rest: sites of the forehead may be off by up to 7 mm; use one with a calm face"
    return replace(face, quality=replace(face.quality, cautions=(*face.quality.cautions, said)))


def with_place_caution(face: PhotoFace) -> PhotoFace:
    """Point out a picture in which most sites that are seen cannot be placed closely enough; refuse one in which none can."""
    seen, limit = [place for place in face.places if place.seen], face.parameters["site_error_mm"]
    unsure = sum(not place.sure for place in seen)
    if unsure == len(seen):
        raise InputError(
            f"photo at rest: this picture does not fix any licensed site to {limit:g} mm; use one straight from the front, sharp, "
            "with a calm face, or give --pupil-distance MM"
        )
    if 2 * unsure <= len(seen):
        return face
    said = f"this picture does not fix {unsure} of the {len(seen)} sites that are seen to {limit:g} mm: they are refused, not placed"
    return replace(face, quality=replace(face.quality, cautions=(*face.quality.cautions, said)))


def _ratios(
    outcome: Outcome, samples: Mapping[tuple[str, ...], np.ndarray], area: str, expression: str, days: tuple[float, ...]
) -> tuple[Estimate, ...]:
    """Depth of an area's lines on each day relative to day 0, with the band of the samples' own ratios; 1 where there were none."""
    runs = samples["skin", area, expression, "depth_mm"]
    first = runs[:, :1]
    share = np.where(first > 1e-9, runs / np.maximum(first, 1e-9), 1.0)
    found = []
    for day in days:
        at = int(np.searchsorted(outcome.days, day))
        low, median, high = np.percentile(share[:, at], [5, 50, 95])
        found.append(Estimate(float(median), float(low), float(high)))
    return tuple(found)
