"""The REST routes on a real server: numbers equal to the library's, errors in one shape; notes are in test_app_notes."""

import json
import threading
import time

import pytest
from jsonschema import Draft202012Validator
from tests.app_server import app_server
from tests.providers_made import made

import glabella.ask
from glabella.app.api import bodies
from glabella.app.api.errors import CODES
from glabella.app.note import INJECTION_KEYS
from glabella.app.note import KEYS as NOTE_KEYS
from glabella.outcome import validate_outcome
from glabella.patient import KEYS as PATIENT_KEYS
from glabella.patient import TOXIN_KEYS, Patient
from glabella.plan import INJECTION_KEYS as PLAN_INJECTION_KEYS
from glabella.plan import PLAN_KEYS, SESSION_KEYS, Plan
from glabella.planner.planned_document import validate_planned
from glabella.providers import open_database, search
from glabella.providers.database import FILE
from glabella.providers.tables import find_use
from glabella.providers.where import read_distance

ONA = "onabotulinumtoxinA"
NONE = "AAAAAAAAAAAAAAAA"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with app_server(tmp_path_factory.mktemp("data")) as running:
        yield running


def ended(server, job, seconds=120):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        told = server.ask("GET", f"/api/v1/jobs/{job}").json()
        if told["state"] not in ("waiting", "running"):
            return told
        time.sleep(0.1)
    raise AssertionError(told)


def plan_asked(**changes):
    return json.loads(json.dumps(bodies.PlanAsked.model_json_schema()["examples"][0])) | changes


# --- reference --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "keys"),
    [
        (bodies.Patient, PATIENT_KEYS), (bodies.EarlierToxin, TOXIN_KEYS), (bodies.Plan, PLAN_KEYS),
        (bodies.Session, set(SESSION_KEYS) - {"study_pattern"}),  # of the lower face, which the app does not treat
        (bodies.PlanInjection, PLAN_INJECTION_KEYS), (bodies.Injection, INJECTION_KEYS), (bodies.Note, NOTE_KEYS),
    ],
)  # fmt: skip
def test_the_routes_know_every_key_that_files_have(body, keys):
    assert {field.alias or name for name, field in body.model_fields.items()} == set(keys)


def test_products_are_those_of_the_library(server):
    found = {product["name"]: product for product in server.ask("GET", "/api/v1/products").json()}
    assert set(found) == set(glabella.evidence.products.load_products())
    assert found[ONA]["labelled_units"]["glabellar"] == 20
    assert found[ONA]["dilutions"][0]["units_per_ml"] == 40


def test_a_question_is_answered_as_the_library_does(server):
    told = server.ask("GET", "/api/v1/ask?q=can%20it%20be%20undone").json()
    assert told == glabella.ask.ask("can it be undone").document()
    assert told["answer"]["verdict"] == "wrong"
    assert server.ask("GET", "/api/v1/ask?q=what%20is%20the%20capital%20of%20France").json()["answer"] is None
    for empty in ("/api/v1/ask", "/api/v1/ask?q=", "/api/v1/ask?q=%20"):
        answer = server.ask("GET", empty)
        assert (answer.status, answer.code) == (422, "input")


def test_patterns_are_those_of_the_label(server):
    (pattern,) = server.ask("GET", f"/api/v1/patterns?product={ONA}&area=glabellar").json()
    licensed = Plan.label(ONA, "glabellar").sessions[0].injections
    assert [(site["site"], site["units"], site["target_muscle"]) for site in pattern["sites"]] == [
        (one.site, one.units, one.target_muscle) for one in licensed
    ]
    assert pattern["units"] == 20
    everything = server.ask("GET", "/api/v1/patterns").json()
    assert {one["product"] for one in everything} == set(glabella.evidence.products.load_products())
    answer = server.ask("GET", "/api/v1/patterns?product=botox")
    assert (answer.status, answer.code) == (422, "input")
    assert "did you mean 'onabotulinumtoxinA'" in answer.json()["error"]["message"]


