"""The literature behind the numbers: the reader is strict, citations are one line, and no key leads nowhere."""

import csv
import re
from collections import defaultdict
from importlib import resources

import pytest

from glabella.errors import InputError
from glabella.evidence import load_parameters
from glabella.evidence.sources import Reference, find_reference, load_references, read_references, reference

ARTICLE = """% a remark
@article{doe2020,
  author = {Doe, Jane and Roe, Richard Q.},
  title = {On {SNAP-25} \\& strain},
  journal = {Journal of Lines},
  volume = 12, number = "3", pages = {1--9},
  year = {2020},
  doi = {10.1000/xyz}
}
"""


def test_a_reference_becomes_one_line_with_a_link():
    entry = read_references(ARTICLE)["doe2020"]
    assert str(entry) == "Doe J, Roe RQ. On SNAP-25 & strain. Journal of Lines 12(3):1–9. 2020."
    assert entry.link == "https://doi.org/10.1000/xyz"


def test_many_authors_are_cut_short():
    entry = read_references("@misc{a, author = {A, B and C, D and E, F and G, H and I, J}, title = {T}}")["a"]
    assert str(entry) == "A B, C D, E F et al. T."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ARTICLE + ARTICLE, "line 11: source 'doe2020' appears twice"),
        ("\n\nsome words", "line 3: expected an entry"),
        ("@novel{a, title = {T}}", "line 1: kind '@novel' is unknown"),
        ("@misc{a, titel = {T}}", "line 1: field 'titel' of 'a' is unknown; did you mean 'title'"),
        ("@misc{a,\n title = {T},\n title = {U}}", "line 3: field 'title' of 'a' appears twice"),
        ("@misc{a,\n title = {T", "line 2: field 'title' is never closed"),
        ("@misc{a, title = T}", "expected a value in braces or quotes"),
        ("@misc{a, title = {T} year = 2020}", "line 1: expected ',' or '}'"),
        ("@misc{a, year = 2020}", "entry 'a' has no title"),
    ],
)
def test_anything_unexpected_is_named_with_its_line(text, message):
    with pytest.raises(InputError) as error:
        read_references(text)
    assert message in str(error.value)


def test_unknown_keys_name_the_nearest():
    with pytest.raises(InputError, match="did you mean 'king2016'"):
        find_reference("king2061")


def shipped_tables(folder):
    """Every csv below ``folder`` (the trials and the other uses have folders of their own), by name."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from shipped_tables(entry)
        elif entry.name.endswith(".csv"):
            yield entry.name, list(csv.DictReader(entry.read_text("utf-8").splitlines()))


def test_every_source_of_every_shipped_table_exists():
    known = load_references()
    missing = {row.source for row in load_parameters().rows.values()} - set(known)
    tables = dict(shipped_tables(resources.files("glabella.evidence")))
    assert {"side_effects.csv", "published.csv", "other.csv", "dosing.csv"} <= set(tables)
    for name, rows in tables.items():
        missing |= {f"{name}: {row['source']}" for row in rows if row.get("source") and row["source"] not in known}
    assert not missing


def identities(entry: Reference) -> set[tuple[str, str]]:
    """What tells that two entries are one paper or page: identifiers (also inside an address), the address, the place, the title."""
    field, link = entry.fields.get, entry.fields.get("url", "")
    found = {(name, field(name, "").lower()) for name in ("doi", "pmid", "pmcid") if field(name)}
    found |= {("pmid", number) for number in re.findall(r"pubmed[^0-9]*(\d{6,})", link)}
    found |= {("pmcid", number.lower()) for number in re.findall(r"PMC\d+", link)}
    found |= {("doi", name.lower()) for name in re.findall(r"10\.\d{4,9}/[^\s?#]+", link)}
    found |= {("url", re.sub(r"^https?://(www\.)?", "", link).rstrip("/").lower())} if link else set()
    found |= {("place", " ".join((entry.fields["journal"].lower(), field("volume", ""), field("pages", ""))))} if field("pages") else set()
    words = re.findall(r"[a-z0-9]+", field("title", "").lower().replace("(title abridged)", ""))
    return found | {("title", " ".join(words))}


def entries_under_two_keys(references):
    keys = defaultdict(set)
    for key, entry in references.items():
        for one in identities(entry):
            keys[one].add(key)
    return {one: found for one, found in keys.items() if len(found) > 1}


def test_no_paper_stands_under_two_keys():
    assert not entries_under_two_keys(load_references())


@pytest.mark.parametrize(
    "other",
    [
        "@misc{b, title = {U}, doi = {10.1000/XYZ}}",
        "@misc{b, title = {U}, url = {https://doi.org/10.1000/xyz}}",
        "@misc{b, title = {On snap 25 & Strain (title abridged)}}",
        "@article{b, title = {U}, journal = {journal of lines}, volume = {12}, pages = {1--9}}",
    ],
)
def test_one_paper_under_two_keys_is_noticed(other):
    assert entries_under_two_keys(read_references(ARTICLE) | read_references(other))
    assert not entries_under_two_keys(read_references(ARTICLE))


def test_every_citation_is_one_readable_line():
    for key in load_references():
        line = reference(key)
        assert len(line) > 15
        assert "\n" not in line
        assert "{" not in line


def test_the_shipped_file_is_read_entry_by_entry_as_it_is_whole():
    text = resources.files("glabella.evidence").joinpath("sources.bib").read_text("utf-8")
    whole, known = read_references(text), load_references()
    assert list(known) == list(whole)
    assert len(known) == len(whole)
    assert all(known[key] == entry for key, entry in whole.items())
    assert "nobody2020" not in known
