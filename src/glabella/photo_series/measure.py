"""From the pictures of visits to depths that a follow-up can weigh, and the grade before treatment that they offer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from glabella.errors import InputError
from glabella.evidence import load_parameters
from glabella.follow_up.visits import PICTURE, Visit, Visits
from glabella.patient import Grades, Patient, usual_baseline
from glabella.photo.landmarks import LandmarkModel
from glabella.photo_series.depths import is_seen
from glabella.photo_series.series import Look, PictureOf, Progress, Series, areas_of, look_at_series
from glabella.stages.wrinkle import CONTRACTION
from glabella.stages.wrinkle.scale import wrinkle_scale


@dataclass(frozen=True)
class OfferedBaseline:
    """What the picture of day 0 suggests for one area, to be confirmed or changed: ``grade`` between ``low`` and ``high``; ``used``: the
    grade that the forecast starts from, and ``by`` whom it was given."""

    area: str
    expression: str
    depth_mm: float
    error_mm: float
    grade: float
    low: float
    high: float
    used: float
    by: str


def measure_pictures(
    visits: Visits,
    model: LandmarkModel,
    patient: Patient | None = None,
    areas: Sequence[str] = (),
    pupil_distance_mm: float | None = None,
    progress: Progress = lambda what, share: None,
) -> tuple[Visits, Series]:
    """The visits with a depth in the place of each picture, and the series itself.

    A picture at rest speaks for ``areas`` (those that are treated; all unless given) or the one that its visit names. Every face needs its
    picture of day 0. InputError names the picture.
    """
    pictures = [PictureOf(one.day, one.expression, one.picture) for one in visits.pictures]
    for one in pictures:
        if (0.0, one.expression) not in {(other.day, other.expression) for other in pictures}:
            raise InputError(
                f"{one.where}: there is no picture of day 0 of the same face, before the needles, to compare it with; add it, or give the "
                "depth or a grade instead"
            )
    series = look_at_series(pictures, model, patient, pupil_distance_mm, progress)
    found = list(visits.seen)
    for wanted in visits.pictures:
        look = next(look for look in series.looks[wanted.expression] if look.day == wanted.day)
        told = [wanted.area] if wanted.area else [a for a in areas_of(wanted.expression) if not areas or a in areas]
        found += [_visit(look, area) for area in told if area in look.depths]
    if not any(visit.from_picture for visit in found[len(visits.seen) :]):
        raise InputError(f"{pictures[0].where}: too coarse or too blurred for lines, as are the others; use sharper, larger pictures")
    return Visits(tuple(found)), series


def _visit(look: Look, area: str) -> Visit:
    depth = look.depths[area]
    return Visit(
        look.day, area, look.expression, depth_mm=depth.depth_mm, depth_error_mm=depth.repeat_error_mm, depth_from=PICTURE,
        note="; ".join(check.says for check in look.checks if not check.fine),
    )  # fmt: skip


def offer_baseline(series: Series, visits: Visits, patient: Patient) -> tuple[OfferedBaseline, ...]:
    """The grades that the pictures of day 0 suggest, beside those in use."""
    scale, found = wrinkle_scale(load_parameters()), []
    given = {(v.area, v.expression): v.grade for v in visits.seen if v.day == 0 and v.rater == "investigator" and v.grade is not None}
    for expression, looks in series.looks.items():
        if looks[0].day != 0:
            continue
        for area, depth in looks[0].depths.items():
            if not is_seen(depth.depth_mm, series.limits) and expression != "rest":
                continue
            ends = np.maximum([depth.depth_mm, depth.depth_mm - depth.error_mm, depth.depth_mm + depth.error_mm], 0.0)
            grade, low, high = (float(one) for one in scale.expected(ends))
            usual, own = (one[area] for one in (usual_baseline(), patient.baseline))
            used = own.rest if expression == "rest" else own.contraction
            by = "the usual one" if own == usual else "the patient file"
            if (area, expression) in given:
                used, by = float(given[area, expression]), "the investigator"
            found.append(OfferedBaseline(area, expression, depth.depth_mm, depth.error_mm, grade, low, high, used, by))
    return tuple(found)


def with_offered(patient: Patient, offered: Sequence[OfferedBaseline]) -> Patient:
    """The patient with the offered grades before treatment: what a person who agrees with them asks for."""
    baseline = dict(patient.baseline)
    for one in offered:
        old = baseline[one.area]
        rest = one.grade if one.expression == "rest" else old.rest
        contraction = one.grade if one.expression == CONTRACTION[one.area] else old.contraction
        baseline[one.area] = (
            Grades(min(rest, contraction), contraction) if one.expression != "rest" else Grades(rest, max(rest, contraction))
        )
    return replace(patient, baseline=baseline)
