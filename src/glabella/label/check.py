"""The label check: every rule, one after the other."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from glabella.errors import RefusedError
from glabella.label.doses import check_doses, check_intervals, check_needed_areas
from glabella.label.entries import FaceMap, check_needles, find_entries
from glabella.label.finding import ORDER, Context, Finding
from glabella.label.pattern import check_pattern
from glabella.label.person import check_person
from glabella.label.places import check_places
from glabella.patient import EarlierToxin, Patient
from glabella.plan import Plan


def check_plan(
    plan: Plan,
    patient: Patient | None = None,
    atlas: FaceMap | None = None,
    *,
    earlier: Iterable[EarlierToxin] = (),
    jurisdiction: str = "US",
) -> list[Finding]:
    """Findings on a plan for a person, the gravest first. A needle outside the face is an InputError, not a finding.

    Without ``atlas`` the reference face takes the patient's sex, age and size. ``earlier`` adds treatments to the patient's own.
    Rules of other jurisdictions are told as cautions at most.
    """
    person = patient or Patient()
    face = atlas or _usual_face(person)
    check_needles(plan, face, on_face=_on_face(face))
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


def _on_face(atlas: FaceMap) -> Callable[[np.ndarray], bool] | None:
    """Whether a point lies on the treated face; not known for a bare map."""
    from glabella.stages.anatomy.atlas import Atlas

    if not isinstance(atlas, Atlas):
        return None
    from glabella.label.face import on_treated_face

    return on_treated_face(atlas)


def _usual_face(person: Patient) -> FaceMap:
    from glabella.label.face import face_map  # building an atlas is slow to import and to run

    return face_map(person)
