"""Strain to depth of the lines to clinical grade, at rest and in every expression."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from glabella.evidence import Parameters
from glabella.names import without_side
from glabella.patient import Patient
from glabella.stages.skin import EXPRESSIONS, SkinStrain
from glabella.stages.wrinkle.buckling import fold_amplitude, threshold_strain, wavelength_mm
from glabella.stages.wrinkle.memory import resting_line
from glabella.stages.wrinkle.scale import Scale, wrinkle_scale

CONTRACTION: Mapping[str, str] = {
    "glabellar": "maximum_frown",
    "forehead": "brow_raise",
    "lateral_canthal_left": "smile",
    "lateral_canthal_right": "smile",
}


@dataclass(frozen=True)
class Wrinkles:
    """Lines over ``days`` (t,); every curve is (t,), by area and expression.

    ``grade``: expected grade 0-3; ``depth_mm``: depth of the graded lines on the scale's ruler; ``fine_lines``: amplitude of
    the folds of the stratum corneum in mm; ``spacing_mm`` per area: distance between lines.
    """

    days: np.ndarray
    grade: Mapping[str, Mapping[str, np.ndarray]]
    depth_mm: Mapping[str, Mapping[str, np.ndarray]]
    fine_lines: Mapping[str, Mapping[str, np.ndarray]]
    spacing_mm: Mapping[str, float]


def grade_wrinkles(strain: SkinStrain, patient: Patient, parameters: Parameters) -> Wrinkles:
    """Depth and grade of the lines of every area that has a contraction of its own.

    The person's grades before treatment, at rest and at contraction, fix how deep their resting line is and how deep a fold a
    given strain makes: day 0 is exactly what was rated, later grades follow from the ratio of depths. A fold feels a share of the
    area's strain, since it runs one way and is wider than a triangle; fine lines feel all of it.
    """
    scale = wrinkle_scale(parameters)
    fine_threshold = threshold_strain(parameters["stratum_corneum_modulus_kpa"], parameters["dermis_modulus_kpa"])
    spread = parameters["local_strain_sd_ln"]
    grade, depth_mm, fine_lines, spacing_mm = {}, {}, {}, {}
    for area, contraction in CONTRACTION.items():
        squeeze = np.stack([strain.strain[area][expression] for expression in EXPRESSIONS])
        fold = _folds(area, squeeze, parameters)
        fine = parameters["stratum_corneum_thickness_mm"] * fold_amplitude(squeeze.ravel(), fine_threshold, spread)
        baseline = patient.baseline[area]
        depth_mm[area] = line_depths_mm(strain.days, fold, contraction, scale, baseline.rest, baseline.contraction, parameters)
        grade[area] = {
            expression: scale.grade(depth, baseline.rest if expression == "rest" else baseline.contraction)
            for expression, depth in depth_mm[area].items()
        }
        fine_lines[area] = dict(zip(EXPRESSIONS, fine.reshape(squeeze.shape), strict=True))
        base_kpa = soft_layer_kpa(area, parameters)
        spacing_mm[area] = wavelength_mm(strain.dermis_thickness_mm[area], parameters["dermis_modulus_kpa"], base_kpa)
    return Wrinkles(strain.days, grade, depth_mm, fine_lines, spacing_mm)


def depths_by_side_mm(strain: SkinStrain, patient: Patient, parameters: Parameters) -> dict[str, dict[str, dict[str, np.ndarray]]]:
    """Depth of the lines of each half of the areas that straddle the midline, ``depth_mm[area][side][expression]`` (t,).

    The laws of ``grade_wrinkles`` with the half's own folding: before treatment both halves have the depth that was rated.
    """
    scale, depth_mm = wrinkle_scale(parameters), {}
    for area, halves in strain.halves.items():
        rest, contracted, contraction = patient.baseline[area].rest, patient.baseline[area].contraction, CONTRACTION[area]
        squeeze = np.stack([[half[expression] for expression in EXPRESSIONS] for half in halves.values()])
        every = _folds(area, squeeze.transpose(1, 0, 2), parameters)  # both halves at once
        depth_mm[area] = {
            side: line_depths_mm(
                strain.days, {expression: fold[n] for expression, fold in every.items()}, contraction, scale, rest, contracted, parameters
            )
            for n, side in enumerate(halves)
        }
    return depth_mm


def _folds(area: str, squeeze: np.ndarray, parameters: Parameters) -> dict[str, np.ndarray]:
    """Amplitude (...) of the graded folds per expression for strains (expressions, ...) of an area."""
    threshold = threshold_strain(parameters["dermis_modulus_kpa"], soft_layer_kpa(area, parameters))
    felt = parameters["fold_strain_ratio"] * squeeze
    folds = fold_amplitude(felt.ravel(), threshold, parameters["local_strain_sd_ln"]).reshape(squeeze.shape)
    return dict(zip(EXPRESSIONS, folds, strict=True))


def soft_layer_kpa(area: str, parameters: Mapping[str, float]) -> float:
    """Modulus of what lies under the dermis of an area: the fat of the glabella times the area's own ratio."""
    ratio = f"fat_modulus_{without_side(area)}_ratio"
    return parameters["fat_modulus_kpa"] * (1.0 if area == "glabellar" else parameters[ratio])


def line_depths_mm(
    days: np.ndarray, fold: Mapping[str, np.ndarray], contraction: str, scale: Scale, rest: float, contracted: float, parameters: Parameters
) -> dict[str, np.ndarray]:
    """Depth per expression: a resting line with memory plus a fold in proportion to ``fold`` (t,).

    ``rest`` and ``contracted`` are the grades before treatment. A person graded as deep at rest as contracted has no fold; where
    the tone at rest would fold the skin more than was rated, that much folding counts for nothing.
    """
    law = line_law(fold["rest"][0], fold[contraction][0], scale.depth_mm(rest), scale.depth_mm(contracted))
    drive = fold[contraction] / law.first if law.first > 0 else np.ones(len(days))
    line = law.line_mm * resting_line(
        days, drive, parameters["resting_line_fast_share"], parameters["resting_line_fast_days"], parameters["resting_line_slow_days"]
    )
    return {expression: line + law.mm_per_fold * np.maximum(value - law.unseen, 0.0) for expression, value in fold.items()}


@dataclass(frozen=True)
class LineLaw:
    """How one person's line deepens: ``line_mm`` at rest, ``mm_per_fold`` beyond the ``unseen`` folding; ``first``: folding on day 0.

    All may be arrays, one entry per sample.
    """

    line_mm: np.ndarray
    mm_per_fold: np.ndarray
    unseen: np.ndarray
    first: np.ndarray


def line_law(rest_fold: np.ndarray, contracted_fold: np.ndarray, rest_mm: float, contracted_mm: float) -> LineLaw:
    """From the folding before treatment and the depths of the lines that were rated then."""
    span = np.asarray(contracted_fold - rest_fold)
    per_fold = np.where(span > 0, max(contracted_mm - rest_mm, 0.0) / np.where(span > 0, span, 1.0), 0.0)
    line = np.maximum(rest_mm - per_fold * rest_fold, 0.0)
    unseen = np.where(per_fold > 0, np.maximum(rest_fold - rest_mm / np.where(per_fold > 0, per_fold, 1.0), 0.0), 0.0)
    return LineLaw(line, per_fold, unseen, np.asarray(contracted_fold))
