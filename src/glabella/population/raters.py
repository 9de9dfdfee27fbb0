"""How a line of a given depth is rated: investigator and subject, each with noise and borders of their own."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

RATERS = ("investigator", "subject")


@dataclass(frozen=True)
class Rater:
    """Noise of one rating, offset of the rater's borders and its spread between people, all in ln depth."""

    noise_ln: float
    offset_ln: float
    person_sd_ln: float


def rater(name: str, parameters: Mapping[str, float]) -> Rater:
    """The rater ``investigator`` or ``subject``: an investigator rates all people of a trial, a subject only one."""
    if name == "investigator":
        return Rater(parameters["investigator_noise_sd_ln"], 0.0, 0.0)
    return Rater(parameters["subject_noise_sd_ln"], parameters["subject_offset_ln"], parameters["subject_person_sd_ln"])


def borders_ln(parameters: Mapping[str, float]) -> np.ndarray:
    """Logs of the depths from which a line is rated mild, moderate and severe."""
    return np.log([parameters[f"wrinkle_{grade}_from_mm"] for grade in ("mild", "moderate", "severe")])


def grade_probabilities(depth_ln: np.ndarray, who: Rater, borders: np.ndarray) -> np.ndarray:
    """Probability (..., 4) of the grades none, mild, moderate, severe for lines of log depth ``depth_ln`` (...) as this rater sees them."""
    beyond = ndtr((depth_ln[..., None] - borders) / who.noise_ln)
    return np.concatenate([1 - beyond[..., :1], beyond[..., :-1] - beyond[..., 1:], beyond[..., -1:]], axis=-1)


def rate(depth_ln: np.ndarray, who: Rater, borders: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Grades 0-3 (...) given by this rater; ``normal`` (...): standard normal noise of each rating."""
    return np.searchsorted(borders, depth_ln + who.noise_ln * normal).astype(np.int8)
