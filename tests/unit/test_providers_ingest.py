"""Practitioners: files are recognised, streamed, matched by number alone, and what should not be kept is not."""

import csv
import io
import json
import sqlite3
from dataclasses import replace
from datetime import date

import pytest
from tests.providers_made import made

from glabella.errors import InputError
from glabella.providers.database import open_database
from glabella.providers.fictional.national_file import MAILING_MARK, columns, header_line, lines
from glabella.providers.fictional.other_files import BIRTH_MARK
from glabella.providers.fictional.people import invent
from glabella.providers.fictional.write import write_records
from glabella.providers.ingest import ingest
from glabella.providers.npi import is_npi, with_check_digit
from glabella.providers.sheet import read_sheet
from glabella.providers.sources.national import tier_of
from glabella.providers.tables import GROUPS, families, find_use, injection_codes, specialty_of, uses

WEEK = "npidata_pfile_20260914-20260920.csv"


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    return made(tmp_path_factory.mktemp("providers"))


def rows(database, question, *values):
    connection = sqlite3.connect(database)
    try:
        return connection.execute(question, values).fetchall()
    finally:
        connection.close()


def people_of(**changes):
    """One invented dermatologist, changed."""
    one = next(one for one in invent(4000, 3) if one.is_person and one.code == "207N00000X" and not one.reactivated)
    return replace(one, second_code="", **changes)


def ingested(folder, *groups):
    """A database of the first group of people as the whole file, the others as weekly updates."""
    database = folder / "p.sqlite"
    for week, people in enumerate(groups):
        path = folder / ("npidata_pfile_20050523-20260913.csv" if week == 0 else f"npidata_pfile_202609{13 + week}-202609{19 + week}.csv")
        write_records(path, people)
        ingest([path], database)
    return database


@pytest.mark.parametrize(
    ("number", "right"),
    [("1234567893", True), ("1003000126", True), ("1234567890", False), ("0000000000", False), ("123456789", False), ("12345678x3", False)],
)
def test_check_digit(number, right):
    assert is_npi(number) is right


def test_the_check_digit_catches_every_wrong_digit():
    good = with_check_digit("223456789")
    for place in range(10):
        for digit in "0123456789":
            changed = good[:place] + digit + good[place + 1 :]
            assert is_npi(changed) == (changed == good)


def test_the_header_has_the_places_of_the_layout():
    names = columns()
    assert len(names) == 330
    assert len(set(names)) == 330
    for name, place in {
        "Entity Type Code": 1,
        "Provider Credential Text": 10,
        "Provider First Line Business Practice Location Address": 28,
        "Provider Business Practice Location Address Postal Code": 32,
        "Provider Enumeration Date": 36,
        "NPI Deactivation Date": 39,
        "NPI Reactivation Date": 40,
        "Provider Sex Code": 41,
        "Healthcare Provider Taxonomy Code_1": 47,
        "Healthcare Provider Taxonomy Code_2": 51,
        "Is Sole Proprietor": 307,
        "Certification Date": 329,
    }.items():
        assert names.index(name) == place
    assert all(len(next(csv.reader([line]))) == 330 for line in [header_line(), *lines(invent(50, 1))])


def test_every_source_is_recognised_and_counted(both):
    written, database = both
    found = dict(rows(database, "SELECT name, kept FROM source"))
    assert set(found) == {*written.files, "second_places"}
    assert all(kept > 0 for kept in found.values())
    days = dict(rows(database, "SELECT name, as_of FROM source"))
    assert days["national"] == "2026-09-13"
    assert days["deactivations"] == "2026-09-14"
    assert days["claims_2023"] == "2023-12-31"


def test_the_database_holds_the_people_of_a_plain_second_reading(both):
    """Against the csv module and the rules written out: active people with a code of ours."""
    written, database = both
    import zipfile

    with zipfile.ZipFile(written.files["national"]) as archive:
        name = next(name for name in archive.namelist() if name.startswith("npidata") and "header" not in name)
        table = csv.DictReader(io.TextIOWrapper(archive.open(name), "utf-8"))
        expected = set()
        for row in table:
            ended = row["NPI Deactivation Date"] and not row["NPI Reactivation Date"]
            codes = [row[f"Healthcare Provider Taxonomy Code_{n}"] for n in range(1, 16)]
            if row["Entity Type Code"] == "1" and not ended and any(code and specialty_of(code) for code in codes):
                expected.add(int(row["NPI"]))
    assert {row[0] for row in rows(database, "SELECT npi FROM person")} == expected
    assert len(expected) > 500


