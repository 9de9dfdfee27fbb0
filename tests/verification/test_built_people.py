"""A person from the cache folder is the person that was built: the same outcome to the last digit."""

import os
from dataclasses import replace

import pytest

import glabella
from glabella import built_people
from glabella.built_people import MOST, READ_STAGES, find_person, keep_person, person_of
from glabella.evidence import load_parameters
from glabella.outcome import outcome_text
from glabella.patient import Grades, Patient
from glabella.plan import Plan
from glabella.treatment import build_person

PLAN = Plan.label("onabotulinumtoxinA", "glabellar")
EYES = Plan.label("onabotulinumtoxinA", "lateral_canthal")


def text(plan=PLAN, **settings):
    outcome = glabella.simulate(plan, days=20, samples=0, scene=False, parameters=load_parameters().with_values(settings))
    return outcome_text(outcome.to_json())


@pytest.fixture(scope="module")
def fresh():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLABELLA_CACHE", "")
        return text()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("GLABELLA_CACHE", str(tmp_path))
    return tmp_path


def files(folder):
    return sorted(folder.glob("person-*.packed"))


def test_the_second_run_builds_nothing_and_tells_the_same(folder, fresh, monkeypatch):
    assert text() == fresh
    (path,) = files(folder)
    size = path.stat().st_size
    monkeypatch.setattr("glabella.treatment.build_anatomy", None)  # whoever built again would fall over it
    monkeypatch.setattr("glabella.treatment.build_skin", None)
    assert text() == fresh
    assert text(EYES)  # further structures are within reach: their fields are added
    assert files(folder) == [path]
    assert path.stat().st_size > size
    assert text() == fresh
    assert text(junction_emax_ratio=0.9) != fresh  # a row that building does not read needs no other person


def test_building_reads_rows_of_its_stages_only():
    parameters = load_parameters().recording()
    build_person(None, Patient(), parameters, compiled=False)
    assert {parameters.rows[name].stage for name in parameters.read} == set(READ_STAGES)


def test_who_is_found_has_the_face_that_was_asked_for(folder):
    parameters = load_parameters()
    person_of(Patient(age_years=50), parameters)
    other = Patient(age_years=50, baseline={"glabellar": Grades(1, 2)})
    found = find_person(other, parameters.recording())
    assert found is not None
    assert found.patient == other
    assert found.face.age_years == 50
    for stranger in (Patient(age_years=51), Patient(50, "male"), Patient(50, interpupillary_distance_mm=60.0)):
        assert find_person(stranger, parameters) is None
    assert find_person(other, parameters.with_values({"toxin_diffusivity_mm2_per_day": 1.1})) is None


def test_a_file_that_is_not_whole_is_made_anew(folder, fresh):
    text()
    (path,) = files(folder)
    os.truncate(path, 1000)
    assert text() == fresh
    assert path.stat().st_size > 1_000_000


def test_a_folder_that_cannot_be_written_costs_nothing(tmp_path, fresh, monkeypatch):
    blocked = tmp_path / "a file"
    blocked.write_text("in the way")
    monkeypatch.setenv("GLABELLA_CACHE", str(blocked))
    assert text() == fresh


def test_only_the_newest_are_kept(folder, monkeypatch):
    parameters = load_parameters()
    person = person_of(Patient(), parameters, compiled=False)
    monkeypatch.setattr(built_people, "code_sha256", lambda parts: "the same")
    for age in range(40, 40 + MOST + 2):
        keep_person(replace(person, patient=Patient(age_years=age)), (), parameters)
        os.utime(max(files(folder), key=os.path.getmtime), (age, age))
    assert len(files(folder)) == MOST
