"""Side effects with a mechanism: a structure that should not be weakened is reached by enough toxin to be noticed."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
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
MAPPED = {  # effects that are the dose to one pair of structures: these can be mapped by adjoint
    "eyelid_ptosis": "levator_palpebrae_superioris",
    "dry_eye": "orbicularis_oculi_palpebral",
    "asymmetric_smile": "zygomaticus_major",
}
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


def chance_of(effect: str, peak_block: PeakBlock, parameters: Mapping[str, float]) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Chance per placement of one effect of ``MAPPED``: a function of the doses (n,) to its structure on the left and on the right."""
    block = np.maximum.accumulate(peak_block(DOSE_NODES, parameters))
    sd = max(parameters["person_sensitivity_sd_ln"], 1e-6)
    if effect == "asymmetric_smile":
        noticed = parameters["smile_weakness_noticed"]
        return lambda left, right: sum((w * differs for w, differs in _differing((left, right), block, sd, noticed)), np.zeros(len(left)))
    needed = (
        parameters["lid_drop_visible_mm"] / parameters["lid_drop_when_blocked_mm"]
        if effect == "eyelid_ptosis"
        else parameters["blink_weakness_noticed"]
    )
    return lambda left, right: 1 - _spared((left, right), block, sd, needed)


def _either_side(doses: Mapping[str, np.ndarray], block: np.ndarray, sd: float) -> Callable[[str, float], float]:
    def probability(structure: str, needed: float) -> float:
        return float(1 - _spared([doses[f"{structure}_{side}"] for side in ("left", "right")], block, sd, needed).mean())

    return probability


def _spared(doses: Sequence[np.ndarray], block: np.ndarray, sd: float, needed: float) -> np.ndarray:
    """Chance (n,) that neither side is blocked by the share ``needed``."""
    miss = np.ones_like(doses[0])
    if block[-1] < needed:
        return miss
    threshold = float(np.exp(np.interp(needed, block, np.log(DOSE_NODES))))
    for dose in doses:
        miss = miss * (1 - ndtr((np.log(np.maximum(dose, 1e-300)) - np.log(threshold)) / sd))
    return miss


def _asymmetry(doses: Mapping[str, np.ndarray], block: np.ndarray, sd: float, noticed: float) -> float:
    sides = [doses[f"zygomaticus_major_{side}"] for side in ("left", "right")]
    return sum(weight * float(differs.mean()) for weight, differs in _differing(sides, block, sd, noticed))


def _differing(doses: Sequence[np.ndarray], block: np.ndarray, sd: float, noticed: float) -> Iterator[tuple[float, np.ndarray]]:
    """People by sensitivity: their weight, and at which placements (n,) their sides differ by the share ``noticed``."""
    for node, weight in zip(PERSON_NODES, PERSON_WEIGHTS, strict=True):
        left, right = (np.interp(np.log(np.maximum(dose, 1e-300)) + sd * node, np.log(DOSE_NODES), block) for dose in doses)
        yield weight, np.abs(left - right) >= noticed


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
