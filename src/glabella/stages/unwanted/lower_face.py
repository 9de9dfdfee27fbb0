"""Side effects in the lower face by mechanism: a weak bite, an uneven mouth, lips that leak, difficulty swallowing.

``weak_bite`` is the treatment's own effect, counted when it is noticed. The others come from dose that reaches a muscle beside or below
the target, over the scatter of the needles.
"""

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from scipy.special import ndtr

from glabella.evidence.tables import QUALITIES, read_rows, shipped_text
from glabella.stages.unwanted.computed import DOSE_NODES, PERSON_NODES, PERSON_WEIGHTS, ComputedRisk, EffectWords, PeakBlock

COLUMNS = ("effect", "onset", "duration", "seriousness", "quality", "source")
LOWER_STRUCTURES = (
    "zygomaticus_major_left", "zygomaticus_major_right", "risorius_left", "risorius_right", "depressor_labii_inferioris_left",
    "depressor_labii_inferioris_right", "orbicularis_oris", "suprahyoid_muscles_left", "suprahyoid_muscles_right",
    "infrahyoid_muscles_left", "infrahyoid_muscles_right",
)  # fmt: skip
SWALLOWING = tuple(name for name in LOWER_STRUCTURES if name.startswith(("suprahyoid_", "infrahyoid_")))


@cache
def lower_effect_words() -> Mapping[str, EffectWords]:
    """When each effect begins, how long it lasts and how serious it is."""
    found = {}
    for row in read_rows(shipped_text("lower_face_effects.csv"), COLUMNS, "lower_face_effects.csv"):
        row.choice("quality", QUALITIES)
        found[row.text("effect")] = EffectWords(row.text("onset"), row.text("duration"), row.text("seriousness"), row.text("source"))
    return found


def rate_lower_face(
    doses: Mapping[str, np.ndarray], bite_lost: np.ndarray, peak_block: PeakBlock, parameter_draws: Sequence[Mapping[str, float]]
) -> dict[str, ComputedRisk]:
    """Probability per person of each effect, with a 90 % band over ``parameter_draws``, the nominal ones first.

    ``doses``: mean dose (draws,) in units/mm3 to each of ``LOWER_STRUCTURES`` over placements; ``bite_lost`` (samples,): largest share of
    the bite force lost, one per draw after the first: all of them make the chance, each draw's own its band;
    ``peak_block(dose, parameters)``: blocked share at its peak.
    """
    values: dict[str, list[float]] = {name: [] for name in lower_effect_words()}
    for number, parameters in enumerate(parameter_draws):
        block = np.maximum.accumulate(peak_block(DOSE_NODES, parameters))
        own = bite_lost if number == 0 or len(bite_lost) < number else bite_lost[number - 1]
        lost = np.log(np.maximum(own, 1e-9) / parameters["bite_loss_noticed"]) / parameters["bite_loss_person_sd_ln"]
        values["weak_bite"].append(float(ndtr(lost).mean()))
        chance: dict[str, float] = {name: 0.0 for name in lower_effect_words() if name != "weak_bite"}
        for node, weight in zip(PERSON_NODES, PERSON_WEIGHTS, strict=True):
            at = {name: _blocked(dose, block, node * parameters["person_sensitivity_sd_ln"]) for name, dose in doses.items()}
            share = parameters["smile_zygomaticus_major_share"]
            smile = share * _between_sides(at, "zygomaticus_major") + (1 - share) * _between_sides(at, "risorius")
            swallowing = np.mean([at[name] for name in SWALLOWING], axis=0)
            noticed = {
                "asymmetric_smile": np.abs(smile) >= parameters["mouth_asymmetry_noticed"],
                "uneven_lower_lip": np.abs(_between_sides(at, "depressor_labii_inferioris")) >= parameters["lower_lip_asymmetry_noticed"],
                "weak_lip_closure": at["orbicularis_oris"] >= parameters["lip_closure_weakness_noticed"],
                "difficulty_swallowing": swallowing >= parameters["swallow_weakness_noticed"],
            }
            for name, yes in noticed.items():
                chance[name] += weight * float(yes.mean())
        for name, value in chance.items():
            values[name].append(min(value, 1.0))
    return {name: _risk(name, found) for name, found in values.items()}


def _blocked(dose: np.ndarray, block: np.ndarray, sensitivity_ln: float) -> np.ndarray:
    return np.interp(np.log(np.maximum(dose, 1e-300)) + sensitivity_ln, np.log(DOSE_NODES), block, left=0.0)


def _between_sides(blocked: Mapping[str, np.ndarray], muscle: str) -> np.ndarray:
    return blocked[f"{muscle}_left"] - blocked[f"{muscle}_right"]


def _risk(effect: str, values: Sequence[float]) -> ComputedRisk:
    words = lower_effect_words()[effect]
    low, high = (float(x) for x in np.quantile(values, [0.05, 0.95]))
    return ComputedRisk(
        effect, values[0], min(low, values[0]), max(high, values[0]), words.onset, words.duration, words.seriousness, words.source,
        tuple(values),
    )  # fmt: skip
