"""Plain words: side effects with their numbers, names of what is on the face, and the label's text for an emergency."""

import math
from collections.abc import Mapping

from glabella.effect_names import EFFECTS, Name, name_effect
from glabella.evidence.guidance import EmergencyText, label_emergency_text
from glabella.names import side_of, without_side
from glabella.outcome import Probability
from glabella.wording import RAREST

__all__ = [
    "AREAS", "EFFECTS", "EXPRESSIONS", "MUSCLES", "EmergencyText", "Name", "label_emergency_text", "name_area", "name_effect",
    "name_muscle", "tell_chance", "tell_effect",
]  # fmt: skip


AREAS: Mapping[str, Name] = {
    "glabellar": Name("Lines between the brows", "Glabellar lines"),
    "forehead": Name("Lines across the forehead", "Forehead lines"),
    "lateral_canthal": Name("Lines beside the eyes", "Lateral canthal lines"),
}
EXPRESSIONS: Mapping[str, Name] = {
    "rest": Name("At rest", "Rest"),
    "maximum_frown": Name("Frowning", "Maximum frown"),
    "brow_raise": Name("Raising the brows", "Brow raise"),
    "smile": Name("Smiling", "Smile"),
    "eye_closure": Name("Closing the eyes", "Eye closure"),
}
MUSCLES: Mapping[str, Name] = {
    "procerus": Name("Muscle at the root of the nose", "Procerus"),
    "frontalis": Name("Forehead muscle, lifts the brow", "Frontalis"),
    "corrugator_supercilii": Name("Frown muscle, draws the brow inwards", "Corrugator supercilii"),
    "depressor_supercilii": Name("Muscle that pulls the inner brow down", "Depressor supercilii"),
    "orbicularis_oculi_orbital": Name("Ring muscle round the eye, outer part", "Orbicularis oculi, orbital part"),
    "orbicularis_oculi_palpebral": Name("Ring muscle of the eyelid, closes the eye", "Orbicularis oculi, palpebral part"),
    "orbicularis_oculi_lateral": Name("Ring muscle beside the eye", "Orbicularis oculi, lateral part"),
    "nasalis": Name("Muscle of the nose", "Nasalis"),
    "levator_labii_superioris_alaeque_nasi": Name("Muscle that lifts lip and nostril", "Levator labii superioris alaeque nasi"),
    "zygomaticus_major": Name("Smile muscle", "Zygomaticus major"),
    "zygomaticus_minor": Name("Muscle that lifts the upper lip", "Zygomaticus minor"),
    "levator_palpebrae_superioris": Name("Muscle that lifts the eyelid", "Levator palpebrae superioris"),
    "lateral_rectus": Name("Muscle that turns the eye outwards", "Lateral rectus"),
    "levator_aponeurosis": Name("Tendon that lifts the eyelid", "Levator aponeurosis"),
}


def name_area(area: str) -> Name:
    """What an area is called, with its side."""
    return _sided(AREAS[without_side(area)], area)


def name_muscle(muscle: str) -> Name:
    """What a muscle is called, with its side."""
    return _sided(MUSCLES[without_side(muscle)], muscle)


def tell_chance(probability: float) -> str:
    """'about 1 in 60', 'about 13 in 100': how many people a chance stands for."""
    if probability < RAREST:
        return f"fewer than 1 in {round(1 / RAREST):,}"
    if probability >= 0.995:
        return "nearly all"
    if probability >= 0.1:
        return f"about {round(100 * probability)} in 100"
    return f"about 1 in {_two_digits(1 / probability):,}"


def tell_effect(effect: str, chance: Probability) -> str:
    """One sentence or two for anyone: how many people, from when, for how long, and where the number comes from."""
    phrase, many = name_effect(effect).phrase, tell_chance(chance.value)
    number = f"{many[0].upper()}{many[1:]} people"
    if chance.basis == "computed":
        first = f"{number} like this would get {phrase}; computed for this plan."
    else:
        first = f"{number} in published studies had {phrase}; this is the label's or a trial's rate, not computed."
    return f"{first} {_course(chance.onset, chance.duration)}"


def _course(onset: str, duration: str) -> str:
    begins = {
        "at once": "It shows at once",
        "the first days": "It usually starts in the first days",
        "days": "It usually starts within days",
        "days to weeks": "It usually starts within days to weeks",
    }.get(onset, f"It usually starts after {onset}")
    if duration == "unknown":
        return f"{begins}; how long it lasts is not known."
    if duration[0].isdigit():
        return f"{begins} and is gone after {duration}."
    return f"{begins} and lasts {duration}."


def _sided(name: Name, full: str) -> Name:
    side = side_of(full)
    return Name(f"{name.plain}, {side}", f"{name.professional}, {side}", name.phrase) if side else name


def _two_digits(value: float) -> int:
    scale = 10 ** max(0, math.floor(math.log10(value)) - 1)
    return round(value / scale) * scale
