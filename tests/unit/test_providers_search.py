"""Practitioners: searches against brute force, points as intervals, sheets with sources, wording."""

import json
import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.providers_made import made

from glabella.errors import InputError
from glabella.providers.board_licence import is_active
from glabella.providers.centres import distance_km, shipped_centres
from glabella.providers.database import open_database
from glabella.providers.npi import with_check_digit
from glabella.providers.points import GOALS, MOST, Facts, rate, total, treatments_per_year
from glabella.providers.search import search
from glabella.providers.settle import load_centres
from glabella.providers.sheet import read_sheet
from glabella.providers.tables import GROUPS, families, find_use
from glabella.providers.told import found_lines, points_lines, sheet_lines
from glabella.providers.where import Distance, Place, read_distance, read_place

VERDICTS = ("unsafe", "trusted", "best", "bad ", "recommended", "top-rated", "excellent", "qualified")


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    return made(tmp_path_factory.mktemp("providers"))


@pytest.fixture(scope="module")
def database(both):
    with open_database(both[1]) as connection:
        yield connection


def ask(database, near="55902", within="200km", use="glabellar", **more):
    return search(database, near, read_distance(within), find_use(use), **more)


@pytest.mark.parametrize("specialties", [(), ("all",)])
def test_the_index_finds_what_brute_force_finds_at_1000_places(database, specialties):
    use, centres, rng = find_use("migraine"), load_centres(database), np.random.default_rng(4)
    rows = np.array(database.execute("SELECT npi, zip, family FROM place WHERE NOT hidden").fetchall())
    chosen = [families().index(name) for name in use.families]
    if not specialties:
        rows = rows[np.isin(rows[:, 2], chosen)]
    at = np.searchsorted(centres.zips, rows[:, 1])
    somebody = 0
    for spot in rng.integers(0, len(centres.zips), 1000):
        place = Place(float(centres.latitude[spot]) + rng.normal(0, 0.2), float(centres.longitude[spot]) + rng.normal(0, 0.2), "")
        radius = float(rng.uniform(5, 150))
        found = search(database, place, Distance(radius), use, specialties=specialties, limit=3)
        gaps = distance_km(place.latitude, place.longitude, centres.latitude[at], centres.longitude[at])
        near = np.flatnonzero(gaps <= radius)
        order = near[np.lexsort((rows[near, 0], gaps[near]))]
        expected = list(dict.fromkeys(rows[order, 0].tolist()))
        assert found.people == len(expected)
        assert [hit.sheet.npi for hit in found.hits] == expected[:3]
        somebody += bool(expected)
    assert somebody > 300


def test_distances_are_great_circles():
    degree = distance_km(0.0, 0.0, np.array([0.0, 1.0, 0.0]), np.array([1.0, 0.0, 180.0]))
    np.testing.assert_allclose(degree, [6371.0088 * math.pi / 180] * 2 + [6371.0088 * math.pi], rtol=1e-12)


def test_centres_are_where_the_codes_are():
    centres = shipped_centres()
    for code, latitude, longitude in (
        (55902, 44.00, -92.48),
        (90001, 33.97, -118.25),
        (10001, 40.75, -73.99),
        (99501, 61.22, -149.87),
        (601, 18.18, -66.75),
    ):
        found = centres.find(code)
        assert found is not None
        assert distance_km(latitude, longitude, np.array([found[0]]), np.array([found[1]]))[0] < 6
    assert not ((centres.latitude == 0) & (centres.longitude == 0)).any()
    assert len(centres.zips) == 33_791


def test_a_wider_circle_loses_nobody(database):
    small, large = (ask(database, within=width, specialties=("all",), limit=1000) for width in ("60km", "120km"))
    assert {hit.sheet.npi for hit in small.hits} <= {hit.sheet.npi for hit in large.hits}
    assert len(small.hits) < len(large.hits)
    assert [hit.km for hit in large.hits] == sorted(hit.km for hit in large.hits)


