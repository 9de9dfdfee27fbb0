"""The commands ``glabella providers``: what others rely on."""

import json

import pytest
from click.testing import CliRunner
from tests.providers_made import made
from tests.registry_server import registry_server

from glabella.cli import main


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    return made(tmp_path_factory.mktemp("providers"))


def run(*words):
    return CliRunner().invoke(main, ["providers", *map(str, words)])


def test_demo_then_search_then_sheet(tmp_path):
    found = run("demo", "--out", tmp_path / "demo", "--records", 3000)
    assert found.exit_code == 0, found.output
    assert "invented" in found.output
    database = tmp_path / "demo" / "providers.sqlite"
    listed = run("search", "--near", "Rochester, MN", "--within", "100mi", "--database", database, "--specialty", "all", "--json")
    document = json.loads(listed.stdout)
    number = document["practitioners"][0]["npi"]
    sheet = run("show", number, "--database", database)
    assert sheet.exit_code == 0
    assert "How sorted" in sheet.output
    assert "[national registry, 2026-09-13]" in sheet.output.replace("\n  ", " ")


def test_json_of_a_search(both):
    _, database = both
    document = json.loads(
        run("search", "--near", "55902", "--for", "migraine", "--sort", "evidence", "--database", database, "--json").stdout
    )
    assert set(document) == {
        "near", "within_km", "for", "specialties", "sort", "people", "shown", "not_shown", "practitioners", "notices", "questions_to_ask",
        "correction", "sources",
    }  # fmt: skip
    for one in document["practitioners"]:
        assert set(one) == {
            "npi", "name", "credential", "specialty", "practice", "facts", "check_with", "how_sorted", "distance_km", "distance_from",
        }  # fmt: skip
        assert one["how_sorted"]["low"] <= one["how_sorted"]["high"] <= one["how_sorted"]["most"]
    again = run("search", "--near", "55902", "--for", "migraine", "--sort", "evidence", "--database", database, "--json").stdout
    assert json.loads(again) == document


def test_default_is_nearest_within_50_km_for_the_glabella(both):
    _, database = both
    document = json.loads(run("search", "--near", "55902", "--database", database, "--json").stdout)
    assert (document["sort"]["by"], document["within_km"], document["for"]) == ("nearest", 50, "glabellar")
    far = [one["distance_km"] for one in document["practitioners"]]
    assert far == sorted(far)


def test_status_names_files_and_their_days(both):
    _, database = both
    text = run("status", "--database", database).output
    assert "as of 2026-09-13 (file name)" in text
    assert json.loads(run("status", "--database", database, "--json").stdout)["people"] > 500


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("search", "--near", "nowhere"), "must be a ZIP code"),
        (("search", "--near", "55902", "--within", "50"), "such as 50km"),
        (("search", "--near", "55902", "--for", "frown"), "unknown"),
        (("search", "--near", "55902", "--sort", "best"), "unknown"),
        (("show", "1234567890"), "check digit"),
        (("ingest",), "no file"),
        (("near", "55902"), "--live"),
        (("serch",), "search"),
    ],
)
def test_errors_are_one_line(both, words, says):
    _, database = both
    found = run(*words, *(("--database", database) if words[0] in ("search", "show") else ()))
    assert found.exit_code == 2
    assert says in found.stderr
    assert found.stderr.count("\n") == 1


def test_without_a_database_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("GLABELLA_DATA", str(tmp_path))
    found = run("search", "--near", "55902")
    assert found.exit_code == 2
    assert "providers ingest" in found.stderr
    assert "providers demo" in found.stderr


def test_near_asks_only_what_it_is_told_to():
    with registry_server([]) as (interface, address):
        found = run("near", "55902", "--live", "--within", "1km", "--address", address)
        assert found.exit_code == 0, found.output
        assert "Nobody in the files" in found.output
        assert interface.asked
