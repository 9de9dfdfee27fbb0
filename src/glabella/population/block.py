"""One block of virtual people through a trial's arm: who enters, what happens to their lines, how they are rated.

``follow`` is the physics of a block; ``expected`` (mean over raters' noise, for calibration) and ``rated`` (drawn ratings, for
trials) read it. Baseline depth: how deep a person's line is follows from how strongly the area folds and from their skin; its
typical value is set so that among those who enter the wanted share is rated severe.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq

from glabella.evidence.parameters import stream
from glabella.population.archetypes import Archetype
from glabella.population.course import area_strain, course_times, muscle_force, repeated_force
from glabella.population.lines import fold, follow_lines
from glabella.population.people import BLOCK, Mix, People, draw_people
from glabella.population.raters import borders_ln, grade_probabilities, rate, rater
from glabella.stages.junction.course import Kinetics

CANDIDATES = 4 * BLOCK  # screened per block: more than enough for BLOCK to enter
ENTRY_GRADE = 2
DEEPEST_REST = 0.9  # of the line at contraction: numerical
MILD = "none_or_mild_at_max_contraction"
ONSET_DAYS = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 14.0])


Course = Callable[["Setting", People, np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Setting:
    """What all people of an arm share. ``units`` (sessions, needles): none for placebo; ``areas``: the areas rated, the deeper counts;
    ``response``: the endpoint that the trial counts as a response of one rater."""

    archetypes: tuple[Archetype, ...]
    areas: tuple[str, ...]
    units: np.ndarray
    session_days: np.ndarray
    visit_days: np.ndarray
    mix: Mix
    kinetics: Kinetics
    values: Mapping[str, float]
    response: str = MILD

    @property
    def treated(self) -> bool:
        """Whether any unit is given."""
        return bool(self.units.any())


@dataclass(frozen=True)
class Block:
    """People who entered (n,) and what happened to them: logs of line depths on the visits (n, visits) and before (n,), both as the face
    is contracted that day, at rest likewise; strain reduction on the visits and on ``ONSET_DAYS``, and the one the person notices (n,);
    the subject's own offset (n,); the grades (n,) of each rater at entry, where people were screened."""

    people: People
    before_ln: np.ndarray
    visits_ln: np.ndarray
    rest_before_ln: np.ndarray
    rest_visits_ln: np.ndarray
    strain_reduction: np.ndarray
    onset_reduction: np.ndarray
    notices: np.ndarray
    subject_offset_ln: np.ndarray
    entry_grades: Mapping[str, np.ndarray]


def baseline_shape(setting: Setting, people: People) -> np.ndarray:
    """Log of line depth before treatment up to a common shift (people,), from the untreated fold of the rated areas and the skin."""
    folds = _untreated_folds(setting, people)
    return np.log(np.maximum(folds.max(0), 1e-6)) + people.depth_ln


def baseline_shift(setting: Setting, count: int = CANDIDATES) -> float:
    """Common shift of the log depths for which the wanted share of those who enter is rated severe; on ``count`` people of its own."""
    people = draw(setting, 0, 0, count)
    shape = baseline_shape(setting, people) + setting.values["effort_sd_ln"] * stream(0, "tuning").standard_normal(count)
    investigator, subject, borders = rater("investigator", setting.values), rater("subject", setting.values), borders_ln(setting.values)
    offset = subject.offset_ln + subject.person_sd_ln * stream(0, "tuning subject").standard_normal(count)

    def excess(shift: float) -> float:
        grades = grade_probabilities(shape + shift, investigator, borders)
        if setting.mix.screening == "both":
            grades *= grade_probabilities(shape + shift + offset, subject, borders)[:, ENTRY_GRADE:].sum(1, keepdims=True)
        return float(grades[:, 3].mean() / max(grades[:, ENTRY_GRADE:].sum(1).mean(), 1e-300)) - setting.mix.severe_share

    return float(brentq(excess, -8.0, 8.0, xtol=1e-9))


