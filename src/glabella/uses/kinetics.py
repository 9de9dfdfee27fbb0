"""The face's junction and muscle at another site: which product, how sensitive its endings, how long they keep the block."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from glabella.stages.junction import block_junctions
from glabella.stages.junction.blockade import Blockade
from glabella.stages.junction.products import REFERENCE
from glabella.stages.muscle import weaken_muscles
from glabella.uses.tables import TYPE_B

HALF_LIVES = ("light_chain_half_life_days", "slow_ending_half_life_days")
PEOPLE_NODES = 7  # Gauss-Hermite nodes of the spread between people: numerical
ELEMENTS = 61  # quantiles of a log-normal dose: numerical


@dataclass(frozen=True)
class TissueDose:
    """Uptake dose (sessions, n) in units per mm3 of the elements of a target and their volume (n,)."""

    dose_units_per_mm3: np.ndarray
    volume_mm3: np.ndarray


@dataclass(frozen=True)
class People:
    """Effective dose of typical people relative to the middle one (n,) and how many of all they stand for (n,), in sum 1."""

    sensitivity: np.ndarray
    weight: np.ndarray


def people_of(values: Mapping[str, float]) -> People:
    """How people differ in the effective dose: the row of the face."""
    node, weight = np.polynomial.hermite_e.hermegauss(PEOPLE_NODES)
    return People(np.exp(values["person_sensitivity_sd_ln"] * node), weight / weight.sum())


def log_normal_dose(mean_units_per_mm3: float, sd_ln: float) -> TissueDose:
    """Elements of equal volume whose dose is log-normal, with exactly this mean."""
    z = np.linspace(-4, 4, ELEMENTS)
    weight = np.exp(-z * z / 2)
    dose = np.exp(sd_ln * z)
    return TissueDose(mean_units_per_mm3 * (dose / (np.average(dose, weights=weight)))[None], weight)


def block_site(
    dose: Mapping[str, TissueDose],
    product: str,
    days: np.ndarray,
    values: Mapping[str, float],
    *,
    sensitivity: float = 1.0,
    persistence: float = 1.0,
) -> Blockade:
    """Blocked and active endings of each target after one session on day 0, by the junction of the face.

    ``sensitivity`` multiplies the dose, ``persistence`` the half-lives. Type B is followed as the reference product with its own row for
    each; what it cleaves is another protein, so this is its time course and not its mechanism.
    """
    if product == TYPE_B:
        sensitivity = sensitivity * values[f"{TYPE_B}_potency_per_unit"]
        persistence = persistence * values[f"{TYPE_B}_half_life_factor"]
        product = REFERENCE
    values = {**values, **{name: persistence * values[name] for name in HALF_LIVES}} if persistence != 1 else values
    scaled = {name: TissueDose(sensitivity * part.dose_units_per_mm3, part.volume_mm3) for name, part in dose.items()}
    return block_junctions(scaled, np.zeros(1), days, values, product)


def force_loss(
    dose: Mapping[str, TissueDose], pull: Mapping[str, float], product: str, days: np.ndarray, values: Mapping[str, float]
) -> np.ndarray:
    """Share of the force lost (people, days) by muscles that share the pull as ``pull`` says, for each of ``people_of``."""
    people = people_of(values)
    many = {
        f"{name} {k}": TissueDose(each * part.dose_units_per_mm3, part.volume_mm3)
        for k, each in enumerate(people.sensitivity)
        for name, part in dose.items()
    }
    force = weaken_muscles(block_site(many, product, days, values), values).force
    total = sum(pull.values())
    return np.array([sum(share * (1 - force[f"{name} {k}"]) for name, share in pull.items()) / total for k in range(len(people.weight))])
