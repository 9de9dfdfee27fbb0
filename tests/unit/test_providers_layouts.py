"""Practitioners: licence lists of states, each in its own columns, and lists that a user describes."""

import csv
import io
from collections import Counter
from dataclasses import replace

import pytest

from glabella.errors import InputError
from glabella.providers.database import open_database
from glabella.providers.fictional.licence_lists import NAMES, licence_lists
from glabella.providers.fictional.other_files import BIRTH_MARK
from glabella.providers.fictional.people import invent
from glabella.providers.fictional.write import NATIONAL, write_records
from glabella.providers.ingest import ingest
from glabella.providers.layouts import known_layouts, layout_of, read_layout
from glabella.providers.reading import Header
from glabella.providers.sheet import read_sheet
from glabella.providers.sources.base import licence_keys
from glabella.providers.tables import find_use

STATES = ("WA", "CO", "IL", "TX", "DE", "CT", "FL", "MD", "NY")
EACH = 40


@pytest.fixture(scope="module")
def people():
    """Some people of every state that has a list, among them assistants and nurses."""
    mine = [one for one in invent(4000, 5, often=8.0) if one.is_person and one.code.startswith(("207", "208", "363"))]
    states = [STATES[place % len(STATES)] for place in range(EACH * len(STATES))]
    return [replace(one, state=state, deactivated=False, second_code="") for one, state in zip(mine, states, strict=False)]


@pytest.fixture(scope="module")
def database(tmp_path_factory, people):
    folder = tmp_path_factory.mktemp("lists")
    write_records(folder / NATIONAL, people)
    for name, text in licence_lists(people).values():
        (folder / name).write_text(text)
    path = folder / "p.sqlite"
    taken = ingest(sorted(folder.glob("*.*")), path)
    return path, {one.source: one for one in taken}


def facts(database, one):
    with open_database(database[0]) as connection:
        return [fact for fact in read_sheet(connection, one.npi, find_use("glabellar")).facts if fact.topic in ("licence", "board record")]


def test_every_list_is_recognised_as_that_of_its_state(database):
    _, taken = database
    assert set(NAMES) == {name for name in taken if name.startswith(("licences", "actions"))}
    for name in NAMES:
        assert taken[name].counts["kept"] > 0
        assert taken[name].counts.get("odd records", 0) == 0
        assert taken[name].as_of.isoformat() == "2026-09-15"


@pytest.mark.parametrize("state", STATES)
def test_everybody_is_matched_with_the_own_licence(database, people, state):
    """Each of the state's people is in its list once, under a number that is written in another way than the registry writes it."""
    told = Counter()
    for one in people:
        if one.state != state:
            continue
        found = facts(database, one)
        told["people"] += 1
        if state == "NY":
            assert found[0].known is False
            told["listed"] += one.number % 5 == 0 and not one.code.startswith("363L")  # the board's list has no nurses
            told["matched"] += any("Censure and reprimand, 2015-03-04" in fact.says for fact in found)
        else:
            told["listed"] += 1
            told["matched"] += any(fact.source == f"licence list of {state}" and fact.known for fact in found)
            told["active"] += any("'" in fact.says and "ctive" in fact.says.lower() for fact in found)
    assert told["people"] == EACH
    assert told["matched"] == told["listed"] > 0


def test_a_florida_licence_that_is_delinquent_is_not_active(database, people):
    from glabella.providers.board_licence import is_active

    said = [fact.says for one in people if one.state == "FL" for fact in facts(database, one)]
    assert any("DELINQUENT" in one for one in said)
    assert not is_active("DELINQUENT ACTIVE")
    assert is_active("CLEAR ACTIVE")


def test_nothing_private_of_the_lists_is_kept(database):
    content = database[0].read_bytes()
    for secret in (BIRTH_MARK[:4] + ",", "PO BOX 1", "Invented description"):
        assert secret.encode() not in content


def test_another_name_under_the_same_number_is_nobody(tmp_path, people):
    one = next(one for one in people if one.state == "CT")
    write_records(tmp_path / NATIONAL, [one])
    (name, text) = licence_lists([one])["licences_CT"]
    (tmp_path / name).write_text(text.replace(one.last.replace("'", ""), "SOMEBODYELSE"))
    taken = ingest([tmp_path / NATIONAL, tmp_path / name], tmp_path / "p.sqlite")
    assert taken[1].counts["of another name"] == 1
    assert "kept" not in taken[1].counts


@pytest.mark.parametrize(
    ("number", "keys"),
    [
        ("MD.MD.00012345", ["12345"]), ("036.123456", ["36123456", "123456"]), ("C1-0012345", ["10012345", "12345"]), ("K1234", ["1234"]),
        ("000000", []), ("", []), ("none", []),
    ],
)  # fmt: skip
def test_keys_of_numbers(number, keys):
    assert licence_keys(number) == keys


def test_no_list_is_mistaken_for_another():
    for layout in known_layouts():
        assert layout_of(Header(layout.columns, "x"), known_layouts()) == layout


LAYOUT = """state = "OR"
dataset = "Invented board"
number = "Lic No"
full_name = "Who"
type_is = "Physician"
status = "State of it"
expires = "Until"
"""


@pytest.fixture
def oregon(tmp_path, people):
    one = replace(people[0], state="OR")
    write_records(tmp_path / NATIONAL, [one])
    text = io.StringIO()
    names = ["Lic No", "Who", "Born", "State of it", "Until"]
    csv.writer(text).writerows([names, [one.licence, f"{one.last}, {one.first}", "1961", "Active", "2030-01-01"]])
    (tmp_path / "board_20260901.csv").write_text(text.getvalue())
    (tmp_path / "layout.toml").write_text(LAYOUT)
    return one, tmp_path


def test_a_list_that_a_user_describes(oregon):
    one, folder = oregon
    files, database = [folder / NATIONAL, folder / "board_20260901.csv"], folder / "p.sqlite"
    with pytest.raises(InputError, match="--layout"):
        ingest(files, database)
    ingest(files, database, layouts=[read_layout(folder / "layout.toml")])
    (fact,) = facts((database, {}), one)
    assert fact.says == f"Physician, {one.licence}: 'Active', until 2030-01-01"
    assert (fact.source, fact.as_of) == ("licence list of OR", "2026-09-01")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("number", "numbr", "did you mean 'number'"), ('state = "OR"', "", "two letters"), ('"OR"', '"XX"', "state 'XX' is unknown"),
        ("full_name", "first_name", "unknown"), ('full_name = "Who"', "", "one of 'last_name' and 'full_name'"),
        ("dataset =", "kind =", "kind 'Invented board' is unknown"), ('"Until"', "5", "must be text"),
        ('status = "State of it"', "", "active"),
        ('"Physician"', '"Physician"\nlist = "licences_WA"', "must be licences_OR"), ("=", "", "not valid TOML"),
    ],
)  # fmt: skip
def test_layouts_that_cannot_be_used(tmp_path, old, new, says):
    path = tmp_path / "layout.toml"
    path.write_text(LAYOUT.replace(old, new, 1))
    with pytest.raises(InputError, match=says) as caught:
        read_layout(path)
    assert "\n" not in str(caught.value)
