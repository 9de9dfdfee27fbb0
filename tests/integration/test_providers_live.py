"""Practitioners: the public registry's interface as it answers on good and bad days, and registers of other countries."""

from dataclasses import replace

import pytest
from tests.providers_made import made
from tests.registry_server import record, registry_server

from glabella.errors import InputError
from glabella.providers.csv_registry import CsvRegistry
from glabella.providers.fictional.people import invent
from glabella.providers.live import AGENT, Client, LiveError, LiveRegistry
from glabella.providers.local_registry import LocalRegistry
from glabella.providers.npi import with_check_digit
from glabella.providers.registry import Registry
from glabella.providers.tables import find_use
from glabella.providers.where import read_distance

FAR = read_distance("40km")


def dermatologists(count, code="55902"):
    one = next(one for one in invent(4000, 3) if one.is_person and one.code == "207N00000X")
    return [
        replace(one, npi=with_check_digit(f"2{number:08d}"), zip=code, last=f"EXAMPLE{number}", second_code="") for number in range(count)
    ]


def client(address, **more):
    return Client(address, **{"pause_seconds": 0.0, "timeout_seconds": 0.5, **more})


def look(address, use="glabellar", near="55902", within=FAR, **more):
    return LiveRegistry(client(address, **more)).listed(near, within, find_use(use), limit=2000)


def test_people_near_with_their_facts():
    people = dermatologists(3)
    with registry_server([record(one, as_number=number == 0) for number, one in enumerate(people)]) as (interface, address):
        found = look(address)
    assert [one.identifier for one in found.listings] == [one.npi for one in people]
    (first, *_) = found.listings
    assert first.km < 1
    assert first.postcode == "55902"
    assert dict(first.facts)["licence"].endswith("check with the state board")
    assert "exclusions" in found.remarks[0]
    assert all(question["address_purpose"] == "LOCATION" and question["agent"] == AGENT for question in interface.asked)
    assert "MAILING" not in str([one.to_json() for one in found.listings])


def test_what_comes_back_is_judged_again():
    good, wrong, other, far, ended, assistant = dermatologists(6)
    records = [
        record(good), record(replace(wrong, npi="2999999999")), record(replace(other, code="207ND0900X")),
        record(replace(far, zip="55801")),
        record(ended, basic={"first_name": "A", "last_name": "B", "status": "D"}),
        record(assistant, taxonomies=[{"code": "363A00000X", "desc": "Physician Assistant", "primary": True},
                                      {"code": "207N00000X", "desc": "Dermatology", "primary": False}]),
    ]  # fmt: skip
    with registry_server(records) as (_, address):
        assert [one.identifier for one in look(address).listings] == [good.npi]


def test_pages_are_followed_and_the_end_is_known():
    with registry_server([record(one) for one in dermatologists(450)]) as (interface, address):
        found, more = client(address).records(postal_code="559*", taxonomy_description="Dermatology")
    assert (len(found), more) == (450, False)
    assert [question["skip"] for question in interface.asked] == ["0", "200", "400"]
    assert {question["limit"] for question in interface.asked} == {"200"}


def test_what_is_cut_off_is_said():
    with registry_server([record(one) for one in dermatologists(1300)]) as (_, address):
        found = look(address)
    assert len(found.listings) == 1200
    assert "cut off" in found.remarks[1]
    assert "Dermatology" in found.remarks[1]


@pytest.mark.parametrize("question", [{"state": "MN"}, {"postal_code": "5*"}])
def test_errors_inside_a_good_status(question):
    with registry_server([]) as (_, address), pytest.raises(LiveError, match="refuses the question") as caught:
        client(address).records(**question)
    assert "\n" not in str(caught.value)


def test_nobody_is_an_answer():
    with registry_server([]) as (_, address):
        assert look(address).listings == ()


@pytest.mark.parametrize("fault", [503, 429, "slow", "drop", "html", "cut"])
def test_a_bad_moment_is_outlived(fault):
    with registry_server([record(one) for one in dermatologists(2)]) as (interface, address):
        interface.faults = [fault, fault]
        found = look(address)
    assert len(found.listings) == 2


@pytest.mark.parametrize(
    ("fault", "says"),
    [(500, "status 500, 3 times"), ("slow", "no whole answer in time"), ("html", "no JSON"), (403, "refuses with status 403")],
)
def test_a_bad_day_is_said(fault, says):
    with registry_server([]) as (interface, address):
        interface.faults = [fault] * 3
        with pytest.raises(LiveError, match=says):
            look(address)
    assert len(interface.asked) == (1 if fault == 403 else 3)