def test_nothing_private_is_in_the_database(both):
    written, database = both
    names = {
        f"{table}.{row[1]}"
        for (table,) in rows(database, "SELECT name FROM sqlite_master WHERE type = 'table'")
        for row in rows(database, f"PRAGMA table_info({table})")
    }
    for word in ("mail", "sex", "gender", "birth", "dob", "official", "fax"):
        assert not [name for name in names if word in name.lower()], word
    content = database.read_bytes()
    raw = b"".join(path.read_bytes() for source, path in written.files.items() if source in ("exclusions", "licences_WA"))
    assert BIRTH_MARK.encode() in raw  # it was there to be kept
    for secret in (MAILING_MARK, BIRTH_MARK, "9995550199"):
        assert secret.encode() not in content


def test_who_works_alone_at_the_mailing_address_has_no_street_and_no_telephone(tmp_path):
    home, office, staff = (people_of(npi=with_check_digit(f"20000000{n}"), alone=n < 3, at_home=n == 1) for n in (1, 2, 3))
    database = ingested(tmp_path, [home, office, staff])
    found = {npi: (bool(line), bool(phone)) for npi, line, phone in rows(database, "SELECT npi, line, phone FROM person")}
    assert found == {int(home.npi): (False, False), int(office.npi): (True, False), int(staff.npi): (True, True)}


def test_deactivated_people_and_wrong_numbers_never_get_in(tmp_path):
    good = people_of(npi=with_check_digit("200000001"))
    wrong = replace(good, npi="2000000011")
    ended = replace(good, npi=with_check_digit("200000002"), deactivated=True)
    back = replace(ended, npi=with_check_digit("200000003"), reactivated=True)
    organisation = replace(good, npi=with_check_digit("200000004"), entity="2")
    assert not is_npi(wrong.npi)
    database = ingested(tmp_path, [good, wrong, ended, back, organisation])
    assert {row[0] for row in rows(database, "SELECT npi FROM person")} == {int(good.npi), int(back.npi)}
    assert json.loads(rows(database, "SELECT remarks FROM source")[0][0])["wrong check digits"] == 1


def test_of_two_records_of_a_person_the_newer_counts(tmp_path):
    older = people_of(npi=with_check_digit("200000001"), city="OLDTOWN", updated_year=2020)
    newer = replace(older, city="NEWTOWN", updated_year=2024)
    for order in ([older, newer], [newer, older]):
        database = ingested(tmp_path, order)
        assert rows(database, "SELECT city FROM person") == [("NEWTOWN",)]
        assert json.loads(rows(database, "SELECT remarks FROM source")[0][0])["listed twice"] == 1


def test_a_week_moves_adds_changes_and_removes(tmp_path):
    first = people_of(npi=with_check_digit("200000001"), city="OLDTOWN", updated_year=2020)
    moved = replace(first, city="NEWTOWN", updated_year=2026)
    ends = replace(first, npi=with_check_digit("200000002"))
    turns = replace(first, npi=with_check_digit("200000003"))
    new = replace(first, npi=with_check_digit("200000004"))
    week = [moved, replace(ends, deactivated=True), replace(turns, code="101YM0800X", updated_year=2026), new]
    database = ingested(tmp_path, [first, ends, turns], week)
    assert rows(database, "SELECT npi, city FROM person ORDER BY npi") == [(int(first.npi), "NEWTOWN"), (int(new.npi), "OLDTOWN")]
    assert {name for (name,) in rows(database, "SELECT name FROM source")} == {"national", "national_update"}


def test_a_whole_file_replaces_everybody_and_keeps_the_other_sources(tmp_path):
    _, database = made(tmp_path)
    before = rows(database, "SELECT count(*) FROM claim")
    one = people_of(npi=with_check_digit("200000001"))
    path = tmp_path / "npidata_pfile_20050523-20261011.csv"
    write_records(path, [one])
    ingest([path], database)
    assert rows(database, "SELECT npi FROM person") == [(int(one.npi),)]
    assert rows(database, "SELECT count(*) FROM claim") == before
    assert rows(database, "SELECT npi FROM evidence") == [(int(one.npi),)]
    assert rows(database, "SELECT as_of FROM source WHERE name = 'national'") == [("2026-10-11",)]


def test_exclusion_is_by_number_and_never_by_name(both):
    written, database = both
    hidden = {f"{row[0]}" for row in rows(database, "SELECT npi FROM evidence WHERE hidden")}
    assert hidden == {*written.excluded, *written.reported}


