"""Side effects as a function of the units: the dose of each structure is a sum over needles, so the probability has a derivative.

The law is ``stages.unwanted.computed``'s at the nominal parameters; here only its derivative by the units is new.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr

from glabella.evidence import Parameters
from glabella.names import SIDES
from glabella.plan import Plan
from glabella.planner.objectives import Chance
from glabella.stages.junction import blocked_share
from glabella.stages.unwanted import STRUCTURES, NeedleMap, draw_placements, map_reach, structure_doses
from glabella.stages.unwanted.computed import DOSE_NODES, PERSON_NODES, PERSON_WEIGHTS
from glabella.treatment import PEAK_DAYS, Person

PLACEMENTS = 8_192  # per needle: the planner's own, fewer than a simulation's
SOFT_ASYMMETRY = 0.02  # width over which a difference of the smile counts as partly noticed while planning: numerical


@dataclass(frozen=True)
class Risk:
    """``dose_per_unit``: structure -> (placements, needles) dose in units/mm3 of one unit; ``block`` the peak block at ``DOSE_NODES``.

    ``maps``: each needle's reach; ``offsets_mm`` (placements, needles, 3); ``map_units`` (needles,): the units that the maps hold.
    """

    nominal: Parameters
    dose_per_unit: Mapping[str, np.ndarray]
    block: np.ndarray
    maps: tuple[NeedleMap, ...]
    offsets_mm: np.ndarray
    map_units: np.ndarray

    def moved(self, needle: int, left_mm: float, up_mm: float) -> "Risk":
        """The same with one needle aimed elsewhere along the skin, by the map of its reach."""
        shift = np.array([left_mm, up_mm, 0.0])
        doses = structure_doses(STRUCTURES, (self.maps[needle],), self.offsets_mm[:, needle : needle + 1] + shift, self.nominal)
        changed = {name: per_unit.copy() for name, per_unit in self.dose_per_unit.items()}
        for name, dose in doses.items():
            changed[name][:, needle] = dose / self.map_units[needle]
        return replace(self, dose_per_unit=changed)

    def chance(self, effect: str, units: np.ndarray, directions: np.ndarray | None = None) -> Chance:
        """Probability per person of one effect by dose, and its derivative by each variable."""
        values = self.nominal
        if effect == "eyelid_ptosis":
            needed = values["lid_drop_visible_mm"] / values["lid_drop_when_blocked_mm"]
            return self._either("levator_palpebrae_superioris", needed, units, directions)
        if effect == "dry_eye":
            return self._either("orbicularis_oculi_palpebral", values["blink_weakness_noticed"], units, directions)
        return self._asymmetry(values["smile_weakness_noticed"], units, directions)

    def brow_ptosis(self, drop_mm: np.ndarray, slope: np.ndarray | None) -> Chance:
        """Probability that the largest drop of a brow (draws,) is seen; ``slope`` (draws, variables) its derivative."""
        sd, seen = self.nominal["brow_drop_person_sd_ln"], self.nominal["brow_drop_visible_mm"]
        drop = np.maximum(drop_mm, 1e-6)
        z = (np.log(drop) - np.log(seen)) / sd
        value = float(ndtr(z).mean())
        if slope is None:
            return Chance(value)
        by = np.where(drop_mm > 1e-6, _density(z) / (sd * drop), 0.0)
        return Chance(value, by @ slope / len(drop))

    def _either(self, structure: str, needed: float, units: np.ndarray, directions: np.ndarray | None) -> Chance:
        """Whether either side takes up enough; people differ in what is enough."""
        if self.block[-1] < needed:
            return Chance(0.0, None if directions is None else np.zeros(directions.shape[1]))
        threshold = np.interp(needed, self.block, np.log(DOSE_NODES))
        sd = max(self.nominal["person_sensitivity_sd_ln"], 1e-6)
        spared, slopes = [], []
        for side in SIDES:
            per_unit = self.dose_per_unit[f"{structure}_{side}"]
            dose = per_unit @ units
            z = (np.log(np.maximum(dose, 1e-300)) - threshold) / sd
            spared.append(1 - ndtr(z))
            if directions is not None:
                slopes.append((-_density(z) / (sd * np.maximum(dose, 1e-300)))[:, None] * (per_unit @ directions))
        value = float(1 - (spared[0] * spared[1]).mean())
        if directions is None:
            return Chance(value)
        return Chance(value, -(slopes[0] * spared[1][:, None] + slopes[1] * spared[0][:, None]).mean(0))

    def _asymmetry(self, noticed: float, units: np.ndarray, directions: np.ndarray | None) -> Chance:
        """Whether one side of the smile is noticeably weaker; smoothed over ``SOFT_ASYMMETRY`` while there are ``directions``."""
        sd, nodes = self.nominal["person_sensitivity_sd_ln"], np.log(DOSE_NODES)
        steepness = np.gradient(self.block, nodes)
        total, total_slope = 0.0, 0.0
        for node, weight in zip(PERSON_NODES, PERSON_WEIGHTS, strict=True):
            blocks, slopes = [], []
            for side in SIDES:
                per_unit = self.dose_per_unit[f"zygomaticus_major_{side}"]
                dose = per_unit @ units
                at = np.log(np.maximum(dose, 1e-300)) + sd * node
                blocks.append(np.interp(at, nodes, self.block))
                if directions is not None:
                    slopes.append((np.interp(at, nodes, steepness) / np.maximum(dose, 1e-300))[:, None] * (per_unit @ directions))
            gap = blocks[0] - blocks[1]
            if directions is None:
                total += weight * float((np.abs(gap) >= noticed).mean())
                continue
            z = (np.abs(gap) - noticed) / SOFT_ASYMMETRY
            total += weight * float(ndtr(z).mean())
            by = weight * _density(z) / SOFT_ASYMMETRY * np.sign(gap)
            total_slope = total_slope + by @ (slopes[0] - slopes[1]) / len(gap)
        return Chance(float(total), None if directions is None else np.asarray(total_slope))


def build_risk(person: Person, template: Plan, parameters: Parameters, seed: int) -> Risk:
    """Map what every needle of ``template`` (one session) would send to each structure at risk, over the scatter of the needles."""
    session = template.sessions[0]
    sites = [injection.site for injection in session.injections]
    needles = map_reach(STRUCTURES, session, template, person.anatomy, person.spread, parameters)
    offsets = draw_placements(sites, PLACEMENTS, seed, 0, parameters).offsets_mm
    each = [structure_doses(STRUCTURES, (needle,), offsets[:, n : n + 1], parameters) for n, needle in enumerate(needles)]
    units = [injection.units for injection in session.injections]
    doses = {name: np.stack([dose[name] / u for dose, u in zip(each, units, strict=True)], axis=1) for name in STRUCTURES}
    block = np.maximum.accumulate(blocked_share(DOSE_NODES, PEAK_DAYS, parameters, template.product).max(-1))
    return Risk(parameters, doses, block, needles, offsets, np.array(units))


def _density(z: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)