def test_faces_can_be_treated(server):
    faces = server.ask("GET", "/api/v1/faces").json()
    assert faces[0]["name"] == "reference"
    assert len(faces) == 7  # and the six cases
    for face in faces:
        Patient.from_mapping(face["patient"])
        assert server.ask("POST", "/api/v1/notes", {"patient": face["patient"]}).status == 201


@pytest.mark.parametrize("name", ["outcome", "planned", "risk_map"])
def test_schemas_are_served(server, name):
    Draft202012Validator.check_schema(server.ask("GET", f"/api/v1/schemas/{name}").json())


# --- check and simulate -----------------------------------------------------------------------------------------------------


def test_check_says_what_the_label_says(server):
    allowed = server.ask("POST", "/api/v1/check", {"plan": bodies.PLAN, "patient": bodies.PATIENT}).json()
    assert allowed["allowed"] is True
    plan = Plan.from_mapping(bodies.PLAN)
    findings = glabella.check_plan(plan, Patient.from_mapping(bodies.PATIENT))
    assert [(one["severity"], one["what"]) for one in allowed["findings"]] == [(one.severity, one.what) for one in findings]
    infected = server.ask("POST", "/api/v1/check", {"plan": bodies.PLAN, "patient": {"conditions": ["infection_at_site"]}}).json()
    assert infected["allowed"] is False
    assert infected["findings"][0]["severity"] == "refuse"


def test_simulate_gives_the_numbers_of_the_library(server):
    asked = {"plan": bodies.PLAN, "patient": bodies.PATIENT, "days": 45, "samples": 3, "seed": 7}
    answer = server.ask("POST", "/api/v1/simulate", asked)
    assert answer.status == 200, answer.body
    found = answer.json()
    validate_outcome(found)
    own = glabella.simulate(
        Plan.from_mapping(bodies.PLAN), None, Patient.from_mapping(bodies.PATIENT), days=45, samples=3, seed=7, scene=False
    ).to_json()
    for part in ("skin", "movement", "muscles", "unwanted", "brow", "dose", "findings", "parameters_sha256"):
        assert_close(found[part], own[part])


def assert_close(one, other):
    if isinstance(other, dict):
        assert one.keys() == other.keys()
        for name in other:
            assert_close(one[name], other[name])
    elif isinstance(other, float) or (isinstance(other, list) and other and isinstance(other[0], float)):
        assert one == pytest.approx(other, rel=1e-6, abs=1e-9)
    else:
        assert one == other


def changed(**plan):
    return {"plan": json.loads(json.dumps(bodies.PLAN)) | plan, "samples": 0, "days": 30}


def one_injection(**injection):
    needle = {"site": "procerus", "units": 4, "target_muscle": "procerus"} | injection
    return changed(session=[{"day": 0, "injection": [{name: value for name, value in needle.items() if value is not None}]}])


CANNOT_BE_USED = {
    "unknown product": (changed(product="botox"), "did you mean 'onabotulinumtoxinA'"),
    "unknown site": (one_injection(site="procerusx"), "did you mean 'procerus'"),
    "no sessions": (changed(session=[]), "body/plan/session"),
    "text for a number": (one_injection(units="4 U"), "body/plan/session/0/injection/0/units"),
    "truth for a number": (one_injection(units=True), "units"),
    "negative units": (one_injection(units=-1), "units"),
    "units beyond reason": (one_injection(units=1e300), "units"),
    "both depth and target": (one_injection(depth_mm=4), "both are given"),
    "neither depth nor target": (one_injection(target_muscle=None), "neither is given"),
    "outside the face": (one_injection(up_mm=140), "procerus"),
    "an unknown key": (changed(brand="x"), "body/plan/brand"),
    "days that fall": (changed(session=[{"day": 9, "pattern": "glabellar"}, {"day": 3, "pattern": "glabellar"}]), "days must rise"),
    "a session after the end": (changed(session=[{"day": 90, "pattern": "glabellar"}]), "after the last day 30"),
    "too many samples": (changed() | {"samples": 201}, "body/samples"),
    "too many days": (changed() | {"days": 731}, "body/days"),
    "half a day": (changed() | {"days": 30.5}, "body/days"),
    "a seed beyond bounds": (changed() | {"seed": 2**53}, "body/seed"),
    "a child": (changed() | {"patient": {"age_years": 17}}, "age_years"),
    "an unknown condition": (changed() | {"patient": {"conditions": ["tired"]}}, "tired"),
}


