"""The label check: every rule, one after the other."""

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from glabella.errors import RefusedError
from glabella.label.doses import check_doses, check_intervals, check_needed_areas
from glabella.label.entries import FaceMap, check_needles, find_entries
from glabella.label.finding import ORDER, Context, Finding
from glabella.label.pattern import check_pattern
from glabella.label.person import check_person
from glabella.label.places import check_places
from glabella.label.vial import check_vial
from glabella.patient import EarlierToxin, Patient
from glabella.plan import Injection, Plan

if TYPE_CHECKING:
    from glabella.stages.anatomy.atlas import Atlas


def check_plan(
    plan: Plan,
    patient: Patient | None = None,
    atlas: FaceMap | None = None,
    *,
    earlier: Iterable[EarlierToxin] = (),
    jurisdiction: str = "US",
    on: datetime.date | None = None,
) -> list[Finding]:
    """Findings on a plan for a person, the gravest first. A needle outside the face is an InputError, not a finding.

    Without ``atlas`` the reference face takes the patient's sex, age and size, and a needle through its bone is an InputError too
    (a simulation finds that in its own tissue). ``earlier`` adds treatments to the patient's own. ``on``: the date of day 0, against
    which the vial's expiry is held. Rules of other jurisdictions are told as cautions at most.
    """
    person = patient or Patient()
    if plan.region == "lower_face":
        from glabella.label.lower_face import check_lower_plan  # builds another atlas

        found = check_lower_plan(plan, person, atlas, earlier=earlier, jurisdiction=jurisdiction, on=on)
        return sorted(dict.fromkeys(found), key=lambda finding: ORDER.index(finding.severity))
    face = atlas or _usual_face(person)
    _check_needles(plan, face, with_bone=atlas is None)
    entries = find_entries(plan, face)
    before = (*person.earlier_toxin, *earlier)
    context = Context(plan, jurisdiction)
    found = [
        *_check_purpose(context),
        *check_person(context, person),
        *check_doses(context, entries, before),
        *check_intervals(context, before),
        *check_needed_areas(context, entries),
        *check_places(context, entries, face),
        *check_pattern(context, entries),
        *check_vial(context, on),
    ]
    return sorted(dict.fromkeys(found), key=lambda finding: ORDER.index(finding.severity))


def ensure_allowed(findings: Sequence[Finding]) -> None:
    """Raise RefusedError with one line if a finding refuses."""
    refusals = [finding for finding in findings if finding.severity == "refuse"]
    if refusals:
        more = f" (and {len(refusals) - 1} more: see glabella check)" if len(refusals) > 1 else ""
        raise RefusedError(f"refused: {refusals[0]}{more}")


def _check_purpose(context: Context) -> Iterator[Finding]:
    """A study is marked as one."""
    if context.study:
        what = "purpose 'study': beyond the label up to published trials, not for treating a person"
        yield Finding("info", what, "plan", "study", "assumed_here", "assumed")


def _check_needles(plan: Plan, face: FaceMap, with_bone: bool) -> None:
    """Needles on the treated face and, ``with_bone``, above the bone that the parameter table gives; a bare map knows neither."""
    from glabella.stages.anatomy.atlas import Atlas

    if not isinstance(face, Atlas):
        check_needles(plan, face)
        return
    from glabella.evidence import load_parameters
    from glabella.label.face import bone_depth, on_treated_face

    bone = bone_depth(face, load_parameters()) if with_bone else None
    check_needles(plan, face, on_face=on_treated_face(face), bone_depth_mm=bone, tip_depth_mm=_tip_depth(face) if with_bone else None)


def _tip_depth(face: "Atlas") -> Callable[[Injection, Any], float]:
    return lambda injection, site: face.depth_to(injection.target_muscle or "", site)


def _usual_face(person: Patient) -> FaceMap:
    from glabella.label.face import face_map  # building an atlas is slow to import and to run

    return face_map(person)