def test_the_primary_code_alone_decides():
    surgeon, assistant, counsellor = "208200000X", "363A00000X", "101YM0800X"
    names = lambda found: ("other" if found[0] < 0 else families()[found[0]], GROUPS[found[1]], found[2])  # noqa: E731
    assert names(tier_of([(assistant, True), (surgeon, False)])) == ("physician_assistant", "delegated", True)
    assert names(tier_of([(surgeon, False), (assistant, True)])) == ("physician_assistant", "delegated", True)
    assert names(tier_of([(counsellor, True), (surgeon, False)])) == ("other", "other", False)
    assert names(tier_of([(counsellor, False), (surgeon, False)])) == ("plastic_surgery", "core", False)


def test_tables_agree_with_each_other():
    known = {*families()}
    for use in uses().values():
        assert set(use.families) <= known
        assert set(use.codes) <= set(injection_codes())
    assert specialty_of("363LF0000X").family == "nurse_practitioner"
    assert specialty_of("207ND0900X") is None  # laboratory, not patients


def test_a_whole_file_after_a_week_leaves_no_source_that_is_gone(tmp_path):
    one = people_of(npi=with_check_digit("200000001"))
    database = ingested(tmp_path, [one], [replace(one, city="NEWTOWN", updated_year=2026)])
    ingest([tmp_path / "npidata_pfile_20050523-20260913.csv"], database)
    assert [name for (name,) in rows(database, "SELECT name FROM source")] == ["national"]


def test_the_users_own_copy_of_the_code_set_gives_the_names(tmp_path):
    one = people_of(npi=with_check_digit("200000001"))
    database = ingested(tmp_path, [one])
    path = tmp_path / "nucc_taxonomy_261.csv"
    path.write_text(
        "Code,Grouping,Classification,Specialization,Definition,Notes,Display Name,Section\n"
        '207N00000X,Invented,Invented,,"Long, with a comma",,Invented Display Name,Individual\nbroken,,,,,,,\n'
    )
    (taken,) = ingest([path], database, date(2026, 1, 1))
    assert (taken.counts["kept"], taken.counts["without a code and a name"]) == (1, 1)
    with open_database(database) as connection:
        assert read_sheet(connection, one.npi, find_use("glabellar")).specialty == "Invented Display Name"


def test_names_of_files_tell_their_day(tmp_path):
    one = people_of()
    path = tmp_path / "renamed.csv"
    write_records(path, [one])
    (taken,) = ingest([path], tmp_path / "a.sqlite", date(2026, 1, 2))
    assert (taken.as_of, taken.as_of_from) == (date(2026, 1, 2), "given")
    (taken,) = ingest([path], tmp_path / "b.sqlite")
    assert taken.as_of_from == "time of the file"


def test_counts_need_a_year(tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text("Rndrng_NPI,Rndrng_Prvdr_Ent_Cd,HCPCS_Cd,Tot_Srvcs,Tot_Bene_Day_Srvcs\n1234567893,I,J0585,200,20\n")
    with pytest.raises(InputError, match="--as-of"):
        ingest([path], tmp_path / "p.sqlite")
    ingest([path], tmp_path / "p.sqlite", date(2022, 12, 31))
    assert rows(tmp_path / "p.sqlite", "SELECT * FROM claim") == [(1234567893, 2022, "J0585", 20.0, 200.0)]


def test_odd_rows_are_counted_and_quotes_and_line_breaks_in_values_survive(tmp_path):
    path = tmp_path / "npidata_pfile_20050523-20260913.csv"
    one, two = people_of(npi=with_check_digit("200000001")), people_of(npi=with_check_digit("200000002"))
    odd = next(iter(lines([one]))).replace('"ROCHESTER"', '"X"').replace(one.last, f'{one.last} ""THE"", THIRD\nOF HIS NAME', 1)
    path.write_text(header_line() + odd + "".join(lines([two])) + '"only","three","values"\n')
    (taken,) = ingest([path], tmp_path / "p.sqlite")
    assert taken.counts["odd records"] == 1
    assert dict(rows(tmp_path / "p.sqlite", "SELECT npi, last FROM person"))[int(one.npi)] == f'{one.last} "THE", THIRD\nOF HIS NAME'
    assert taken.counts["kept"] == 2


def test_the_same_files_give_the_same_database(tmp_path, both):
    _, database = both
    (tmp_path / "again").mkdir()
    _, again = made(tmp_path / "again")
    for table in ("person", "evidence", "place", "claim", "licence", "city", "school"):
        assert rows(database, f"SELECT * FROM {table}") == rows(again, f"SELECT * FROM {table}")
