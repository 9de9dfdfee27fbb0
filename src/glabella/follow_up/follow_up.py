"""The story of a follow-up: people like the patient, lines as they were rated, weights by what was seen, the rest of the course."""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import logsumexp
from threadpoolctl import threadpool_limits

from glabella.calibration.posterior import Posterior, load_posterior
from glabella.errors import InputError, RefusedError
from glabella.evidence import load_parameters
from glabella.evidence.parameters import load_population
from glabella.evidence.patterns import site_areas
from glabella.evidence.products import load_products
from glabella.face import load_face
from glabella.follow_up.candidates import Alike, Motion, draw_candidates
from glabella.follow_up.forecast import PeopleCourses, follow_people, forecast, pool
from glabella.follow_up.points import on_ruler
from glabella.follow_up.result import FollowUp
from glabella.follow_up.settle import Entry, settle
from glabella.follow_up.visits import Visit, Visits
from glabella.follow_up.weigh import after_ln, before_ln, entry_of
from glabella.follow_up.weighted import effective_people, shares
from glabella.label import Finding, check_plan, ensure_allowed
from glabella.names import AREAS
from glabella.outcome import CONTRACTION
from glabella.patient import Patient
from glabella.plan import Plan, check_upper_face
from glabella.population.arms import trial_values
from glabella.population.block import Setting
from glabella.population.course import course_times, session_times
from glabella.population.library import find_archetypes
from glabella.population.people import Mix
from glabella.stages.anatomy import build_atlas
from glabella.stages.junction.course import junction_kinetics
from glabella.stages.skin import build_skin
from glabella.stages.skin.strain import MEASURED
from glabella.treatment import check_arguments, whole
from glabella.trial.run import face_parameters
from glabella.version import own_version

BLOCK_PEOPLE = 250  # people of one draw of the posterior
ROUND_BLOCKS = 32  # blocks drawn before it is asked whether there are enough
MOST_PEOPLE = 64_000
ENOUGH = 400.0  # effective people: 20 of them lie beyond either end of a band
LEAST = 40.0  # with fewer the ends of a band are a single person, and nothing is said
LONGEST_DAYS = 730
REPORT_DAYS = (7.0, 14.0, *(30.0 * month for month in range(1, 25)))
UNLIKELY = 0.05
STAGES = ("anatomy", "bolus", "diffusion", "junction", "muscle", "skin", "wrinkle", "population")
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Weighed:
    """All candidates drawn: their courses, log weights before and after the visits (people,), the log chance of each visit by itself
    (people, visits), zero of those on day 0, and how many draws of the posterior they belong to."""

    people: PeopleCourses
    before_ln: np.ndarray
    after_ln: np.ndarray
    visits_ln: np.ndarray
    draws: int


def update_forecast(
    plan: Plan,
    patient: Patient | None = None,
    visits: Visits | Sequence[Visit] = (),
    *,
    days: int = 180,
    returns_to: int | None = None,
    people: int = MOST_PEOPLE,
    seed: int = 0,
    workers: int | None = None,
    progress: Progress | None = None,
    values: Mapping[str, float] | None = None,
    posterior: Posterior | None = None,
) -> FollowUp:
    """What ``visits`` say of ``patient`` under ``plan``, and of the rest of the course up to ``days``.

    Virtual people of the calibrated population who are like the patient, each block with one draw of the ``posterior`` (the shipped one
    unless given), are weighted by the likelihood of what was seen; more are drawn until ``ENOUGH`` effective people are left, ``people``
    at most. ``returns_to``: grade 1 to 3 whose return is told, moderate unless given (mild where it was no more before). ``values``
    replace rows of parameters.csv and population.csv and are not drawn. The same seed gives the same numbers for any ``workers``.

    Errors: RefusedError where the label forbids the plan for its purpose, or where fewer than ``LEAST`` effective people are left, since
    visits and population disagree; InputError for anything unusable.
    """
    patient = patient or Patient()
    visits = visits if isinstance(visits, Visits) else Visits(tuple(visits))
    report = progress or (lambda step, share: None)
    days = whole("days", days, 1, LONGEST_DAYS)
    people = whole("people", people, BLOCK_PEOPLE * ROUND_BLOCKS, 10_000_000)
    seed = whole("seed", seed, 0, 2**63 - 1)
    workers = None if workers is None else whole("workers", workers, 1, 1024)
    check_arguments(plan, patient, days, {})
    check_upper_face(plan.sites, "follow-up")
    _check_needles(plan)
    visits.check(days)
    kept = dict(values or {})
    _check_values(kept)
    with threadpool_limits(1):  # results must not depend on how many threads a matrix product uses
        alike, findings = find_alike(plan, patient, visits, kept, report)
        entry = entry_of(patient, visits, alike.setting.areas)
        asked = _returns_to(returns_to, alike.setting.areas, entry)
        times = follow_times(visits.days, days, alike.setting.session_days)
        found = draw_until_enough(
            alike, posterior or load_posterior(), times, visits, entry, asked, people, seed, workers, report
        )  # fmt: skip
    return _result(plan, patient, visits, found, asked, people, alike, findings, seed)


