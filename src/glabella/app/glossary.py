"""Every technical term that the pages use: the words that stand for it, and what it means. Pages mark them, so that nobody has to know.

``Term.words`` is a regular expression that Python and browsers read alike.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from glabella.app.words import MUSCLES
from glabella.evidence.products import NOT_INTERCHANGEABLE, load_products


@dataclass(frozen=True)
class Term:
    """``says``: one or two plain sentences; ``words``: what stands for the term, as a regular expression without regard to case."""

    says: str
    words: str


_TERMS: Mapping[str, Term] = {
    "grade": Term(
        "How deep the lines are on a scale from 0 (none) over 1 (mild) and 2 (moderate) to 3 (severe), as a mean of trained raters.",
        r"grade[sd]?|rated|facial wrinkle scale",
    ),
    "units": Term(
        "How much of a product is injected, in that product's own units. Units of different products cannot be converted.",
        r"units?|(?<=\d )U",
    ),
    "blocked": Term("Share of the muscle's nerve endings that no longer release their signal.", r"(?:endings )?blocked"),
    "force": Term("How hard the muscle still pulls, as a share of what it did before treatment.", r"force"),
    "bulk": Term("How much of the muscle's mass is left. A muscle that rests for months gets thinner, and grows back.", r"bulk"),
    "strain": Term("How much the skin is pressed together, as a share of its length: what makes it fold.", r"strain|skin folds"),
    "movement": Term(
        "How far the skin moves in an expression, in percent of before treatment.",
        r"movement kept|(?:frown|brow raise|smile|eye closure) kept|more movement",
    ),
    "brow": Term(
        "How high the brow stands at rest compared with before treatment, in millimetres: plus is higher.",
        r"brow (?:peak|head|tail|drop|change|height)|brow would drop",
    ),
    "band": Term(
        "From the 5th to the 95th of a hundred people: nine in ten lie within, given what is not known and where needles land.",
        r"bands?|percentiles?|intervals?",
    ),
    "median": Term("The middle of all computed people: half have more, half less.", r"median"),
    "depth": Term("How deep the tip of the needle lies below the skin, in millimetres.", r"depths?"),
    "aside": Term(
        "Millimetres along the skin: aside is away from the midline of the face (at a site on it, to the person's left), up is upwards.",
        r"aside(?:, up)?",
    ),
    "aim": Term("What the tip is meant for: a muscle, in whose middle it then lies, or a depth of its own.", r"aim(?: of the tip)?"),
    "dilution": Term(
        "How much saline (salt water) is put into the vial: it sets how much fluid a unit takes up.",
        r"dilution|saline(?: per vial)?|mixed|mixing",
    ),
    "vial": Term("The bottle that the product comes in.", r"vials?"),
    "volume": Term("Millilitres: what the syringe shows for these units at this dilution.", r"mL"),
    "lot": Term("The number of the production batch, printed on the vial.", r"lot"),
    "syringe": Term("What is drawn up: which product, how it was mixed, from which batch.", r"syringe"),
    "site": Term("The place where a needle goes in.", r"sites?"),
    "dose": Term("How much toxin is given; below the skin, the units taken up per cubic millimetre of muscle.", r"doses?"),
    "taken_up": Term(
        "Units that nerve endings in muscles have taken up. The rest is cleared from the tissue without effect.", r"taken up|cleared"
    ),
    "licensed": Term("Approved by an authority, for this use, at these sites and units.", r"licensed(?: patterns?)?"),
    "label": Term("The text that the authority has approved for the product, with what it may be used for and how.", r"label"),
    "computed": Term("The chance follows from this computation: how much toxin reaches a structure that should be spared.",
                     r"computed for this plan"),
    "label_rate": Term("The rate that the label or a trial reports. It does not depend on this plan.",
                       r"rate from published trials|label's or a trial's rate"),
    "rim": Term("The bony upper edge of the eye socket.", r"(?:bony |supraorbital )rim"),
    "study": Term("A plan beyond the label and within published trials. It is marked, and not for treating a person.", r"study"),
    "evaluated": Term("The shortest time between two treatments for which the authority has seen results.", r"not evaluated"),
    "ptosis": Term("Drooping: of the eyelid, or of the brow.", r"(?:eyelid |brow )?ptosis"),
    "risky": Term(
        "For each place of the skin the computed chance that a needle there would cause the effect, with the scatter of a hand.",
        r"risky|risk map",
    ),
    "at_risk": Term(
        "Muscles near the needles that should not be weakened: they lift the lid, close the eye, or lift the corner of the mouth.",
        r"structures at risk|where they should not be",
    ),
    "glabellar": Term("Between the brows, where frown lines stand.", r"glabellar?"),
    "canthal": Term("Beside the outer corner of the eye, where crow's feet spread.", r"lateral canthal"),
    "frown_pattern": Term("Five ways in which brows move when people frown as hard as they can.", r"frown pattern|way of frowning"),
    "epidermis": Term("The outermost layer of the skin, a tenth of a millimetre thin.", r"epidermis"),
    "dermis": Term("The tough layer of the skin below its surface; it folds into lines.", r"dermis"),
    "reference": Term("The licensed pattern for this case, with which yours is compared.", r"reference"),
    "toxin": Term("The active substance of all these products: it stops nerve endings from releasing their signal, for months.",
                  r"botulinum toxin"),
    "rationale": Term("Why this plan, in your own words; it is printed on the sheet.", r"rationale"),
    "purpose": Term("For a person the label's limits hold. A study may go beyond it, and is marked.", r"purpose"),
    "conditions": Term("Illnesses that the label speaks of.", r"conditions"),
    "medicines": Term("Medicines that the label speaks of, since they can add to the effect.", r"medicines(?=:)"),
    "muscle_strength": Term("How strong this person's muscle is compared with most people's: 1 is usual.", r"strength of muscles"),
    "landmarks": Term(
        "Points that are found on every face, such as corners of the eyes or the bony rim around them.", r"landmark model|landmarks"
    ),
    "iris": Term(
        "The coloured ring of the eye: nearly the same width in all adults, so that it tells millimetres in a photo.", r"iris(?:es)?"
    ),
    "draws": Term("How many sets of parameters and placements of the needles are computed with.", r"how carefully"),
    "file": Term("TOML and JSON are text files that this program and others can read; glTF is a 3D shape.", r"TOML|JSON|glTF"),
    "versions": Term("Every save is kept under a number, and can be brought back.", r"versions"),
}  # fmt: skip
_MUSCLE_WORDS: Mapping[str, str] = {
    "corrugator_supercilii": r"corrugator supercilii|corrugators?(?! supercilii)",
    "levator_palpebrae_superioris": r"levator palpebrae superioris|levator(?! labii| apo| palp)",
}


@cache
def glossary() -> Mapping[str, Term]:
    """All terms by key: those above, every muscle, every product."""
    muscles = {name: Term(f"{words.plain}.", _MUSCLE_WORDS.get(name, name.replace("_", " "))) for name, words in MUSCLES.items()}
    products = "|".join(load_products())
    product = Term(f"The active substance of a vial, sold under a brand name; {NOT_INTERCHANGEABLE}.",
                   f"products?|{products}")  # fmt: skip
    return {**_TERMS, **muscles, "product": product}


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((key, re.compile(whole_words(term.words), re.IGNORECASE)) for key, term in glossary().items())


def whole_words(words: str) -> str:
    """A pattern that matches ``words`` only as words of their own."""
    return rf"(?<![\w-])(?:{words})(?!\w)"


def find_terms(text: str) -> tuple[str, ...]:
    """Keys of the terms in a text, in the order in which they first occur; of words that overlap the longer ones count."""
    found = [(match.start(), -match.end(), key) for key, pattern in _patterns() for match in pattern.finditer(text)]
    keys: dict[str, None] = {}
    end = 0
    for start, minus_end, key in sorted(found):
        if start >= end:
            keys.setdefault(key)
            end = -minus_end
    return tuple(keys)
