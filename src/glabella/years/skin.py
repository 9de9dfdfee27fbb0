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

Places = np.ndarray | slice  # indices of days


@dataclass(frozen=True)
class SkinState:
    """Of one area: the ``fast`` and ``slow`` memory of its folding (1 before treatment) and the depth ``grown_mm`` since."""

    fast: float = 1.0
    slow: float = 1.0
    grown_mm: float = 0.0


TOLD = (
    "grade_contraction", "grade_rest", "depth_contraction_mm", "depth_rest_mm", "fine_lines_contraction_mm", "fine_lines_rest_mm",
    "movement_percent",
)  # fmt: skip


SMOOTH = "depth_rest_smooth_mm"  # at rest, had there been no line at rest before


@dataclass(frozen=True)
class SkinCourse:
    """One area at ``days`` (t,): grade 0-3 and depth at contraction, movement in percent of before, and what makes the line at rest."""

    area: "AreaSkin"
    days: np.ndarray
    share: np.ndarray
    squeeze: np.ndarray
    line_mm: np.ndarray
    depth_contraction_mm: np.ndarray
    grade_contraction: np.ndarray
    movement_percent: np.ndarray
    fast: np.ndarray
    slow: np.ndarray
    grown_mm: np.ndarray

    def state(self, end: int) -> SkinState:
        """What to carry on from day number ``end``."""
        return SkinState(float(self.fast[end]), float(self.slow[end]), float(self.grown_mm[end]))

    def told(self, at: Places) -> dict[str, np.ndarray]:
        """Everything in ``TOLD`` and ``SMOOTH`` on the days ``at``: grades, depths and fine lines in mm, movement in percent.

        A skin that was smooth at rest folds the same, so that its line is what has grown and what the folding of the day adds to it.
        """
        area, thickness = self.area, self.area.ageing.thickness(self.days[at])
        rest = area.squeeze("rest", self.share[:, at], thickness)
        fold = area.fold(rest)
        depth_rest = self.line_mm[at] + fold_mm(area.law, fold, thickness)
        values = (
            self.grade_contraction[at], area.scale.grade(depth_rest, area.baseline[0]), self.depth_contraction_mm[at], depth_rest,
            area.fine_mm(self.squeeze[at]), area.fine_mm(rest), self.movement_percent[at],
        )  # fmt: skip
        return {**dict(zip(TOLD, values, strict=True)), SMOOTH: self.grown_mm[at] + fold_mm(area.smooth, fold, thickness)}


@dataclass(frozen=True)
class AreaSkin:
    """What one area of one person's skin does with forces: all that does not change over the years.

    ``law``: of the line that is there; ``smooth``: had there been none at rest, with the same line at contraction.
    """

    skin: Skin
    area: str
    columns: np.ndarray
    newton: Mapping[str, np.ndarray]
    moved: tuple[np.ndarray, np.ndarray]
    law: LineLaw
    smooth: LineLaw
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
        squeeze = self.squeeze("contraction", share, thickness)
        fold = self.fold(squeeze)
        drive = fold / self.law.first if self.law.first > 0 else np.ones(len(days))
        share_fast, fast_days, slow_days = self.memory
        fast = remember(days, drive, state.fast, fast_days)
        slow = remember(days, drive, state.slow, slow_days)
        folded = np.concatenate([[0.0], np.cumsum(np.diff(days) * (drive[:-1] + drive[1:]) / 2)])
        rate, part = self.ageing.growth_mm_per_year / DAYS_A_YEAR, self.ageing.folding_share
        grown = state.grown_mm + rate * (part * folded + (1 - part) * (days - days[0]))
        line = self.law.line_mm * (share_fast * fast + (1 - share_fast) * slow) + grown
        depth = line + fold_mm(self.law, fold, thickness)
        grade = self.scale.grade(depth, self.baseline[1])
        return SkinCourse(self, days, share, squeeze, line, depth, grade, self._movement(share), fast, slow, grown)

    def squeeze(self, expression: str, share: np.ndarray, thickness: np.ndarray) -> np.ndarray:
        """Mean compressive strain (t,) at 'rest' or 'contraction' for forces (muscles, t); a thinner skin yields more to the same pull."""
        return mean_compression(self.skin, self.skin.areas[self.area], self.newton[expression][:, None] * share / thickness)

    def fold(self, squeeze: np.ndarray) -> np.ndarray:
        """Amplitude of the graded folds in thicknesses of the dermis."""
        return fold_amplitude(self.felt * squeeze, self.threshold, self.spread)

    def fine_mm(self, squeeze: np.ndarray) -> np.ndarray:
        """Amplitude of the folds of the stratum corneum."""
        threshold, thickness_mm = self.fine
        return thickness_mm * fold_amplitude(squeeze, threshold, self.spread)

    def _movement(self, share: np.ndarray) -> np.ndarray:
        size, whole = np.zeros(share.shape[1]), 0.0
        for at in self.moved:
            full = (self.newton["contraction"] - self.newton["rest"])[:, None] * at
            size = size + np.linalg.norm(share.T @ full, axis=1)
            whole = whole + float(np.linalg.norm(full.sum(0)))
        return 100 * size / whole if whole > 0 else np.zeros(share.shape[1])


def fold_mm(law: LineLaw, fold: np.ndarray, thickness: np.ndarray) -> np.ndarray:
    """What the folding of the day adds to the line."""
    return law.mm_per_fold * thickness * np.maximum(fold - law.unseen, 0.0)


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
    deepest = scale.depth_mm(baseline.contraction)
    return AreaSkin(
        skin=skin,
        area=area,
        columns=np.array([skin.muscles.index(name) if name in skin.muscles else -1 for name in muscles], dtype=np.intp),
        newton=newton,
        moved=(skin.at_point(f"{MEASURED[contraction]}_{SIDES[0]}"), skin.at_point(f"{MEASURED[contraction]}_{SIDES[1]}")),
        law=line_law(rest, contracted, scale.depth_mm(baseline.rest), deepest),
        smooth=line_law(rest, contracted, 0.0, deepest),
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