def test_an_answer_that_never_ends_is_given_up(monkeypatch):
    monkeypatch.setattr("glabella.providers.live.LONGEST_REPLY_SECONDS", 0.2)
    with registry_server([record(one) for one in dermatologists(2)]) as (interface, address):
        interface.faults = ["drip"] * 3
        with pytest.raises(LiveError, match="no whole answer in time"):
            look(address, pause_seconds=0.01)
    assert len(interface.asked) == 3


def test_a_city_is_where_the_registry_says():
    codes = ("55901", "55901", "55902", "55904")
    people = [replace(one, city="ROCHESTER", state="MN", zip=code) for one, code in zip(dermatologists(4), codes, strict=True)]
    with registry_server([record(one) for one in people]) as (interface, address):
        found = look(address, near="Rochester, Minnesota", within=read_distance("30km"))
        with pytest.raises(InputError, match="no practice in a city of that name"):
            look(address, near="Nowhere, MN")
    assert found.point == "middle of the practice addresses in Rochester, MN"
    assert len(found.listings) == 4
    assert (interface.asked[0]["city"], interface.asked[0]["state"]) == ("Rochester", "MN")


def test_nobody_there():
    with pytest.raises(LiveError, match="cannot be reached"):
        look("http://127.0.0.1:9/api/")


def test_it_waits_as_long_as_it_is_told():
    waits = []
    with registry_server([record(one) for one in dermatologists(1)]) as (interface, address):
        interface.faults, interface.retry_after = [429], "7"
        look(address, sleep=waits.append)
    assert 7.0 in waits


def test_it_asks_slowly_and_not_for_ever():
    with registry_server([record(one) for one in dermatologists(500)]) as (interface, address):
        client(address, pause_seconds=0.2).records(postal_code="559*", taxonomy_description="Dermatology")
        gaps = [later - earlier for earlier, later in zip(interface.times, interface.times[1:], strict=False)]
        assert min(gaps) >= 0.19
        with pytest.raises(LiveError, match="more than 2 requests"):
            client(address, most_requests=2).records(postal_code="559*", taxonomy_description="Dermatology")


def test_another_form_of_reply_is_said():
    with registry_server([]) as (interface, address):
        interface.answer = lambda question: ["something"]
        with pytest.raises(LiveError, match="another form"):
            look(address)


TABLE = """id,name,lat,lon,credential,specialty,city,postcode,licence_status,source,as_of,secret
7,Dr Ines Exampleberg,48.14,11.58,Dr. med.,dermatology,München,80331,registered,Invented Chamber,2026-10-01,not shown
8,Dr Nils Sampleman,48.37,10.90,,plastic surgery,Augsburg,86150,,Invented Chamber,2026-10-01,
"""


def test_a_table_of_another_country(tmp_path):
    path = tmp_path / "register.csv"
    path.write_text(TABLE, "utf-8-sig")
    registry: Registry = CsvRegistry.read(path)
    found = registry.listed("München", read_distance("100km"), find_use("glabellar"))
    assert [one.identifier for one in found.listings] == ["7", "8"]
    assert found.listings[1].km == pytest.approx(56.7, abs=1)
    assert found.listings[1].facts == (("licence", "unknown: not in this table"),)
    assert "not shown" not in str([one.to_json() for one in found.listings])
    assert [one.identifier for one in registry.listed("48.1,11.6", read_distance("20km"), find_use("glabellar")).listings] == ["7"]
    with pytest.raises(InputError, match="München"):
        registry.listed("Munchen", FAR, find_use("glabellar"))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("lat,", "north,", "latitude"),
        ("48.14", "x", "line 2"),
        ("48.14,11.58", "0,0", "no place"),
        ("7,Dr Ines Exampleberg", "7,", "must not be empty"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path, old, new, says):
    path = tmp_path / "register.csv"
    path.write_text(TABLE.replace(old, new, 1))
    with pytest.raises(InputError, match=says):
        CsvRegistry.read(path)


def test_the_local_database_is_a_register_too(tmp_path):
    from glabella.providers.database import open_database

    _, database = made(tmp_path)
    with open_database(database) as connection:
        registry: Registry = LocalRegistry(connection)
        found = registry.listed("Rochester, MN", read_distance("60km"), find_use("migraine"))
    assert found.listings
    assert all(one.source == "local database" and one.as_of == "2026-09-13" for one in found.listings)