def test_held_back_records_are_counted_and_nothing_else(both, database):
    written, _ = both
    found = ask(database, "Chicago, IL", "1000km", specialties=("all",), limit=1000)
    shown = {str(hit.sheet.npi) for hit in found.hits}
    assert found.not_shown > 0
    text = "\n".join(found_lines(found, sheets=True))
    assert f"{found.not_shown} records not shown" in text
    for number in (*written.excluded, *written.reported):
        assert number not in shown
        assert number not in text
        with pytest.raises(InputError, match="no record is shown"):
            read_sheet(database, number, find_use("glabellar"))


@pytest.mark.parametrize("sort", ["nearest", "evidence"])
@pytest.mark.parametrize("use", ["glabellar", "migraine"])
def test_points_appear_under_how_sorted_and_nowhere_else(database, sort, use):
    found = ask(database, "Rochester, MN", use=use, sort=sort)
    assert found.hits
    for hit, document in zip(found.hits, found.to_json()["practitioners"], strict=True):
        text = "\n".join(sheet_lines(hit.sheet))
        assert "points" not in text
        rest = {key: value for key, value in document.items() if key != "how_sorted"}
        assert "low" not in json.dumps(rest).replace("below", "")
        low, high, most = total(hit.sheet.parts)
        assert 0 <= low <= high <= most == (70 if use == "glabellar" else 100)
    if sort == "evidence":
        lows = [total(hit.sheet.parts)[0] for hit in found.hits]
        assert lows == sorted(lows, reverse=True)
    else:
        assert " of 70" not in "\n".join(found_lines(found))


def test_stored_points_are_those_of_the_sheet(database):
    for goal, use in (("cosmetic", "glabellar"), ("medical", "migraine")):
        rows = database.execute(f"SELECT npi, {goal}_low, {goal}_high FROM evidence WHERE NOT hidden LIMIT 300").fetchall()
        for npi, low, high in rows:
            assert total(read_sheet(database, str(npi), find_use(use)).parts)[:2] == (low, high)


def test_every_fact_has_a_source_and_unknown_is_said(database):
    unknown = known = 0
    for hit in ask(database, "Seattle, WA", specialties=("all",), limit=200).hits:
        for fact in hit.sheet.facts:
            assert fact.source
            known += fact.known
            unknown += not fact.known
            assert fact.known or "unknown" in fact.says
            assert fact.as_of or not fact.known
        assert hit.sheet.board.startswith("https://")
    assert known > 60
    assert unknown > 10


def test_a_state_list_says_active_or_not(database):
    facts = [fact for hit in ask(database, "Seattle, WA", "400km", specialties=("all",), limit=500).hits for fact in hit.sheet.facts]
    says = [fact.says for fact in facts if fact.source == "licence list of WA"]
    assert any("'ACTIVE'" in one for one in says)
    assert any("'EXPIRED'" in one for one in says)
    assert any("read it at the board" in one for one in says)


@pytest.mark.parametrize(
    ("status", "active"),
    [
        ("ACTIVE", True),
        ("Active", True),
        ("INACTIVE", False),
        ("EXPIRED", False),
        ("Not Renewed", False),
        ("ACTIVE IN RENEWAL", True),
        ("", False),
        ("SUSPENDED", False),
        ("Active - Revoked", False),
    ],
)
def test_status_words(status, active):
    assert is_active(status) is active


def test_a_visit_counts_once_and_only_the_last_three_years():
    assert treatments_per_year({2023: {"J0585": 40, "64615": 30}}) == 40
    assert treatments_per_year({2023: {"J0585": 20, "J0586": 15, "64615": 30}}) == 35
    assert treatments_per_year({2023: {"64612": 12, "64615": 30}}) == 42
    assert treatments_per_year({2019: {"J0585": 300}, 2021: {"J0585": 10}, 2022: {"J0585": 20}, 2023: {"J0585": 30}}) == 20
    assert treatments_per_year({}) is None


def test_points_by_hand():
    facts = Facts("core", True, date(2026, 9, 13), {2023: {"64615": 300.0}}, 2011, 0, True, True, 2025)
    assert [part.low for part in rate(facts, "medical")] == [20, 30, 20, 20, 5]
    assert [part.low for part in rate(facts, "cosmetic")] == [25, 20, 20, 5]
    nothing = Facts("delegated", False, date(2026, 9, 13))
    assert [(part.low, part.high) for part in rate(nothing, "medical")] == [(3, 3), (0, 30), (0, 20), (0, 20), (0, 0)]


