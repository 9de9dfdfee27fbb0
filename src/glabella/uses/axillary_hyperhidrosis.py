"""Axillary hyperhidrosis: a field of needles over a slab of skin -> dose at the glands -> junction -> sweat -> responders.

The area of effect comes from the spread stage. Sweat is in proportion to the endings that still release; sprouts behave as in muscle.
Two numbers belong to the site and are fitted: how sensitive the endings of glands are, and how much less people sweat with placebo.
How long the endings keep the block cannot be told from the rows marked calibrate: it stays as in the face.
"""

from collections.abc import Mapping

import numpy as np
from scipy.special import ndtr, ndtri

from glabella.uses.kinetics import TissueDose, block_site, people_of
from glabella.uses.placebo import placebo_course
from glabella.uses.skin_slab import Slab, SlabDose, slab_dose
from glabella.uses.tables import dosing_of

USE = "axillary_hyperhidrosis"
AXILLAE = 2
HALF_THE_SWEAT = 0.5  # the definition of a responder by gravimetry
BLOCKED = 0.5  # a column of skin counts to the area of effect when at least this share of its endings is blocked
QUANTILES = 400  # people between whom durations are read: numerical
LAST_DAY = 480
MODELLED = (
    "Spread of the fluid and the toxin between needles in a flat slab of skin; uptake at endings where glands lie.",
    "The junction of the face at those endings; responders from the sweat left and how much it varies between people.",
    "Sweating varies so much that a second weighing without any treatment would call some people responders: the curves start there.",
)
NOT_MODELLED = (
    "Glands outside the field of needles; folds of the axilla; compensatory sweating elsewhere; effect of earlier sessions.",
    "A persistence of its own at sweat glands: the rows marked calibrate do not tell it, so it stays as in the face and the miss is shown.",
)
CURVES = {
    "sweat_left": ("sweat left by the block alone, typical person", "percent"),
    "responders": ("people with at most half the sweat", "percent"),
    "responders_placebo": ("the same with placebo", "percent"),
    "hdss_responders": ("people better by two points of the severity scale", "percent"),
    "area_of_effect": ("skin between the needles with most endings blocked", "percent"),
}
FIGURES = {
    "responders_week_4": ("with at most half the sweat at week 4", "percent"),
    "responders_week_16": ("with at most half the sweat at week 16", "percent"),
    "hdss_week_4": ("better by two points of the severity scale at week 4", "percent"),
    "median_duration_days": ("median duration of that", "days"),
}


def axilla_slab(spacing_mm: float, values: Mapping[str, float]) -> Slab:
    """The slab of skin of this use."""
    return Slab(
        spacing_mm, values["axilla_depth_mm"], values["axilla_dermis_thickness_mm"], values["sweat_gland_from_mm"],
        values["sweat_gland_to_mm"],
    )  # fmt: skip


def gland_dose(product: str, units: float, values: Mapping[str, float]) -> tuple[SlabDose, float]:
    """Spread under one needle, and units per needle, of ``units`` shared by the needles of both axillae as labelled."""
    row = next(iter(dosing_of(USE, product)), None) or dosing_of(USE, "onabotulinumtoxinA")[0]
    spacing, depth, volume = row.spacing_mm or 0.0, row.depth_mm or 0.0, row.volume_ml_per_site or 0.0
    return slab_dose(axilla_slab(spacing, values), depth, volume, values), units / (row.sites or 1)


def sweat_left(product: str, units: float, days: np.ndarray, values: Mapping[str, float]) -> np.ndarray:
    """Share of the sweat that is left (people, days) by the block alone, for each of ``people_of``; 1 without units."""
    people = people_of(values)
    if not units:
        return np.ones((len(people.weight), len(days)))
    field, each = gland_dose(product, units, values)
    dose = {str(k): TissueDose(factor * each * field.dose_per_mm3[None], field.volume_mm3) for k, factor in enumerate(people.sensitivity)}
    site = {"sensitivity": values["sweat_gland_sensitivity"], "persistence": values["sweat_gland_persistence"]}
    active = block_site(dose, product, days, values, **site).active
    return np.array([active[str(k)] for k in range(len(people.weight))])


