"""Side effects with a mechanism: a structure that should not be weakened is reached by enough toxin to be noticed."""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from scipy.special import ndtr

DOSE_NODES = np.geomspace(1e-9, 1e2, 441)  # units/mm3 at which the block is tabulated: numerical
PERSON_NODES, PERSON_WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
PERSON_WEIGHTS = PERSON_WEIGHTS / PERSON_WEIGHTS.sum()
STRUCTURES = tuple(
    f"{name}_{side}"
    for name in ("levator_palpebrae_superioris", "orbicularis_oculi_palpebral", "zygomaticus_major")
    for side in ("left", "right")
)
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
class _Words:
    onset: str
    duration: str
    seriousness: str
    source: str


@cache
def _words() -> Mapping[str, _Words]:
    with resources.files("glabella.evidence").joinpath("computed_effects.csv").open("r", encoding="utf-8") as file:
        return {row["effect"]: _Words(row["onset"], row["duration"], row["seriousness"], row["source"]) for row in csv.DictReader(file)}


def rate_unwanted(
    doses: Mapping[str, np.ndarray], brow_drop_mm: np.ndarray, peak_block: PeakBlock, parameter_draws: Sequence[Mapping[str, float]]
) -> dict[str, ComputedRisk]:
    """Probability per person of each computed effect.

    ``doses``: mean dose (draws,) in units/mm3 to each structure of ``STRUCTURES`` over placements; ``brow_drop_mm`` (samples,):
    largest drop of any point of either brow; ``peak_block(dose, parameters)``: blocked share at its peak; ``parameter_draws``: the
    first is the nominal one, the others give the band.
    """
    lid, eye, smile = [], [], []
    for parameters in parameter_draws:
        block = np.maximum.accumulate(peak_block(DOSE_NODES, parameters))
        sd = max(parameters["person_sensitivity_sd_ln"], 1e-6)
        either = _either_side(doses, block, sd)
        lid.append(either("levator_palpebrae_superioris", parameters["lid_drop_visible_mm"] / parameters["lid_drop_when_blocked_mm"]))
        eye.append(either("orbicularis_oculi_palpebral", parameters["blink_weakness_noticed"]))
        smile.append(_asymmetry(doses, block, sd, parameters["smile_weakness_noticed"]))
    found = {name: _risk(name, values) for name, values in (("eyelid_ptosis", lid), ("dry_eye", eye), ("asymmetric_smile", smile))}
    drop = np.log(np.maximum(brow_drop_mm, 1e-6))
    brow = [float(ndtr((drop - np.log(p["brow_drop_visible_mm"])) / p["brow_drop_person_sd_ln"]).mean()) for p in parameter_draws]
    found["brow_ptosis"] = _risk("brow_ptosis", brow)
    return found


def _either_side(doses: Mapping[str, np.ndarray], block: np.ndarray, sd: float) -> Callable[[str, float], float]:
    def probability(structure: str, needed: float) -> float:
        if block[-1] < needed:
            return 0.0
        threshold = float(np.exp(np.interp(needed, block, np.log(DOSE_NODES))))
        miss = np.ones_like(next(iter(doses.values())))
        for side in ("left", "right"):
            miss = miss * (1 - ndtr((np.log(np.maximum(doses[f"{structure}_{side}"], 1e-300)) - np.log(threshold)) / sd))
        return float(1 - miss.mean())

    return probability


def _asymmetry(doses: Mapping[str, np.ndarray], block: np.ndarray, sd: float, noticed: float) -> float:
    total = 0.0
    for node, weight in zip(PERSON_NODES, PERSON_WEIGHTS, strict=True):
        left, right = (
            np.interp(np.log(np.maximum(doses[f"zygomaticus_major_{side}"], 1e-300)) + sd * node, np.log(DOSE_NODES), block)
            for side in ("left", "right")
        )
        total += weight * float((np.abs(left - right) >= noticed).mean())
    return total


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