def follow(
    setting: Setting, shift: float, seed: int, block: int, count: int = BLOCK, *,
    screen: bool = True, times: np.ndarray | None = None, course: Course | None = None,
) -> Block:  # fmt: skip
    """The physics of block ``block``: with ``screen`` the first ``count`` candidates whom the noisy raters let in.

    ``times``: a course with more times than the visits need; ``course``: strain and folds from elsewhere, such as a memory of them.
    """
    values = setting.values
    people = draw(setting, seed, block, CANDIDATES if screen else count)
    size = len(people.male)

    def normal(name: str, *shape: int) -> np.ndarray:
        return stream(seed, "visit", name, block).standard_normal((size, *shape))

    effort_before = values["effort_sd_ln"] * normal("effort before")
    before = shift + baseline_shape(setting, people) + effort_before
    subject = rater("subject", values)
    offset = subject.offset_ln + subject.person_sd_ln * normal("subject")
    effort = values["effort_sd_ln"] * normal("effort", len(setting.visit_days))
    notices = np.exp(np.log(values["onset_noticed_share"]) + values["onset_noticed_sd_ln"] * normal("notices"))
    grades = {}
    if screen:
        borders = borders_ln(values)
        grades["investigator"] = rate(before, rater("investigator", values), borders, normal("screening investigator"))
        grades["subject"] = rate(before + offset, subject, borders, normal("screening subject"))
        enters = grades["investigator"] >= ENTRY_GRADE
        if setting.mix.screening == "both":
            enters &= grades["subject"] >= ENTRY_GRADE
        keep = np.flatnonzero(enters)[:count]
        people, grades = select(people, keep), {name: grade[keep] for name, grade in grades.items()}
        before, offset, effort, notices, effort_before = (x[keep] for x in (before, offset, effort, notices, effort_before))
    if times is None:
        times = course_times(np.concatenate([setting.visit_days, ONSET_DAYS]))
    strain, folds = (course or follow_strain)(setting, people, times)
    at, onset = np.searchsorted(times, setting.visit_days), np.searchsorted(times, ONSET_DAYS)
    contracted = np.exp(before - effort_before)  # of the deeper side
    rest = np.minimum(values["resting_line_depth_mm"] * np.exp(people.rest_ln), DEEPEST_REST * contracted)
    deepest = np.maximum(folds[:, :, 0].max(0), 1e-9)
    lines = [follow_lines(times, f, contracted * f[:, 0] / deepest, rest * f[:, 0] / deepest, values) for f in folds]
    visits = np.log(np.maximum(np.max([part.contracted_mm[:, at] for part in lines], 0), 1e-9)) + effort
    rest_visits = np.log(np.maximum(np.max([part.rest_mm[:, at] for part in lines], 0), 1e-9))
    reduction = 1 - strain.mean(0) / np.maximum(strain[:, :, :1].mean(0), 1e-12)
    return Block(people, before, visits, np.log(rest), rest_visits, reduction[:, at], reduction[:, onset], notices, offset, grades)


def select(people: People, who: np.ndarray) -> People:
    """Some of the people."""
    return replace(people, **{name: value[who] for name, value in vars(people).items()})


def draw(setting: Setting, seed: int, block: int, count: int) -> People:
    """The first ``count`` people of block ``block``, before anybody is screened."""
    first = setting.archetypes[0]
    muscles = next(iter(first.folding.values())).contracted_newton.shape[1]
    return draw_people(seed, block, setting.mix, muscles, len(first.units), setting.values, count)


def archetype_of(setting: Setting, people: People) -> list[tuple[Archetype, np.ndarray]]:
    """Each archetype with the people who take it: by sex and by whether their frontalis reaches high."""
    found = []
    for archetype in setting.archetypes:
        of_sex = people.male == (archetype.sex == "male")
        heights = sorted(a.frontalis_upper_margin_mm for a in setting.archetypes if a.sex == archetype.sex)
        if len(heights) > 1:
            of_sex &= people.high_frontalis == (archetype.frontalis_upper_margin_mm == heights[-1])
        found.append((archetype, np.flatnonzero(of_sex)))
    return found


def _newton(archetype: Archetype, area: str, people: People, who: np.ndarray) -> np.ndarray:
    return archetype.folding[area].contracted_newton[people.pattern[who]] * np.exp(people.size_ln[who])


def _untreated_folds(setting: Setting, people: People) -> np.ndarray:
    folds = np.zeros((len(setting.areas), len(people.male)))
    for archetype, who in archetype_of(setting, people):
        force = np.ones((len(who), 1, len(archetype.muscles)))
        for n, area in enumerate(setting.areas):
            strain = area_strain(archetype.folding[area], archetype.column_of, force, _newton(archetype, area, people, who))
            folds[n, who] = fold(area, strain, people.fold_ln[who], setting.values)[:, 0]
    return folds


def follow_strain(setting: Setting, people: People, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Strain and fold of the rated areas (areas, people, times)."""
    strain = np.zeros((len(setting.areas), len(people.male), len(times)))
    folds = np.zeros_like(strain)
    for archetype, who in archetype_of(setting, people):
        if setting.treated and len(setting.session_days) == 1 and setting.session_days[0] == 0:
            force = muscle_force(archetype, setting.units[0], people, who, times, setting.kinetics, setting.values)
        elif setting.treated:
            force = repeated_force(archetype, setting.units, setting.session_days, people, who, times, setting.kinetics, setting.values)
        else:
            force = np.ones((len(who), 1, len(archetype.muscles)))
        for n, area in enumerate(setting.areas):
            part = area_strain(archetype.folding[area], archetype.column_of, force, _newton(archetype, area, people, who))
            strain[n, who] = part
            folds[n, who] = fold(area, part, people.fold_ln[who], setting.values)
    return strain, folds