def responders_percent(
    product: str, units: float, days: np.ndarray, values: Mapping[str, float], most_left: float | None = None
) -> np.ndarray:
    """Share of people (days,) in percent whose sweat is at most ``most_left`` of what it was; half of it, by gravimetry, unless given."""
    limit = HALF_THE_SWEAT if most_left is None else most_left
    middle = np.log(sweat_left(product, units, days, values)) + values["sweat_placebo_ln"] * placebo_course(days, values)
    return 100 * (people_of(values).weight @ ndtr((np.log(limit) - middle) / values["sweat_change_sd_ln"]))


def hdss_responders_percent(product: str, units: float, days: np.ndarray, values: Mapping[str, float]) -> np.ndarray:
    """Share of people (days,) in percent whose severity scale has fallen by two points."""
    return responders_percent(product, units, days, values, values["hdss_two_points_sweat_left"])


def median_duration_days(product: str, units: float, values: Mapping[str, float]) -> float | None:
    """Median day on which those whose scale had fallen by two points at week 4 lose that; a person's own luck stays the same.

    None: more than half still have it on ``LAST_DAY``, or nobody ever had.
    """
    days = np.arange(28.0, LAST_DAY + 1)
    middle = np.log(sweat_left(product, units, days, values)) + values["sweat_placebo_ln"] * placebo_course(days, values)
    own = values["sweat_change_sd_ln"] * ndtri((np.arange(QUANTILES) + 0.5) / QUANTILES)
    good = middle[:, None, :] + own[None, :, None] <= np.log(values["hdss_two_points_sweat_left"])  # people, luck, days
    weight = np.repeat(people_of(values).weight, QUANTILES).reshape(len(middle), QUANTILES) * good[:, :, 0]
    still = np.cumprod(good, axis=2)
    if not weight.any():
        return None
    alive = np.einsum("kq,kqd->d", weight, still) / weight.sum()
    below = np.flatnonzero(alive <= 0.5)
    return float(days[below[0]]) if len(below) else None


def area_of_effect(product: str, units: float, days: np.ndarray, values: Mapping[str, float]) -> np.ndarray:
    """Share of the skin between the needles (days,) in percent under which at least half of the glands' endings are blocked."""
    if not units:
        return np.zeros(len(days))
    field, each = gland_dose(product, units, values)
    columns = [np.flatnonzero(field.column == k) for k in np.unique(field.column)]
    dose = {str(k): TissueDose(each * field.dose_per_mm3[at][None], field.volume_mm3[at]) for k, at in enumerate(columns)}
    site = {"sensitivity": values["sweat_gland_sensitivity"], "persistence": values["sweat_gland_persistence"]}
    blocked = block_site(dose, product, days, values, **site).blocked
    return 100 * np.mean([blocked[str(k)] >= BLOCKED for k in range(len(columns))], axis=0)


def curves(product: str, units: float, days: np.ndarray, values: Mapping[str, float]) -> dict[str, np.ndarray]:
    """Every curve of ``CURVES`` (days,)."""
    return {
        "sweat_left": 100 * sweat_left(product, units, days, values)[len(people_of(values).weight) // 2],
        "responders": responders_percent(product, units, days, values),
        "responders_placebo": responders_percent(product, 0.0, days, values),
        "hdss_responders": hdss_responders_percent(product, units, days, values),
        "area_of_effect": area_of_effect(product, units, days, values),
    }


def figures(product: str, units: float, values: Mapping[str, float]) -> dict[str, float | None]:
    """Every figure of ``FIGURES``."""
    days = np.array([28.0, 112.0])
    responders = responders_percent(product, units, days, values)
    return {
        "responders_week_4": float(responders[0]),
        "responders_week_16": float(responders[1]),
        "hdss_week_4": float(hdss_responders_percent(product, units, days, values)[0]),
        "median_duration_days": median_duration_days(product, units, values),
    }
