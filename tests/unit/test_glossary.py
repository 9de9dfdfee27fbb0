"""The glossary: what it says, and which words it finds."""

import re

import pytest

from glabella.app.glossary import find_terms, glossary, whole_words
from glabella.app.words import MUSCLES
from glabella.evidence.products import load_products


def test_every_term_says_something_short():
    for key, term in glossary().items():
        assert term.says.endswith("."), key
        assert len(term.says) < 180, key
        assert re.compile(whole_words(term.words)).pattern, key


def test_every_muscle_and_product_is_explained():
    for muscle in MUSCLES:
        assert muscle in find_terms(f"the {muscle.replace('_', ' ')} left"), muscle
    for product in load_products():
        assert find_terms(f"20 U of {product}") == ("units", "product")


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("corrugator supercilii, right", ("corrugator_supercilii",)),  # the whole name, once
        ("levator aponeurosis", ("levator_aponeurosis",)),
        ("levator labii superioris alaeque nasi", ("levator_labii_superioris_alaeque_nasi",)),
        ("U brows together", ()),  # a frown pattern, no unit
        ("4 U in each of 5 sites", ("units", "site")),
        ("onsite labelled", ()),  # parts of words are no terms
        ("", ()),
    ],
)
def test_terms_are_whole_words(text, terms):
    assert find_terms(text) == terms