@pytest.mark.parametrize("case", CANNOT_BE_USED.values(), ids=CANNOT_BE_USED)
def test_what_cannot_be_used_is_said(server, case):
    body, words = case
    answer = server.ask("POST", "/api/v1/simulate", body)
    assert (answer.status, answer.code) == (422, "input")
    assert words in answer.json()["error"]["message"]


def test_what_the_label_refuses_is_not_simulated(server):
    answer = server.ask("POST", "/api/v1/simulate", changed() | {"patient": {"conditions": ["infection_at_site"]}})
    assert (answer.status, answer.code) == (403, "refused")
    assert answer.json()["error"]["message"].startswith("refused:")


def test_other_requests_are_answered_while_one_simulates(server):
    answers, slowest = [], 0.0
    work = {"plan": bodies.PLAN, "days": 365, "samples": 16, "seed": 3}
    thread = threading.Thread(target=lambda: answers.append(server.ask("POST", "/api/v1/simulate", work, timeout=200)))
    thread.start()
    time.sleep(0.3)
    count = 0
    while thread.is_alive():
        start = time.monotonic()
        assert server.ask("GET", "/api/v1/products").status == 200
        slowest, count = max(slowest, time.monotonic() - start), count + 1
    assert answers[0].status == 200
    assert count > 5
    assert slowest < 3, slowest


# --- planning and jobs ------------------------------------------------------------------------------------------------------


def test_a_plan_is_found_with_progress(server):
    answer = server.ask("POST", "/api/v1/plan", plan_asked())
    assert answer.status == 202
    job = answer.json()
    assert answer.headers["location"] == f"/api/v1/jobs/{job['id']}"
    assert job["state"] in ("waiting", "running")
    assert job["result"] is job["error"] is None
    told = ended(server, job["id"])
    assert (told["state"], told["share"], told["error"]) == ("done", 1.0, None)
    validate_planned(told["result"])
    assert 0 < told["result"]["plan"]["units"] <= 20
    assert server.ask("DELETE", f"/api/v1/jobs/{job['id']}").json()["state"] == "done"  # what has ended stays as it is


def test_a_plan_can_be_cancelled_while_it_runs(server):
    job = server.ask("POST", "/api/v1/plan", plan_asked(draws=200, samples=200)).json()["id"]
    until = time.monotonic() + 30
    while server.ask("GET", f"/api/v1/jobs/{job}").json()["state"] == "waiting" and time.monotonic() < until:
        time.sleep(0.05)
    assert server.ask("DELETE", f"/api/v1/jobs/{job}").status == 200
    told = ended(server, job, 30)
    assert (told["state"], told["result"], told["error"]) == ("cancelled", None, None)


def test_a_goal_out_of_reach_says_what_binds(server):
    goal = {"area": "glabellar", "goal": {"grade_at_most": 0, "with_probability": 0.99}, "needles": {"most_units": 2}}
    told = ended(server, server.ask("POST", "/api/v1/plan", plan_asked(goal=goal)).json()["id"])
    assert (told["state"], told["error"]["code"]) == ("failed", "infeasible")
    assert "what binds" in told["error"]["message"]


@pytest.mark.parametrize("goal", [{}, {"area": "nose"}, {"area": "glabellar", "goal": {"on_day": "soon"}}, {"area": ["glabellar", 3]}])
def test_a_goal_that_cannot_be_used_is_said_at_once(server, goal):
    answer = server.ask("POST", "/api/v1/plan", plan_asked(goal=goal))
    assert (answer.status, answer.code) == (422, "input")
    assert answer.json()["error"]["where"].startswith("goal")


