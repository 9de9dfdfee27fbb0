"""Side effects with a mechanism: a structure that should not be weakened is reached by enough toxin to be noticed."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from scipy.special import ndtr

from glabella.stages.unwanted.brow import BrowChange
from glabella.stages.unwanted.mechanisms import BROW_MECHANISMS, LATERAL_RECTUS, MUSCLE_MECHANISMS

DOSE_NODES = np.geomspace(1e-9, 1e2, 441)  # units/mm3 at which the block is tabulated: numerical
LOWEST_LN, STEP_LN = float(np.log(DOSE_NODES[0])), float(np.log(DOSE_NODES[-1] / DOSE_NODES[0])) / (len(DOSE_NODES) - 1)
PERSON_NODES, PERSON_WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
PERSON_WEIGHTS = PERSON_WEIGHTS / PERSON_WEIGHTS.sum()
MAPPED = {row.effect: row.structure for row in MUSCLE_MECHANISMS if row.structure != LATERAL_RECTUS}  # these can be mapped by adjoint
PeakBlock = Callable[[np.ndarray, Mapping[str, float]], np.ndarray]


@dataclass(frozen=True)
class ComputedRisk:
    """Probability per person of one effect with its 90 % band over the parameters, and the words that go with it.

    ``values``: the probability for each draw of the parameters, the nominal ones first.
    """

    effect: str
    value: float
    low: float
    high: float
    onset: str
    duration: str
    seriousness: str
    source: str
    values: tuple[float, ...]


@dataclass(frozen=True)
class EffectWords:
    """When an effect begins, how long it lasts, how serious it is, and the source of that."""

    onset: str
    duration: str
    seriousness: str
    source: str


@cache
def _words() -> Mapping[str, EffectWords]:
    with resources.files("glabella.evidence").joinpath("computed_effects.csv").open("r", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {row["effect"]: EffectWords(row["onset"], row["duration"], row["seriousness"], row["source"]) for row in rows}


def effect_words(effect: str) -> EffectWords:
    """The words that go with a computed effect."""
    return _words()[effect]


def rate_unwanted(
    doses: Mapping[str, np.ndarray], brows: BrowChange, peak_block: PeakBlock, parameter_draws: Sequence[Mapping[str, float]]
) -> dict[str, ComputedRisk]:
    """Probability per person of each computed effect: ``rate_muscles`` and ``rate_brows``."""
    return rate_muscles(doses, peak_block, parameter_draws) | rate_brows(brows, parameter_draws)


def rate_muscles(
    doses: Mapping[str, np.ndarray], peak_block: PeakBlock, parameter_draws: Sequence[Mapping[str, float]]
) -> dict[str, ComputedRisk]:
    """Probability per person of each effect of a weakened muscle.

    ``doses``: mean dose (draws,) in units/mm3 to each structure of ``STRUCTURES`` over placements; ``peak_block(dose, parameters)``:
    blocked share at its peak; ``parameter_draws``: the first is the nominal one, the others give the band.
    """
    found: dict[str, list[float]] = {row.effect: [] for row in MUSCLE_MECHANISMS}
    for parameters in parameter_draws:
        block = np.maximum.accumulate(peak_block(DOSE_NODES, parameters))
        sd = max(parameters["person_sensitivity_sd_ln"], 1e-6)
        for row in MUSCLE_MECHANISMS:
            sides = [doses[f"{row.structure}_{side}"] for side in ("left", "right")]
            noticed = row.noticed(parameters)
            if row.law == "sides_differ":
                chance = sum(weight * float(differs.mean()) for weight, differs in _differing(sides, block, sd, noticed))
            else:
                chance = float(1 - _spared(sides, block, sd, noticed).mean())
            found[row.effect].append(chance)
    return {effect: _risk(effect, values) for effect, values in found.items()}


def rate_brows(brows: BrowChange, parameter_draws: Sequence[Mapping[str, float]]) -> dict[str, ComputedRisk]:
    """Probability per person of each effect on the brows, from how they stand in each run; what only the scatter of the needles can cause
    is left out where the runs have none."""
    found = {}
    for brow in BROW_MECHANISMS:
        if brows.sampled or not brow.needs_samples:
            moved = np.log(np.maximum(getattr(brows, brow.measure), 1e-6))
            chances = [float(ndtr((moved - np.log(p[brow.visible])) / p["brow_drop_person_sd_ln"]).mean()) for p in parameter_draws]
            found[brow.effect] = _risk(brow.effect, chances)
    return found


def chance_of(effect: str, peak_block: PeakBlock, parameters: Mapping[str, float]) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Chance per placement of one effect of ``MAPPED``: a function of the doses (n,) to its structure on the left and on the right."""
    block = np.maximum.accumulate(peak_block(DOSE_NODES, parameters))
    sd = max(parameters["person_sensitivity_sd_ln"], 1e-6)
    row = next(row for row in MUSCLE_MECHANISMS if row.effect == effect)
    noticed = row.noticed(parameters)
    if row.law == "sides_differ":
        return lambda left, right: sum((w * differs for w, differs in _differing((left, right), block, sd, noticed)), np.zeros(len(left)))
    return lambda left, right: 1 - _spared((left, right), block, sd, noticed)


def _spared(doses: Sequence[np.ndarray], block: np.ndarray, sd: float, needed: float) -> np.ndarray:
    """Chance (n,) that neither side is blocked by the share ``needed``."""
    miss = np.ones_like(doses[0])
    if block[-1] < needed:
        return miss
    threshold = float(np.exp(np.interp(needed, block, np.log(DOSE_NODES))))
    for dose in doses:
        miss = miss * (1 - ndtr((np.log(np.maximum(dose, 1e-300)) - np.log(threshold)) / sd))
    return miss


def _differing(doses: Sequence[np.ndarray], block: np.ndarray, sd: float, noticed: float) -> Iterator[tuple[float, np.ndarray]]:
    """People by sensitivity: their weight, and at which placements (n,) their sides differ by the share ``noticed``."""
    logs = [np.log(np.maximum(dose, 1e-300)) for dose in doses]
    for node, weight in zip(PERSON_NODES, PERSON_WEIGHTS, strict=True):
        left, right = (_block_at(log_dose + sd * node, block) for log_dose in logs)
        yield weight, np.abs(left - right) >= noticed


def _block_at(log_dose: np.ndarray, block: np.ndarray) -> np.ndarray:
    """``block`` (nodes,) between its evenly spaced nodes, constant beyond them: numpy's interp without a search."""
    place = np.clip((log_dose - LOWEST_LN) / STEP_LN, 0.0, len(block) - 1)
    node = np.minimum(place.astype(np.intp), len(block) - 2)
    low = block[node]
    return low + (place - node) * (block[node + 1] - low)


def _risk(effect: str, values: Sequence[float]) -> ComputedRisk:
    words = _words()[effect]
    low, high = np.quantile(values, [0.05, 0.95])
    return ComputedRisk(
        effect,
        values[0],
        min(float(low), values[0]),
        max(float(high), values[0]),
        words.onset,
        words.duration,
        words.seriousness,
        words.source,
        tuple(values),
    )
