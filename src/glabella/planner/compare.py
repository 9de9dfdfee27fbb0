"""Two plans side by side for the same person: treat twice with the same samples, and take the differences in pairs."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from glabella.comparison import ORDER, Comparison, Key, PairedCurve, PairedRisk, RiskDifference
from glabella.errors import GlabellaError, InputError
from glabella.evidence import load_parameters
from glabella.evidence.parameters import Parameters
from glabella.face import Face, load_face
from glabella.label import check_plan, ensure_allowed
from glabella.outcome import Curve, Outcome, SkinCurves, summarise
from glabella.patient import Patient
from glabella.plan import Plan, Session
from glabella.stages.anatomy import build_atlas
from glabella.stages.unwanted import ComputedRisk
from glabella.treatment import COMPILED_FROM, LONGEST_DAYS, Progress, Treatment, build_person, check_arguments, treat, whole

RESOLVED = 1e-4  # a difference below this share of the curve's largest value is the solver's, and counts as none
BAND = (0.05, 0.95)


def compare(
    first: Plan,
    second: Plan,
    face: Face | None = None,
    patient: Patient | None = None,
    *,
    days: int = 180,
    samples: int = 100,
    seed: int = 0,
    parameters: Parameters | None = None,
    progress: Progress | None = None,
    workers: int | None = None,
    step_mm: float | None = None,
    depth_step_mm: float | None = None,
    scene: bool = True,
) -> Comparison:
    """Treat the same person with ``first`` and with ``second``, and take the differences sample by sample.

    Each plan's own numbers are those of ``simulate`` with the same settings. A sample has the same parameters in both plans and, at the
    sites they share, the same scatter of the needles, so a difference shows the plans and not the draw. The products may differ: their
    units are never added or converted. The other arguments are those of ``simulate``.

    Errors: RefusedError where the label forbids one of the plans for its purpose; InputError for anything unusable, such as two plans
    that are the same treatment. Both name the plan.
    """
    patient = patient or Patient()
    parameters = (parameters or load_parameters()).recording()
    report = progress or (lambda stage, share: None)
    days = whole("days", days, 1, LONGEST_DAYS)
    samples = whole("samples", samples, 0, 100_000)
    seed = whole("seed", seed, 0, 2**63 - 1)
    workers = None if workers is None else whole("workers", workers, 1, 1024)
    plans = dict(zip(ORDER, (first, second), strict=True))
    for name, plan in plans.items():
        with _naming(name):
            check_arguments(plan, patient, days, {"step_mm": step_mm, "depth_step_mm": depth_step_mm})
    check_different(first, second)
    with threadpool_limits(1):  # results must not depend on how many threads a matrix product uses
        report("face and tissue", 0.0)
        atlas = build_atlas(patient.shape(face or load_face(), parameters), patient, parameters)
        findings = {}
        for name, plan in plans.items():
            with _naming(name):
                findings[name] = check_plan(plan, patient, atlas)
                ensure_allowed(findings[name])
        compiled = samples >= COMPILED_FROM
        person = build_person(face, patient, parameters, step_mm=step_mm, depth_step_mm=depth_step_mm, atlas=atlas, compiled=compiled)
    treated = []
    for name, plan in plans.items():
        with _naming(name):
            tell = _telling(report, name)
            treated.append(treat(person, plan, parameters, days, samples, seed, workers, tell, findings[name], scene))
    return pair_treatments(*treated)


def check_different(first: Plan, second: Plan) -> None:
    """Two plans that are the same treatment cannot be compared; purpose, note, lot and vials make no difference to the skin."""
    if _treatment(first) == _treatment(second):
        raise InputError(
            "both plans are the same treatment: product, dilution, days, sites, depths and units are equal; change one of the plans"
        )


def _treatment(plan: Plan) -> tuple[Any, ...]:
    def injections(session: Session) -> tuple[float, list[str]]:
        return session.day, sorted(map(repr, session.injections))

    return plan.product, plan.dilution, [injections(session) for session in plan.sessions]


def pair_treatments(first: Treatment, second: Treatment) -> Comparison:
    """The comparison of two treatments of the same person, made with the same days, samples and seed."""
    one, two = first.outcome, second.outcome
    if not np.array_equal(one.days, two.days) or (one.seed, one.settings["samples"]) != (two.seed, two.settings["samples"]):
        raise ValueError("comparison: both treatments need the same days, samples and seed")
    curves = {key: _pair(_find(one, key), _find(two, key), first.samples.get(key), second.samples.get(key)) for key in _keys(one)}
    unwanted = {
        effect: PairedRisk(
            one.unwanted.get(effect), two.unwanted.get(effect), _risk_difference(_computed(first, effect), _computed(second, effect))
        )
        for effect in dict.fromkeys((*one.unwanted, *two.unwanted))
    }
    return Comparison(one, two, curves, unwanted)


def _pair(first: Curve, second: Curve, first_samples: np.ndarray | None, second_samples: np.ndarray | None) -> PairedCurve:
    if first_samples is None or second_samples is None:
        return PairedCurve(first, second, summarise(first.days, second.median - first.median), None, None)
    difference = second_samples - first_samples
    least = RESOLVED * max(float(np.abs(first_samples).max()), float(np.abs(second_samples).max()))
    lower, higher = (difference < -least).mean(0), (difference > least).mean(0)
    return PairedCurve(first, second, summarise(first.days, difference[0], difference), lower, higher)


def _computed(treatment: Treatment, effect: str) -> ComputedRisk | None:
    """The risk behind an effect, unless a published rate stands for it."""
    told = treatment.outcome.unwanted.get(effect)
    return treatment.risks.get(effect) if told and told.basis == "computed" else None


def _risk_difference(first: ComputedRisk | None, second: ComputedRisk | None) -> RiskDifference | None:
    """The nominal difference within the band of its draws, as each of the two is summarised itself."""
    if first is None or second is None:
        return None
    values = np.array(second.values) - np.array(first.values)
    low, high = np.quantile(values, BAND)
    value = float(values[0])
    return RiskDifference(value, min(float(low), value), max(float(high), value))


def _keys(outcome: Outcome) -> Iterable[Key]:
    """Flat names of an outcome's curves, as ``Treatment.samples`` has them."""
    for area, expressions in outcome.skin.items():
        for expression in expressions:
            for quantity in fields(SkinCurves):
                yield "skin", area, expression, quantity.name
    for expression in outcome.movement:
        yield "movement", expression
    for muscle in outcome.muscles:
        for quantity in ("force", "bulk", "blocked"):
            yield "muscle", muscle, quantity
    for side in outcome.brow:
        for place in ("head", "peak", "tail"):
            yield "brow", side, place


def _find(outcome: Outcome, key: Key) -> Curve:
    group, name, *rest = key
    if group == "skin":
        return getattr(outcome.skin[name][rest[0]], rest[1])
    if group == "movement":
        return outcome.movement[name]
    if group == "muscle":
        return getattr(outcome.muscles[name], rest[0])
    return getattr(outcome.brow[name], f"{rest[0]}_mm")


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Errors inside say which of the two plans they are about."""
    try:
        yield
    except GlabellaError as error:
        raise type(error)(f"{name} plan: {str(error).removeprefix('plan: ')}") from None


def _telling(report: Progress, name: str) -> Progress:
    return lambda stage, share: report(f"{name} plan: {stage}", share)


__all__ = ["Comparison", "check_different", "compare", "pair_treatments"]
