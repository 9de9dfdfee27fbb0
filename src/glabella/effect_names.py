"""What side effects are called: in plain words, by professionals, and within a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Name:
    """What something is called: ``plain`` for anyone, ``professional`` for people who inject; ``phrase`` within a sentence."""

    plain: str
    professional: str
    phrase: str = ""


EFFECTS: Mapping[str, Name] = {
    "eyelid_ptosis": Name("Drooping eyelid", "Eyelid ptosis", "a drooping eyelid"),
    "brow_ptosis": Name("Heavy or lowered brow", "Brow ptosis", "a heavy or lowered brow"),
    "dry_eye": Name("Dry or irritated eye", "Dry eye, weak blink", "a dry or irritated eye"),
    "asymmetric_smile": Name("Uneven smile", "Asymmetric smile", "an uneven smile"),
    "double_vision": Name("Double vision", "Diplopia", "double vision"),
    "peaked_brow": Name("Peaked brow", "Peaked brow (Mephisto sign)", "a brow that peaks at its outer part"),
    "asymmetric_brow": Name("Uneven brows", "Brow asymmetry", "brows at different heights"),
    "headache": Name("Headache", "Headache", "a headache"),
    "injection_site_bruising": Name("Bruise", "Injection site bruising", "a bruise where a needle went in"),
    "injection_site_pain": Name("Pain where the needle went in", "Injection site pain", "pain where a needle went in"),
    "injection_site_redness": Name("Redness where the needle went in", "Injection site erythema", "redness where a needle went in"),
    "injection_site_swelling": Name("Swelling where the needle went in", "Injection site oedema", "swelling where a needle went in"),
    "eyelid_swelling": Name("Swollen eyelid", "Eyelid oedema", "a swollen eyelid"),
    "eyelid_sensory_disorder": Name("Odd feeling in the eyelid", "Eyelid sensory disorder", "an odd feeling in the eyelid"),
    "blurred_vision": Name("Blurred vision", "Blurred vision", "blurred vision"),
    "nausea": Name("Feeling sick", "Nausea", "a feeling of sickness"),
    "facial_pain": Name("Pain in the face", "Facial pain", "some pain in the face"),
    "facial_paresis": Name("Part of the face too weak", "Facial paresis", "a part of the face that was too weak"),
    "head_discomfort": Name("Uneasy feeling in the head", "Head discomfort", "an uneasy feeling in the head"),
    "skin_tightness": Name("Tight skin", "Skin tightness", "a feeling of tight skin"),
    "nasopharyngitis": Name("Common cold", "Nasopharyngitis", "a common cold"),
    "upper_respiratory_infection": Name("Infection of nose or throat", "Upper respiratory infection", "an infection of nose or throat"),
    "sinusitis": Name("Sinus infection", "Sinusitis", "a sinus infection"),
    "white_blood_cells_increased": Name("More white blood cells", "White blood cell count increased", "more white blood cells in a test"),
    "neutralising_antibodies": Name("Antibodies against the product", "Neutralising antibodies", "antibodies against the product"),
    "difficulty_swallowing": Name("Difficulty swallowing", "Dysphagia", "difficulty swallowing"),
    "neck_weakness": Name("Weak neck", "Neck muscle weakness", "a weak neck"),
    "weak_bite": Name("Weak bite", "Jaw muscle weakness", "a weak bite"),
    "uneven_lower_lip": Name("Uneven lower lip", "Lower lip asymmetry", "an uneven lower lip"),
    "weak_lip_closure": Name("Lips that do not close well", "Weak lip closure", "lips that do not close well"),
    "any_adverse_event": Name("Anything at all, whatever the cause", "Any adverse event", "any trouble at all, whatever its cause"),
}


def name_effect(effect: str) -> Name:
    """What a side effect is called; one without words of its own by its name in the table."""
    words = effect.replace("_", " ")
    return EFFECTS.get(effect, Name(words.capitalize(), words.capitalize(), words))