facts = st.builds(
    Facts,
    st.sampled_from(GROUPS),
    st.booleans(),
    st.just(date(2026, 9, 13)),
    st.dictionaries(st.integers(2015, 2024), st.dictionaries(st.sampled_from(["J0585", "64615"]), st.floats(0, 5000)), max_size=4),
    st.sampled_from([0, 1960, 2015, 2026]),
    st.sampled_from([0, 2005, 2020]),
    st.booleans(),
    st.sampled_from([None, True, False]),
    st.integers(1999, 2026),
)


@given(facts, st.sampled_from(GOALS))
def test_points_are_intervals_within_bounds(one, goal):
    for part in rate(one, goal):
        assert 0 <= part.low <= part.high <= part.most == MOST[part.name]


@given(facts, st.sampled_from(GOALS))
def test_evidence_never_lowers_the_low_end_and_unknown_widens(one, goal):
    from dataclasses import replace

    low, high, _ = total(rate(one, goal))
    bare = total(rate(replace(one, claims={}, licence_active=None, licence_reported=False), goal))
    if one.licence_active is not False:  # a licence that is not active is no evidence for somebody
        assert bare[0] <= low
    assert bare[1] >= high
    assert bare[1] - bare[0] >= high - low


def test_places(database):
    centres = load_centres(database)
    rochester = read_place("Rochester, MN", centres, database)
    for same in ("rochester,mn", "Rochester, Minnesota", " ROCHESTER , MN "):
        assert read_place(same, centres, database) == rochester
    saint, short = (read_place(name, centres, database) for name in ("Saint Paul, MN", "St. Paul, MN"))
    assert saint == short
    assert read_place("55902-1234", centres).words == "centre of ZIP 55902"
    assert "begin with 021" in read_place("02101", centres).words
    for wrong, says in (
        ("Rochestor, MN", "Rochester"),
        ("Rochester, XX", "unknown"),
        ("00000", "no such ZIP"),
        ("nowhere", "must be a ZIP"),
        ("91,0", "latitude"),
        ("Paris, Minesota", "Minnesota"),
    ):
        with pytest.raises(InputError, match=says):
            read_place(wrong, centres, database)


@pytest.mark.parametrize(("text", "km"), [("50km", 50), ("50 km", 50), ("30mi", 48.28032), ("10 miles", 16.09344)])
def test_distances(text, km):
    assert read_distance(text).km == pytest.approx(km)


@pytest.mark.parametrize("text", ["50", "km", "-5km", "0km", "2000km", "5 m", "nan km"])
def test_wrong_distances(text):
    with pytest.raises(InputError, match="--within"):
        read_distance(text)


def test_unknown_words_name_the_nearest(database):
    for question, says in (({"sort": "evidense"}, "evidence"), ({"specialties": ("dermatologie",)}, "dermatology")):
        with pytest.raises(InputError, match=says):
            ask(database, **question)
    with pytest.raises(InputError, match="migraine"):
        find_use("migrane")
    with pytest.raises(InputError, match="check digit"):
        read_sheet(database, "1234567890", find_use("glabellar"))
    with pytest.raises(InputError, match="no record"):
        read_sheet(database, with_check_digit("299999999"), find_use("glabellar"))


def test_no_verdicts_anywhere(database):
    found = ask(database, "Rochester, MN", use="migraine", sort="evidence", specialties=("all",), limit=50)
    text = "\n".join([*found_lines(found, sheets=True), *points_lines(found.hits[0].sheet), json.dumps(found.to_json())]).lower()
    for word in VERDICTS:
        assert word not in text
    for needed in ("18 and over", "never at home", "check with the state board", "not being listed means nothing", "not a recommendation"):
        assert needed in text


def test_cosmetic_uses_show_counts_and_do_not_score_them(database):
    for hit in ask(database, "Rochester, MN").hits:
        assert "treatments" not in [part.name for part in hit.sheet.parts]
        (fact,) = (fact for fact in hit.sheet.facts if fact.topic == "treatments")
        assert not fact.known or "medical uses" in fact.says