def follow_times(visit_days: Sequence[float], days: float, session_days: np.ndarray) -> np.ndarray:
    """Times of the course: those of the population, dense after every session, and the days that are told."""
    told = [day for day in REPORT_DAYS if day < days]
    times = course_times(np.array([*visit_days, *told, float(days)]))
    return times if len(session_days) == 1 and session_days[0] == 0 else session_times(times, session_days)


def draw_until_enough(
    alike: Alike, posterior: Posterior, times: np.ndarray, visits: Visits, entry: Entry, returns_to: int, most: int, seed: int,
    workers: int | None, report: Progress,
) -> Weighed:  # fmt: skip
    """Blocks of candidates, weighted, in rounds until the weights leave ``ENOUGH`` effective people or ``most`` are drawn."""
    last_session = float(alike.setting.session_days[-1])

    def block(number: int) -> tuple[PeopleCourses, np.ndarray, np.ndarray, np.ndarray]:
        settled = settle(draw_candidates(alike, posterior, times, seed, number, BLOCK_PEOPLE), entry)
        before = before_ln(settled, visits)
        each = [after_ln(settled, Visits((visit,))) for visit in visits.seen]
        alone = np.stack(each, axis=1) if each else np.empty((BLOCK_PEOPLE, 0))
        return follow_people(settled, returns_to, last_session), before, before + after_ln(settled, visits), alone

    parts = []
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as threads:
        while True:
            for part in threads.map(block, range(len(parts), len(parts) + ROUND_BLOCKS)):
                parts.append(part)
                report("people like the patient", len(parts) / max(ROUND_BLOCKS, len(parts)))
            courses, before, after, alone = zip(*parts, strict=True)
            left = effective_people(shares(np.concatenate(after)))
            if left >= ENOUGH or (len(parts) + ROUND_BLOCKS) * BLOCK_PEOPLE > most:
                break
    draws = min(len(parts), max(len(posterior.draws) - 1, 1))
    return Weighed(pool(courses), np.concatenate(before), np.concatenate(after), np.concatenate(alone), draws)


def _check_needles(plan: Plan) -> None:
    places = [[replace(injection, units=1.0) for injection in session.injections] for session in plan.sessions]
    if any(other != places[0] for other in places):
        raise InputError("follow-up: the sessions of the plan have different needles; use the same places in each, or one session")


def _check_values(kept: Mapping[str, float]) -> None:
    stages, people = load_parameters(), load_population()
    stages.with_values({name: value for name, value in kept.items() if name not in people.rows})


def find_alike(plan: Plan, patient: Patient, visits: Visits, kept: Mapping[str, float], report: Progress) -> tuple[Alike, list[Finding]]:
    """Typical faces under the plan's needles, and what the patient's own face moves."""
    report("face and skin", 0.0)
    table = trial_values(kept)
    parameters = face_parameters(tuple(sorted(kept.items())))
    atlas = build_atlas(patient.shape(load_face(), parameters), patient, parameters)
    findings = check_plan(plan, patient, atlas)
    ensure_allowed(findings)
    treated = {site_areas()[site] for site in plan.sites}
    areas = tuple(area for area in AREAS if area in treated or area in visits.areas)
    skin, bare = build_skin(atlas, parameters), replace(patient, muscle_strength={})  # strengths are set in the candidates
    rest = skin.tension_newton("rest", bare, parameters)
    motions = {}
    for expression in dict.fromkeys(CONTRACTION[area] for area in areas):
        modes = np.stack([skin.at_point(f"{MEASURED[expression]}_{side}") for side in ("left", "right")])
        motions[expression] = Motion(skin.tension_newton(expression, bare, parameters) - rest, modes)
    archetypes = find_archetypes(plan, areas, parameters, table["person_frontalis_margin_sd_mm"], report)
    units = np.array([[injection.units for injection in session.injections] for session in plan.sessions])
    session_days = np.array([session.day for session in plan.sessions])
    setting = Setting(
        archetypes, areas, units, session_days, np.zeros(1), Mix(), junction_kinetics(table, plan.product), table
    )  # fmt: skip
    return Alike(patient, setting, plan.product, motions, skin.muscles, kept), list(findings)


