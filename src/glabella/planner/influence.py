"""The influence matrix of one person: the dose of one unit at each needle in every tissue element, for many draws.

Transport is linear in the units, so with the matrix at hand a plan's dose is a product, and so is its derivative. Each draw has
parameters of its own and needles that land somewhere else, as the samples of ``simulate`` have. Fluid grows with the units; the
matrix is made for the volumes of a ``template`` plan and made anew when the plan has become another.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from scipy.special import ndtri
from scipy.stats import qmc
from threadpoolctl import threadpool_limits

from glabella.evidence import Parameters
from glabella.plan import Injection, Plan, Session
from glabella.stages.bolus import place_boluses
from glabella.stages.diffusion import DoseField, muscle_doses, spread_toxin
from glabella.stages.diffusion.spread import source_of
from glabella.stages.junction.closed_forms import taken_up_ratio
from glabella.stages.junction.course import junction_kinetics
from glabella.treatment import SAMPLE_TOLERANCE, Person

ELEMENTS_TOLERANCE = 1e-6  # of the nominal field by which elements are chosen
BOX_MM = 2.0  # elements of a muscle: against every tissue cell by itself grades differ by 0.012 at most
REACHED = 0.01  # of the threshold: below it (0.01 to the power of 6 or so) nothing is blocked
NEGLIGIBLE = 1e-3  # of the half dose: a muscle that gets less everywhere is not followed
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Influence:
    """``dose_per_unit`` (draws, needles, elements): uptake in units/mm3 of one unit at each needle of the ``template``'s session.

    ``elements``: what they stand for. ``draws``: the parameters of each draw; ``offsets_mm`` (draws, needles, 3): where its needles land.
    """

    person: Person
    template: Plan
    nominal: Parameters
    draws: tuple[Parameters, ...]
    offsets_mm: np.ndarray
    elements: "Elements"
    dose_per_unit: np.ndarray


@dataclass(frozen=True)
class Elements:
    """Boxes of ``BOX_MM`` of each muscle that moves the skin and is reached: tissue ``cells`` (n,), the ``mean`` (elements, n) over a
    box's cells, ``muscle_of`` and ``share`` (elements,): place in ``muscles`` and share of that muscle's volume."""

    muscles: tuple[str, ...]
    cells: np.ndarray
    mean: sp.csr_matrix
    muscle_of: np.ndarray
    share: np.ndarray


def build_influence(
    person: Person, template: Plan, parameters: Parameters, draws: int, seed: int, workers: int | None = None,
    report: Progress = lambda stage, share: None,
) -> Influence:  # fmt: skip
    """Solve the spread of one unit at every needle of ``template`` (one session) in each of ``draws``."""
    with threadpool_limits(1):
        session = template.sessions[0]
        nominal = spread_toxin(person.spread, place_boluses(session, template, person.anatomy, parameters), ELEMENTS_TOLERANCE)
        elements = find_elements(person, nominal, parameters)
    needles = len(session.injections)
    drawn, offsets = even_draws(parameters, needles, draws, seed)
    empty = np.empty((draws, needles, len(elements.share)))
    influence = Influence(person, template, parameters, drawn, offsets, elements, empty)
    return _solved(influence, range(needles), workers, report)


def even_draws(parameters: Parameters, needles: int, draws: int, seed: int) -> tuple[tuple[Parameters, ...], np.ndarray]:
    """Parameters of each draw, and where its needles land (draws, needles, 3), spread evenly (a Latin hypercube).

    The distributions are those of the samples of ``simulate``; spread evenly, few draws tell a chance as well as many at random.
    """
    names = [name for name, row in parameters.rows.items() if row.drawn and name not in parameters.overrides and row.low < row.high]
    cube = qmc.LatinHypercube(len(names) + 3 * needles, rng=np.random.default_rng(seed)).random(draws)
    rows = [parameters.rows[name] for name in names]
    values = np.stack([_triangular(cube[:, n], row.low, row.value, row.high) for n, row in enumerate(rows)], axis=1)
    drawn = tuple(parameters.with_values(dict(zip(names, map(float, line), strict=True))) for line in values)
    scatter = np.array([parameters["placement_sd_mm"], parameters["placement_sd_mm"], parameters["placement_depth_sd_mm"]])
    return drawn, ndtri(cube[:, len(names) :]).reshape(draws, needles, 3) * scatter


def _triangular(share: np.ndarray, low: float, top: float, high: float) -> np.ndarray:
    """Quantiles of the triangular distribution."""
    rising = share < (top - low) / (high - low)
    return np.where(rising, low + np.sqrt(share * (high - low) * (top - low)), high - np.sqrt((1 - share) * (high - low) * (high - top)))


def with_needles(influence: Influence, template: Plan, workers: int | None = None) -> Influence:
    """The matrix for another template with needles at the same sites: only needles that moved or hold another volume are solved anew."""
    old, new = influence.template.sessions[0].injections, template.sessions[0].injections
    changed = [n for n, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
    moved = replace(influence, template=template, dose_per_unit=influence.dose_per_unit.copy())
    return _solved(moved, changed, workers, lambda stage, share: None) if changed else influence


def _solved(influence: Influence, needles: Sequence[int], workers: int | None, report: Progress) -> Influence:
    person, template, elements = influence.person, influence.template, influence.elements
    count = len(person.anatomy.cells)

    def solve(draw: int) -> None:
        parameters = influence.draws[draw]
        spread = person.spread.at(parameters)
        for needle in needles:
            injection = template.sessions[0].injections[needle]
            bolus = place_boluses(one_needle(injection), template, person.anatomy, parameters, influence.offsets_mm[draw, needle][None])
            exposure = spread.solve(source_of(bolus, count), SAMPLE_TOLERANCE)
            dose = np.maximum(spread.uptake_per_day * exposure[elements.cells], 0.0)
            influence.dose_per_unit[draw, needle] = elements.mean @ dose / injection.units

    with threadpool_limits(1), ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        for done, _ in enumerate(pool.map(solve, range(len(influence.draws))), start=1):
            report("influence of each needle", done / len(influence.draws))
    return influence


def find_elements(person: Person, nominal: DoseField, parameters: Mapping[str, float]) -> Elements:
    """Boxes of every muscle that moves the skin and gets more than ``NEGLIGIBLE`` of the half dose somewhere."""
    muscles, cells, boxes, volumes, muscle_of = [], [], [], [], []
    for name, dose in muscle_doses(person.anatomy, (nominal,)).items():
        if name not in person.skin.muscles or dose.dose_units_per_mm3.max() < NEGLIGIBLE * parameters["junction_d50_units_per_mm3"]:
            continue
        at = person.anatomy.muscles[name].cells
        _, box = np.unique(np.floor(person.anatomy.points[at] / BOX_MM).astype(int), axis=0, return_inverse=True)
        boxes.append(box.ravel() + len(muscle_of))
        muscle_of += [len(muscles)] * (int(box.max()) + 1)
        cells.append(at)
        volumes.append(dose.volume_mm3 / dose.volume_mm3.sum())
        muscles.append(name)
    box, volume = np.concatenate(boxes), np.concatenate(volumes)
    share = np.bincount(box, volume)
    mean = sp.csr_matrix((volume / share[box], (box, np.arange(len(box)))), shape=(len(share), len(box)))
    return Elements(tuple(muscles), np.concatenate(cells), mean, np.array(muscle_of), share)


def only_reached(influence: Influence, most_units: np.ndarray) -> Influence:
    """Without the elements that even ``most_units`` (needles,) would leave below ``REACHED`` in every draw: there nothing is blocked."""
    kinetics = [junction_kinetics(values, influence.template.product) for values in influence.draws]
    dose = np.einsum("j,dje->de", most_units, influence.dose_per_unit)
    ratios = [taken_up_ratio(d, k.potency, k.maximum_ratio, k.half_dose_units_per_mm3) for d, k in zip(dose, kinetics, strict=True)]
    kept = np.flatnonzero(np.max(ratios, axis=0) > REACHED * kinetics[0].threshold_ratio)
    old = influence.elements
    elements = replace(old, mean=old.mean[kept], muscle_of=old.muscle_of[kept], share=old.share[kept])
    return replace(influence, elements=elements, dose_per_unit=np.ascontiguousarray(influence.dose_per_unit[:, :, kept]))


def one_needle(injection: Injection) -> Session:
    """A session of one injection."""
    return Session(0.0, (injection,))