def test_a_full_queue_says_so_and_empties_again(server):
    jobs, answer = [], None
    for _ in range(24):
        answer = server.ask("POST", "/api/v1/plan", plan_asked(draws=200, samples=200))
        if answer.status != 202:
            break
        jobs.append(answer.json()["id"])
    assert len(jobs) == 18  # two run, sixteen wait
    assert (answer.status, answer.code) == (429, "busy")
    assert int(answer.headers["retry-after"]) > 0
    assert server.ask("POST", "/api/v1/simulate", changed()).status == 429
    assert server.ask("GET", "/api/v1/notes").status == 200
    for job in reversed(jobs):
        server.ask("DELETE", f"/api/v1/jobs/{job}")
    assert {ended(server, job, 60)["state"] for job in jobs} == {"cancelled"}
    assert server.ask("POST", "/api/v1/simulate", changed()).status == 200


def test_a_risk_map_in_short(server):
    answer = server.ask("POST", "/api/v1/risk-map", bodies.RiskMapAsked.model_json_schema()["examples"][0], timeout=200)
    assert answer.status == 200
    found = answer.json()
    assert set(found["sites"]) == {row.site for row in glabella.evidence.patterns.load_patterns() if row.product == ONA}
    assert 0 < found["highest"]["value"] < 1
    assert found["sites"]["procerus"]["value"] < found["highest"]["value"]
    assert "no directive" in found["lines"][-1]
    too_much = server.ask("POST", "/api/v1/risk-map", {"effect": "eyelid_ptosis", "units": 500, "depth_mm": 5})
    assert (too_much.status, too_much.code) == (403, "refused")
    unknown = server.ask("POST", "/api/v1/risk-map", {"effect": "brow_ptosis", "units": 4, "depth_mm": 5})
    assert (unknown.status, unknown.code) == (422, "input")


# --- what is not there ---------------------------------------------------------------------------------------------------------


MISSING = [
    ("GET", f"/api/v1/notes/{NONE}"), ("PUT", f"/api/v1/notes/{NONE}"), ("DELETE", f"/api/v1/notes/{NONE}"),
    ("POST", f"/api/v1/notes/{NONE}/restore"), ("POST", f"/api/v1/notes/{NONE}/duplicate"), ("GET", f"/api/v1/notes/{NONE}/versions"),
    ("GET", f"/api/v1/notes/{NONE}/export"), ("GET", f"/api/v1/jobs/{NONE}"), ("DELETE", f"/api/v1/jobs/{NONE}"),
    ("DELETE", f"/api/v1/own-patterns?product={ONA}&name=none"), ("GET", "/api/v1/notes/%00%ff%F0%9F"), ("GET", "/api/v1/nothing"),
    ("GET", "/api/v1/notes/../../../etc/passwd"), ("GET", "/api/v2/products"), ("POST", "/api/nothing"), ("GET", "/api/v1/notes/"),
    ("GET", f"/api/v1/notes/{'x' * 5000}"), ("GET", f"/api/v1/notes/{NONE}'%20OR%20'1'='1"),
]  # fmt: skip


@pytest.mark.parametrize("asked", MISSING, ids=[f"{method} {path[:60]}" for method, path in MISSING])
def test_what_does_not_exist_is_404(server, asked):
    method, path = asked
    answer = server.ask(method, path, {"note": {}} if method == "PUT" else None)
    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/v1/notes", "GET, POST"), ("PUT", "/api/v1/products", "GET"), ("GET", "/api/v1/simulate", "POST"),
        ("POST", f"/api/v1/notes/{NONE}", "DELETE, GET, PUT"), ("PUT", "/api", "GET"),
    ],
)  # fmt: skip
def test_a_method_that_does_not_exist_is_405(server, method, path, allowed):
    answer = server.ask(method, path)
    assert (answer.status, answer.code, answer.headers["allow"]) == (405, "method_not_allowed", allowed)


# --- the document -----------------------------------------------------------------------------------------------------------