def _returns_to(given: int | None, areas: Sequence[str], entry: Entry) -> int:
    if given is not None:
        return whole("returns_to", given, 1, 3)
    return 2 if max(entry[area, CONTRACTION[area]] for area in areas) >= 2 else 1


def _result(
    plan: Plan, patient: Patient, visits: Visits, found: Weighed, returns_to: int, most: int, alike: Alike, findings: list[Finding],
    seed: int,
) -> FollowUp:  # fmt: skip
    share_before, share_after = shares(found.before_ln), shares(found.after_ln)
    drawn = len(share_after)
    left = effective_people(share_after)
    needed = None if left >= ENOUGH else _needed(drawn, left)
    if left < LEAST:
        raise RefusedError(
            f"follow-up: of {drawn} virtual people only {left:.0f} are left by the visits, and {LEAST:.0f} are needed to say anything; "
            + (f"about {needed} draws would give {ENOUGH:.0f} (--people); " if needed and left > 1 else "")
            + "what was seen hardly happens in the calibrated population: check days, grades and raters"
        )
    prior, posterior = forecast(found.people, share_before), forecast(found.people, share_after)
    seen = tuple(on_ruler(visit, prior, posterior, alike.setting.values) for visit in visits.seen)
    table = alike.setting.values
    others = tuple(name for name in load_products() if name != plan.product)
    rows = [row for row in (*load_parameters().rows.values(), *load_population().rows.values()) if not row.name.startswith(others)]
    return FollowUp(
        plan, patient, visits, found.people.days, prior, posterior, seen, returns_to, drawn, found.draws, needed,
        tuple(_said(patient, visits, found, share_before, left, needed, most)), tuple(findings), seed, own_version(),
        hashlib.sha256("\n".join(f"{name}={value!r}" for name, value in sorted(table.items())).encode()).hexdigest(), alike.kept,
        tuple(sorted({row.source for row in rows if row.stage in STAGES})),
    )  # fmt: skip


def _needed(drawn: int, left: float) -> int:
    """Draws that would leave ``ENOUGH``, to two digits: the effective number grows with them."""
    count = drawn * ENOUGH / max(left, 1e-3)
    digits = 10 ** max(int(np.log10(count)) - 1, 0)
    return int(np.ceil(count / digits) * digits)


def _said(
    patient: Patient, visits: Visits, found: Weighed, share_before: np.ndarray, left: float, needed: int | None, most: int
) -> list[str]:
    """Remarks, cautions first."""
    said = []
    if needed is not None:
        said.append(
            f"caution: only {left:.0f} effective people are left, {ENOUGH:.0f} are wanted; the ends of the bands are rough; about {needed} "
            f"draws would do (--people, now at most {most})"
        )
    for k, visit in enumerate(visits.seen):
        if visit.day > 0 and visit.depth_mm is None:  # a depth has a density, not a chance
            with np.errstate(divide="ignore"):
                chance = float(np.exp(logsumexp(found.visits_ln[:, k] + np.log(share_before))))
            if chance < UNLIKELY:
                said.append(
                    f"caution: grade {visit.grade} by the {visit.rater} on day {visit.day:g} ({visit.area.replace('_', ' ')}, "
                    f"{visit.expression.replace('_', ' ')}) had a chance of {100 * chance:.1f} % beforehand; check day, grade and rater"
                )
    if patient.earlier_toxin:
        said.append("earlier treatments of this person are not in it: the virtual people have had none")
    return said
