"""Lines of one area over the years: folds of the day, a resting line that remembers, and one that grows with age."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from glabella.evidence import Parameters
from glabella.names import SIDES
from glabella.patient import Patient
from glabella.stages.skin import Skin
from glabella.stages.skin.strain import MEASURED, mean_compression
from glabella.stages.wrinkle.buckling import fold_amplitude, threshold_strain
from glabella.stages.wrinkle.grade import CONTRACTION, LineLaw, line_law, soft_layer_kpa
from glabella.stages.wrinkle.memory import remember
from glabella.stages.wrinkle.scale import Scale, wrinkle_scale
from glabella.years.ageing import DAYS_A_YEAR, Ageing, ageing_of


@dataclass(frozen=True)
class SkinState:
    """Of one area: the ``fast`` and ``slow`` memory of its folding (1 before treatment) and the depth ``grown_mm`` since."""

    fast: float = 1.0
    slow: float = 1.0
    grown_mm: float = 0.0


@dataclass(frozen=True)
class SkinCourse:
    """One area at ``days`` (t,): grades 0-3 and depths in mm at contraction and at rest, fine lines in mm, movement in percent."""

    days: np.ndarray
    grade_contraction: np.ndarray
    grade_rest: np.ndarray
    depth_contraction_mm: np.ndarray
    depth_rest_mm: np.ndarray
    fine_lines_contraction_mm: np.ndarray
    fine_lines_rest_mm: np.ndarray
    movement_percent: np.ndarray
    fast: np.ndarray
    slow: np.ndarray
    grown_mm: np.ndarray

    def state(self, end: int) -> SkinState:
        """What to carry on from day number ``end``."""
        return SkinState(float(self.fast[end]), float(self.slow[end]), float(self.grown_mm[end]))


@dataclass(frozen=True)
class AreaSkin:
    """What one area of one person's skin does with forces: all that does not change over the years."""

    skin: Skin
    area: str
    columns: np.ndarray
    newton: Mapping[str, np.ndarray]
    moved: tuple[np.ndarray, np.ndarray]
    law: LineLaw
    scale: Scale
    baseline: tuple[float, float]
    felt: float
    threshold: float
    fine: tuple[float, float]
    spread: float
    memory: tuple[float, float, float]
    ageing: Ageing

    def follow(self, days: np.ndarray, force: np.ndarray, state: SkinState) -> SkinCourse:
        """The area on ``days`` for ``force`` (t, followed muscles) as a share of untreated, from ``state`` on the first of them."""
        thickness = self.ageing.thickness(days)
        share = np.ones((len(self.newton["rest"]), len(days)))
        inside = self.columns >= 0
        share[self.columns[inside]] = force.T[inside]
        squeeze = {name: self._squeeze(newton[:, None] * share / thickness) for name, newton in self.newton.items()}
        fold = {name: self._fold(value) for name, value in squeeze.items()}
        drive = fold["contraction"] / self.law.first if self.law.first > 0 else np.ones(len(days))
        share_fast, fast_days, slow_days = self.memory
        fast = remember(days, drive, state.fast, fast_days)
        slow = remember(days, drive, state.slow, slow_days)
        folded = np.concatenate([[0.0], np.cumsum(np.diff(days) * (drive[:-1] + drive[1:]) / 2)])
        rate, part = self.ageing.growth_mm_per_year / DAYS_A_YEAR, self.ageing.folding_share
        grown = state.grown_mm + rate * (part * folded + (1 - part) * (days - days[0]))
        line = self.law.line_mm * (share_fast * fast + (1 - share_fast) * slow) + grown
        depth = {name: line + self.law.mm_per_fold * thickness * np.maximum(value - self.law.unseen, 0.0) for name, value in fold.items()}
        rest, contracted = self.baseline
        return SkinCourse(
            days=days,
            grade_contraction=self.scale.grade(depth["contraction"], contracted),
            grade_rest=self.scale.grade(depth["rest"], rest),
            depth_contraction_mm=depth["contraction"],
            depth_rest_mm=depth["rest"],
            fine_lines_contraction_mm=self._fine(squeeze["contraction"]),
            fine_lines_rest_mm=self._fine(squeeze["rest"]),
            movement_percent=self._movement(share),
            fast=fast,
            slow=slow,
            grown_mm=grown,
        )

    def _squeeze(self, newton: np.ndarray) -> np.ndarray:
        return mean_compression(self.skin, self.skin.areas[self.area], newton)

    def _fold(self, squeeze: np.ndarray) -> np.ndarray:
        return fold_amplitude(self.felt * squeeze, self.threshold, self.spread)

    def _fine(self, squeeze: np.ndarray) -> np.ndarray:
        threshold, thickness_mm = self.fine
        return thickness_mm * fold_amplitude(squeeze, threshold, self.spread)

    def _movement(self, share: np.ndarray) -> np.ndarray:
        size, whole = np.zeros(share.shape[1]), 0.0
        for at in self.moved:
            full = (self.newton["contraction"] - self.newton["rest"])[:, None] * at
            size = size + np.linalg.norm(share.T @ full, axis=1)
            whole = whole + float(np.linalg.norm(full.sum(0)))
        return 100 * size / whole if whole > 0 else np.zeros(share.shape[1])


def area_skin(skin: Skin, area: str, muscles: tuple[str, ...], patient: Patient, parameters: Parameters) -> AreaSkin:
    """The skin of ``area``, driven by the forces of ``muscles`` (those that do not move the skin are passed over)."""
    contraction = CONTRACTION[area]
    newton = {
        "rest": skin.tension_newton("rest", patient, parameters),
        "contraction": skin.tension_newton(contraction, patient, parameters),
    }
    felt, spread = parameters["fold_strain_ratio"], parameters["local_strain_sd_ln"]
    threshold = threshold_strain(parameters["dermis_modulus_kpa"], soft_layer_kpa(area, parameters))
    every = np.stack(list(newton.values()), axis=1)
    rest, contracted = fold_amplitude(felt * mean_compression(skin, skin.areas[area], every), threshold, spread)
    scale, baseline = wrinkle_scale(parameters), patient.baseline[area]
    return AreaSkin(
        skin=skin,
        area=area,
        columns=np.array([skin.muscles.index(name) if name in skin.muscles else -1 for name in muscles], dtype=np.intp),
        newton=newton,
        moved=(skin.at_point(f"{MEASURED[contraction]}_{SIDES[0]}"), skin.at_point(f"{MEASURED[contraction]}_{SIDES[1]}")),
        law=line_law(rest, contracted, scale.depth_mm(baseline.rest), scale.depth_mm(baseline.contraction)),
        scale=scale,
        baseline=(baseline.rest, baseline.contraction),
        felt=felt,
        threshold=threshold,
        fine=(
            threshold_strain(parameters["stratum_corneum_modulus_kpa"], parameters["dermis_modulus_kpa"]),
            parameters["stratum_corneum_thickness_mm"],
        ),
        spread=spread,
        memory=(parameters["resting_line_fast_share"], parameters["resting_line_fast_days"], parameters["resting_line_slow_days"]),
        ageing=ageing_of(parameters),
    )