def test_the_document_is_complete(server):
    document = server.ask("GET", "/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            assert operation["description"], where
            for status, answer in operation["responses"].items():
                assert answer["description"], where
                if int(status) >= 400:
                    content = answer["content"]["application/json"]
                    assert content["schema"] == {"$ref": "#/components/schemas/ErrorAnswer"}, (where, status)
                    for code, example in content["examples"].items():
                        assert CODES[code][0] == int(status)
                        assert example["value"]["error"]["code"] == code
            if path.endswith("/photo/fit"):
                kinds = operation["requestBody"]["content"]
                assert all(kind.startswith(("image/", "application/octet")) and content["schema"]["format"] == "binary"
                           for kind, content in kinds.items())  # fmt: skip
                assert {"413", "415", "422", "429"} <= set(operation["responses"]), where
            elif "requestBody" in operation:
                name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
                schema = document["components"]["schemas"][name]
                assert schema["description"], name
                assert schema["examples"], name
                assert {"400", "413", "415", "422"} <= set(operation["responses"]), where
            if "{" in path and "schemas" not in path:
                assert "404" in operation["responses"], where
    assert "HTTPValidationError" not in json.dumps(document)


def test_the_page_of_routes_lists_every_route_and_loads_nothing(server):
    page = server.ask("GET", "/api")
    text = page.body.decode()
    assert page.headers["content-type"].startswith("text/html")
    for path in server.ask("GET", "/openapi.json").json()["paths"]:
        assert path in text
    for code in CODES:
        assert code in text
    assert "src=" not in text
    assert "<link" not in text


# --- practitioners ----------------------------------------------------------------------------------------------------------


def test_practitioners_are_those_of_the_library(server, tmp_path):
    address = "/api/v1/practitioners?near=Rochester,%20MN&within=100mi&for=migraine&specialty=all&sort=evidence&limit=5"
    for path in (address, "/api/v1/practitioners/sources", "/api/v1/practitioners/2000000010"):
        answer = server.ask("GET", path)
        assert (answer.status, answer.code) == (404, "not_found")
        assert "providers ingest" in answer.json()["error"]["message"]
    written, database = made(tmp_path)
    database.rename(server.data / FILE)
    found = server.ask("GET", address).json()
    with open_database(server.data / FILE) as connection:
        question = ("Rochester, MN", read_distance("100mi"), find_use("migraine"))
        own = search(connection, *question, sort="evidence", specialties=["all"], limit=5)
    assert found == {"invented": False, **own.to_json()}
    assert len(found["practitioners"]) == 5
    sheet = server.ask("GET", f"/api/v1/practitioners/{found['practitioners'][0]['npi']}?for=migraine").json()
    assert sheet.items() >= own.hits[0].sheet.to_json().items()
    assert sheet["notices"] == found["notices"]
    assert {one["name"] for one in server.ask("GET", "/api/v1/practitioners/sources").json()["sources"]} >= {"national", "exclusions"}
    for held_back in (written.excluded[0], written.reported[0]):
        answer = server.ask("GET", f"/api/v1/practitioners/{held_back}")
        assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", "near"), ("?near=", "near"), ("?near=nowhere", "must be a ZIP code"), ("?near=55902&within=50", "such as 50km"),
        ("?near=55902&for=migrane", "did you mean 'migraine'"), ("?near=55902&specialty=dermatologie", "did you mean 'dermatology'"),
        ("?near=55902&sort=best", "sort"), ("?near=55902&limit=0", "limit"), ("/1234567890", "check digit"), ("/12", "number"),
    ],
)  # fmt: skip
def test_questions_for_practitioners_that_cannot_be_answered(server, query, says):
    if not (server.data / FILE).exists():
        made(server.data)[1].rename(server.data / FILE)
    answer = server.ask("GET", f"/api/v1/practitioners{query}")
    assert (answer.status, answer.code) == (422, "input")
    assert says in answer.json()["error"]["message"]


def test_no_other_site_may_ask_where_somebody_looks(server):
    answer = server.ask("GET", "/api/v1/practitioners?near=55902", headers={"Origin": "http://example.org"})
    assert (answer.status, answer.code) == (403, "foreign_origin")
    assert server.ask("GET", "/api/v1/practitioners?near=55902").headers["cache-control"] == "no-store"
