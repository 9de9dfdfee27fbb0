"""The endpoints of trials, exactly as published; they differ a lot and are never mixed.

``expected`` averages over the raters' noise and over who would be let in: smooth in the parameters, for calibration. ``rated`` draws
every rating, for trials. Both know the same list of endpoints.
"""

from collections.abc import Mapping

import numpy as np
from scipy.special import ndtr

from glabella.evidence.parameters import stream
from glabella.population.block import ENTRY_GRADE, Block, Setting
from glabella.population.raters import RATERS, borders_ln, grade_probabilities, rate, rater

GLOBAL_BEST, GLOBAL_GOOD = 4.0, 1.5  # +4 is all of the line gone; +2 or more once rounded; judged with the noise of one rating
FAILURES = ("relapse_to_baseline",)  # to meet it is to have lost the response
LATER = ("response_maintained",)  # depends on the visits before
ENDPOINTS: Mapping[str, tuple[str, ...]] = {
    "none_or_mild_at_max_contraction": RATERS,
    "ge1_grade_improvement": RATERS,
    "ge2_grade_improvement": RATERS,
    "ge2_grade_composite": ("both",),
    "none_or_mild_and_ge2_grade_composite": ("both",),
    "none_or_mild_both_raters": ("both",),
    "subject_global_ge2": ("subject",),
    "relapse_to_baseline": RATERS,
    "response_maintained": RATERS,
    "none_or_mild_at_rest": RATERS,
}
RESPONSE_DAY = 28.0  # response is maintained from the first visit at or after this day


def expected(setting: Setting, block: Block) -> dict[tuple[str, str], np.ndarray]:
    """Share of responders (visits,) by endpoint and rater among those who would be let in, from a block that was not screened."""
    weight, share = expected_each(setting, block)
    return {key: weight @ value for key, value in share.items()}


def expected_each(setting: Setting, block: Block) -> tuple[np.ndarray, dict[tuple[str, str], np.ndarray]]:
    """Weight (n,) of each person, the probability to be let in, and probability (n, visits) to meet each endpoint."""
    before, after, rest, enters = {}, {}, {}, np.ones(len(block.before_ln))
    borders = borders_ln(setting.values)
    for name in RATERS:
        who, offset = rater(name, setting.values), block.subject_offset_ln if name == "subject" else np.zeros(len(block.before_ln))
        grades = grade_probabilities(block.before_ln + offset, who, borders)
        if name == "investigator" or setting.mix.screening == "both":
            enters = enters * grades[:, ENTRY_GRADE:].sum(1)
            grades[:, :ENTRY_GRADE] = 0.0
            grades /= np.maximum(grades.sum(1, keepdims=True), 1e-300)
        before[name] = grades[:, None, :]
        after[name] = grade_probabilities(block.visits_ln + offset[:, None], who, borders).cumsum(-1)
        rest[name] = grade_probabilities(block.rest_visits_ln + offset[:, None], who, borders)[..., :2].sum(-1)
    weight = enters / enters.sum()

    def improved(name: str, grades: int) -> np.ndarray:
        return (before[name][..., grades:] * after[name][..., : 4 - grades]).sum(-1)

    share: dict[tuple[str, str], np.ndarray] = {}
    first = np.flatnonzero(setting.visit_days >= RESPONSE_DAY)
    for name in RATERS:
        share["none_or_mild_at_max_contraction", name] = after[name][..., 1]
        share["ge1_grade_improvement", name] = improved(name, 1)
        share["ge2_grade_improvement", name] = improved(name, 2)
        share["relapse_to_baseline", name] = 1 - improved(name, 1)
        response = share[setting.response, name]
        maintained = np.ones_like(response)
        maintained[:, first] = np.cumprod(response[:, first], axis=1)
        share["response_maintained", name] = maintained
        share["none_or_mild_at_rest", name] = rest[name]
    both = improved("investigator", 2) * improved("subject", 2)
    share["ge2_grade_composite", "both"] = share["none_or_mild_and_ge2_grade_composite", "both"] = both
    share["none_or_mild_both_raters", "both"] = after["investigator"][..., 1] * after["subject"][..., 1]
    needed = np.log(1 - GLOBAL_GOOD / GLOBAL_BEST)
    change = block.visits_ln - block.before_ln[:, None]
    share["subject_global_ge2", "subject"] = ndtr((needed - change) / rater("subject", setting.values).noise_ln)
    return weight, share


def rated(setting: Setting, block: Block, seed: int, number: int) -> dict[tuple[str, str], np.ndarray]:
    """Whether each person (n, visits) meets each endpoint by each rater, from drawn ratings of a screened block."""
    borders, shape = borders_ln(setting.values), block.visits_ln.shape

    def noise(name: str) -> np.ndarray:
        return stream(seed, "rating", name, number).standard_normal(shape)

    grade, rest = {}, {}
    for name in RATERS:
        who, offset = rater(name, setting.values), block.subject_offset_ln[:, None] if name == "subject" else 0.0
        grade[name] = rate(block.visits_ln + offset, who, borders, noise(name))
        rest[name] = rate(block.rest_visits_ln + offset, who, borders, noise(f"{name} at rest"))
    gain = {name: block.entry_grades[name][:, None] - grade[name] for name in RATERS}
    found: dict[tuple[str, str], np.ndarray] = {}
    first = np.flatnonzero(setting.visit_days >= RESPONSE_DAY)
    for name in RATERS:
        mild = grade[name] <= 1
        found["none_or_mild_at_max_contraction", name] = mild
        found["ge1_grade_improvement", name] = gain[name] >= 1
        found["ge2_grade_improvement", name] = gain[name] >= 2
        found["relapse_to_baseline", name] = gain[name] < 1
        response = found[setting.response, name]
        maintained = np.ones_like(response)
        maintained[:, first] = np.logical_and.accumulate(response[:, first], axis=1)
        found["response_maintained", name] = maintained
        found["none_or_mild_at_rest", name] = rest[name] <= 1
    both = (gain["investigator"] >= 2) & (gain["subject"] >= 2)
    found["none_or_mild_both_raters", "both"] = (grade["investigator"] <= 1) & (grade["subject"] <= 1)
    found["ge2_grade_composite", "both"] = both
    found["none_or_mild_and_ge2_grade_composite", "both"] = both & found["none_or_mild_both_raters", "both"]
    change = block.visits_ln - block.before_ln[:, None] + rater("subject", setting.values).noise_ln * noise("global")
    found["subject_global_ge2", "subject"] = GLOBAL_BEST * (1 - np.exp(change)) >= GLOBAL_GOOD
    return found
