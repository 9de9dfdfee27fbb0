"""Virtual people: who they are before treatment. Drawn in blocks of fixed size, each with random streams of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from glabella.evidence.parameters import stream
from glabella.evidence.published import DEFAULT, trial_record
from glabella.frown import FROWN_PATTERNS

BLOCK = 1000  # people computed together; results depend on it, so it is fixed


def _usual(name: str) -> Any:
    return field(default_factory=lambda: getattr(trial_record(DEFAULT), name))


@dataclass(frozen=True)
class Mix:
    """Whom a trial enrols: share of women, ages (years), share rated severe among those who enter, who screens.

    What is not said is that of the first row of trials.csv.
    """

    female_share: float = _usual("female_share")
    mean_age_years: float = _usual("mean_age_years")
    sd_age_years: float = _usual("sd_age_years")
    least_age_years: float = _usual("least_age_years")
    most_age_years: float = _usual("most_age_years")
    severe_share: float = _usual("severe_share")
    screening: str = _usual("screening")


@dataclass(frozen=True)
class People:
    """One block; every array has one entry per person unless said otherwise.

    ``size_ln`` (people, muscles): muscle strength; ``sensitivity_ln``, ``half_life_ln``, ``formation_ln``, ``fold_ln``, ``depth_ln``,
    ``rest_ln``: natural logs of factors on the typical person; ``uniform`` (people, needles): which landing place each needle takes.
    """

    male: np.ndarray
    age_years: np.ndarray
    high_frontalis: np.ndarray
    pattern: np.ndarray
    size_ln: np.ndarray
    sensitivity_ln: np.ndarray
    half_life_ln: np.ndarray
    formation_ln: np.ndarray
    fold_ln: np.ndarray
    depth_ln: np.ndarray
    rest_ln: np.ndarray
    uniform: np.ndarray


def draw_people(seed: int, block: int, mix: Mix, muscles: int, needles: int, parameters: Mapping[str, float], count: int = BLOCK) -> People:
    """Block number ``block`` of the people of ``seed``; standard normals times the spreads of the population table."""

    def normal(name: str, *shape: int) -> np.ndarray:
        return stream(seed, "people", name, block).standard_normal((count, *shape))

    def uniform(name: str, *shape: int) -> np.ndarray:
        return stream(seed, "people", name, block).random((count, *shape))

    low, high = (ndtr((x - mix.mean_age_years) / mix.sd_age_years) for x in (mix.least_age_years, mix.most_age_years))
    age = mix.mean_age_years + mix.sd_age_years * ndtri(low + (high - low) * uniform("age"))
    shares = np.cumsum([parameters[f"frown_pattern_share_{p}"] for p in FROWN_PATTERNS])
    common = parameters["muscle_size_common_share"]
    size = np.sqrt(common) * normal("size")[:, None] + np.sqrt(1 - common) * normal("muscle sizes", muscles)
    together = parameters["sensitivity_half_life_correlation"]
    sensitivity = normal("sensitivity")
    half_life = together * sensitivity + np.sqrt(1 - together**2) * normal("half-life")
    return People(
        male=uniform("sex") >= mix.female_share,
        age_years=age,
        high_frontalis=uniform("frontalis") >= 0.5,
        pattern=np.searchsorted(shares / shares[-1], uniform("pattern")),
        size_ln=parameters["person_muscle_size_sd_ln"] * size,
        sensitivity_ln=parameters["person_sensitivity_sd_ln"] * sensitivity,
        half_life_ln=parameters["person_half_life_sd_ln"] * half_life,
        formation_ln=parameters["person_formation_sd_ln"] * normal("formation"),
        fold_ln=parameters["person_fold_sd_ln"] * normal("fold"),
        depth_ln=parameters["person_line_depth_sd_ln"] * normal("depth"),
        rest_ln=parameters["person_resting_line_sd_ln"] * normal("rest")
        + parameters["resting_line_per_decade_ln"] * (age - mix.mean_age_years) / 10,
        uniform=uniform("landing", needles),
    )
