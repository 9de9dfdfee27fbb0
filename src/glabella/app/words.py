"""Plain words: side effects with their numbers, names of what is on the face, and the label's text for an emergency."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from glabella.evidence.sources import find_reference
from glabella.evidence.tables import QUALITIES, read_rows, shipped_text
from glabella.names import side_of, without_side
from glabella.outcome import Probability

EMERGENCY_COLUMNS = ("part", "text", "quality", "source")
EMERGENCY_PARTS = ("what", "when", "do", "how_often")
RAREST = 1e-4  # what a count of twenty thousand placements still tells apart from nothing


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
    "headache": Name("Headache", "Headache", "a headache"),
    "injection_site_bruising": Name("Bruise", "Injection site bruising", "a bruise where a needle went in"),
    "eyelid_swelling": Name("Swollen eyelid", "Eyelid oedema", "a swollen eyelid"),
    "eyelid_sensory_disorder": Name("Odd feeling in the eyelid", "Eyelid sensory disorder", "an odd feeling in the eyelid"),
    "nausea": Name("Feeling sick", "Nausea", "a feeling of sickness"),
    "facial_pain": Name("Pain in the face", "Facial pain", "some pain in the face"),
    "neutralising_antibodies": Name("Antibodies against the product", "Neutralising antibodies", "antibodies against the product"),
}
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
    "levator_aponeurosis": Name("Tendon that lifts the eyelid", "Levator aponeurosis"),
}


def name_area(area: str) -> Name:
    """What an area is called, with its side."""
    return _sided(AREAS[without_side(area)], area)


def name_muscle(muscle: str) -> Name:
    """What a muscle is called, with its side."""
    return _sided(MUSCLES[without_side(muscle)], muscle)


def name_effect(effect: str) -> Name:
    """What a side effect is called; one without words of its own by its name in the table."""
    words = effect.replace("_", " ")
    return EFFECTS.get(effect, Name(words.capitalize(), words.capitalize(), words))


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


@dataclass(frozen=True)
class EmergencyText:
    """What the label says about when to get help: ``paragraphs``, and ``source`` as one line; ``keys`` of sources.bib."""

    paragraphs: tuple[str, ...]
    source: str
    keys: tuple[str, ...]


@cache
def label_emergency_text() -> EmergencyText:
    """The label's text for an emergency in plain words: the same for every product and plan."""
    rows = [
        (row.choice("part", EMERGENCY_PARTS), row.text("text"), row.choice("quality", QUALITIES), row.text("source"))
        for row in read_rows(shipped_text("emergency.csv"), EMERGENCY_COLUMNS, "emergency.csv")
    ]
    keys = tuple(dict.fromkeys(source for *_, source in rows))
    return EmergencyText(tuple(text for _, text, *_ in rows), " ".join(str(find_reference(key)) for key in keys), keys)
