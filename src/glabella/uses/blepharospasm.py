"""Blepharospasm: a field of needles over the lid -> dose in the orbicularis -> junction -> force of lid closure.

No row of the evidence is marked calibrate, so nothing is fitted here: the kinetics, spread and muscle are the face's. There is no
clinical scale, only when an effect is felt, when it is deepest, and when it is felt no more.
"""

from collections.abc import Mapping

import numpy as np

from glabella.uses.kinetics import TissueDose, force_loss, people_of
from glabella.uses.skin_slab import Slab, slab_dose
from glabella.uses.tables import dosing_of

USE = "blepharospasm"
MUSCLE = "orbicularis_oculi_palpebral"
LAST_DAY = 400
MODELLED = ("Spread between needles in a flat lid, junction and muscle of the face: the force with which the lids close.",)
NOT_MODELLED = (
    "A clinical scale: no row to calibrate one was found. An effect counts from a loss of force that is assumed.",
    "Ptosis, dry eye and double vision after treatment of the lids; the shape of the lid.",
)
CURVES = {"lid_force": ("force of lid closure", "percent")}
FIGURES = {
    "onset": ("an effect is felt from", "days"),
    "peak": ("95 % of the deepest effect by", "days"),
    "duration": ("an effect is felt until", "days"),
    "deepest": ("force lost at the deepest", "percent"),
}


def lid_force_loss(product: str, units: float, days: np.ndarray, values: Mapping[str, float]) -> np.ndarray:
    """Share of the force of lid closure lost (people, days); ``units`` are those of both eyes. 0 without units."""
    if not units:
        return np.zeros((len(people_of(values).weight), len(days)))
    row = dosing_of(USE, product)[0]
    skin, muscle = values["lid_skin_thickness_mm"], values["lid_muscle_thickness_mm"]
    slab = Slab(values["lid_site_spacing_mm"], skin + muscle + values["lid_behind_muscle_mm"], skin, skin, skin + muscle)
    field = slab_dose(slab, skin + muscle / 2, row.volume_ml_per_site or 0.0, values, step_mm=muscle / 4)
    each = (1 - values["lid_fluid_lost_share"]) * units / (row.sites or 1)
    dose = {MUSCLE: TissueDose(each * field.dose_per_mm3[None], field.volume_mm3)}
    return force_loss(dose, {MUSCLE: 1.0}, product, days, values)


def effect_times(product: str, units: float, values: Mapping[str, float]) -> dict[str, float | None]:
    """Days from treatment to: the effect is felt (``onset``), 95 % of the deepest (``peak``), felt no more (``duration``).

    None: not within ``LAST_DAY``. Where no effect is felt there is no onset and no peak, and the duration is 0.
    """
    days = np.arange(0.0, LAST_DAY + 0.5, 0.5)
    lost = people_of(values).weight @ lid_force_loss(product, units, days, values)
    felt = np.flatnonzero(lost >= values["lid_force_loss_felt"])
    if not len(felt):
        return {"onset": None, "peak": None, "duration": 0.0}
    deep = np.flatnonzero(lost >= 0.95 * lost.max())
    over = float(days[felt[-1]]) if felt[-1] < len(days) - 1 else None
    return {"onset": float(days[felt[0]]), "peak": float(days[deep[0]]), "duration": over}


def curves(product: str, units: float, days: np.ndarray, values: Mapping[str, float]) -> dict[str, np.ndarray]:
    """Every curve of ``CURVES`` (days,)."""
    return {"lid_force": 100 * (1 - people_of(values).weight @ lid_force_loss(product, units, days, values))}


def figures(product: str, units: float, values: Mapping[str, float]) -> dict[str, float | None]:
    """Every figure of ``FIGURES``."""
    days = np.arange(0.0, 121.0)
    deepest = float((people_of(values).weight @ lid_force_loss(product, units, days, values)).max())
    return {**effect_times(product, units, values), "deepest": 100 * deepest}
