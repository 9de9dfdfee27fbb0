"""Notes and own patterns over REST on a real server: kept, listed, changed in two tabs, exported, imported, refused."""

import tomllib

import pytest
from tests.app_server import app_server

from glabella.app.api import bodies
from glabella.app.note import Note
from glabella.plan import Plan

ONA = "onabotulinumtoxinA"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with app_server(tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture
def note(server):
    return server.ask("POST", "/api/v1/notes", bodies.NOTE).json()["id"]


def test_a_note_is_kept_changed_and_listed(server, note):
    kept = server.ask("GET", f"/api/v1/notes/{note}").json()
    assert (kept["version"], kept["newest"]) == (1, 1)
    assert Note.from_document(kept["note"]) == Note.from_document(bodies.NOTE)
    other = bodies.NOTE | {"title": "Changed", "expiry": "2027-01-31", "treatment_date": "2026-11-23"}
    assert server.ask("PUT", f"/api/v1/notes/{note}", {"note": other, "expected_version": 1}).json() == {"id": note, "version": 2}
    listed = server.ask("GET", "/api/v1/notes?limit=1").json()
    assert listed["total"] >= 1
    assert (listed["notes"][0]["id"], listed["notes"][0]["title"]) == (note, "Changed")
    assert server.ask("GET", f"/api/v1/notes/{note}?version=1").json()["note"]["title"] == bodies.NOTE["title"]
    versions = server.ask("GET", f"/api/v1/notes/{note}/versions").json()["versions"]
    assert [(one["version"], one["title"]) for one in versions] == [(2, "Changed"), (1, bodies.NOTE["title"])]


def test_two_tabs_at_once_are_a_conflict(server, note):
    save = lambda title: server.ask("PUT", f"/api/v1/notes/{note}", {"note": {"title": title}, "expected_version": 1})  # noqa: E731
    assert save("one").status == 200
    answer = save("two")
    assert (answer.status, answer.code) == (409, "conflict")
    assert server.ask("GET", f"/api/v1/notes/{note}").json()["note"]["title"] == "one"


def test_a_note_is_deleted_and_restored(server, note):
    assert server.ask("DELETE", f"/api/v1/notes/{note}").status == 204
    answer = server.ask("GET", f"/api/v1/notes/{note}")
    assert (answer.status, answer.code) == (404, "not_found")
    assert note in [entry["id"] for entry in server.ask("GET", "/api/v1/notes?deleted=true").json()["notes"]]
    assert server.ask("POST", f"/api/v1/notes/{note}/restore").json() == {"id": note, "version": 1}
    assert server.ask("GET", f"/api/v1/notes/{note}").status == 200


def test_a_note_is_duplicated(server, note):
    other = server.ask("POST", f"/api/v1/notes/{note}/duplicate")
    assert other.status == 201
    assert other.headers["location"] == f"/api/v1/notes/{other.json()['id']}"
    documents = [server.ask("GET", f"/api/v1/notes/{one}").json()["note"] for one in (note, other.json()["id"])]
    assert documents[0] == documents[1]


@pytest.mark.parametrize("format", ["toml", "json"])
def test_what_is_exported_can_be_imported(server, note, format):
    file = server.ask("GET", f"/api/v1/notes/{note}/export?format=note-{format}")
    assert file.headers["content-disposition"] == f'attachment; filename="Frown-lines-first-visit.{format}"'
    other = server.ask("POST", "/api/v1/notes/import", {"format": format, "text": file.body.decode()})
    assert other.status == 201, other.body
    documents = [server.ask("GET", f"/api/v1/notes/{one}").json()["note"] for one in (note, other.json()["id"])]
    assert documents[0] == documents[1]


def test_the_plan_is_exported_as_the_command_line_reads_it(server, note):
    file = server.ask("GET", f"/api/v1/notes/{note}/export?format=plan-toml")
    assert Plan.from_mapping(tomllib.loads(file.body.decode())).units == 20
    assert server.ask("POST", "/api/v1/notes/import", {"text": file.body.decode()}).status == 201
    empty = server.ask("POST", "/api/v1/notes", {}).json()["id"]
    answer = server.ask("GET", f"/api/v1/notes/{empty}/export?format=plan-toml")
    assert (answer.status, answer.code) == (422, "input")


BAD_TEXTS = {
    "no TOML": ("toml", "title = "),
    "deep TOML lists": ("toml", "a = " + "[" * 40_000),
    "deep TOML tables": ("toml", ".".join("a" * 40_000) + " = 1"),
    "deep quoted TOML tables": ("toml", " . ".join(['"a"'] * 5_000) + " = 1"),
    "deep TOML headers": ("toml", "[" + ".".join("a" * 10_000) + "]"),
    "deep tables in a table": ("toml", "x = {" + ".".join("a" * 10_000) + " = 1}"),
    "quotes that never end": ("toml", '"\\' * 32_000),
    "deep closed lists": ("toml", "injection = " + "[" * 50 + "]" * 50),
    "a huge number": ("toml", "vials = " + "9" * 10_000),
    "nan": ("toml", "vials = nan"),
    "a time": ("toml", "expiry = 10:00:00"),
    "a date and time": ("toml", "expiry = 2026-11-23T10:00:00"),
    "deep JSON": ("json", "[" * 40_000),
    "NaN in JSON": ("json", '{"vials": NaN}'),
    "half a character": ("json", '{"title": "\\ud800"}'),
    "a list": ("json", "[]"),
    "null": ("json", "null"),
    "another schema": ("json", '{"schema": "glabella-note-99"}'),
    "a control character": ("json", '{"title": "\\u0000"}'),
    "nothing that is a plan": ("toml", "session = 3"),
    "lists for tables": ("json", '{"injection": {"site": []}}'),
    "a table for text": ("json", '{"title": {}, "patient": []}'),
}


@pytest.mark.parametrize("case", BAD_TEXTS.values(), ids=BAD_TEXTS)
def test_a_text_that_is_no_note_is_refused(server, case):
    answer = server.ask("POST", "/api/v1/notes/import", {"format": case[0], "text": case[1]}, timeout=10)
    assert (answer.status, answer.code) == (422, "input")


@pytest.mark.parametrize("title", ["\u0000", "x" * 121, "\x1b[31m"])
def test_a_title_that_cannot_be_shown_is_refused(server, title):
    assert server.ask("POST", "/api/v1/notes", {"title": title}).code == "input"


TITLES = ["</script><script>alert(1)</script>", "naïve \U0001f600 \u202e 漢字", '"; DROP TABLE note; --', "../../etc"]


@pytest.mark.parametrize("title", TITLES)
def test_any_other_title_is_kept_as_it_is(server, title):
    note = server.ask("POST", "/api/v1/notes", {"title": title}).json()["id"]
    assert server.ask("GET", f"/api/v1/notes/{note}").json()["note"]["title"] == title
    name = server.ask("GET", f"/api/v1/notes/{note}/export").headers["content-disposition"]
    assert name.isascii()
    assert not set(name.partition("filename=")[2].strip('"')) & set('/\\";<>')


def test_a_version_that_does_not_exist_is_404(server, note):
    for version in (2, 10**15):
        assert server.ask("GET", f"/api/v1/notes/{note}?version={version}").code == "not_found"
    for version in (0, -1, "x", 10**40, "1.5", ""):
        assert server.ask("GET", f"/api/v1/notes/{note}?version={version}").code == "input"


def test_own_patterns_are_kept_per_product(server):
    mine = {"product": ONA, "name": "Soft / frown?", "injection": bodies.GLABELLAR[:2]}
    assert server.ask("PUT", "/api/v1/own-patterns", mine).status == 200
    (kept,) = server.ask("GET", f"/api/v1/own-patterns?product={ONA}").json()
    assert [one["units"] for one in kept["injection"]] == [4, 4]
    assert server.ask("GET", "/api/v1/own-patterns?product=incobotulinumtoxinA").json() == []
    assert server.ask("PUT", "/api/v1/own-patterns", mine | {"injection": [{"site": "procerus", "units": 1}]}).code == "input"
    assert server.ask("DELETE", f"/api/v1/own-patterns?product={ONA}&name=Soft%20%2F%20frown%3F").status == 204
    assert server.ask("GET", "/api/v1/own-patterns").json() == []
