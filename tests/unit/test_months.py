"""The months document: complete, small, finite, in step with the outcome; its dates, words and remarks."""

import datetime
import json
import math
import re
import time

import numpy as np
import pytest
from tests.warm import PLAN, USUAL, bench, one_sided

from glabella.app import words
from glabella.app.dates import key_dates
from glabella.app.months import months_document
from glabella.evidence.sources import load_references
from glabella.names import AREAS, MUSCLES
from glabella.outcome import CONTRACTION, EXPRESSIONS, Probability
from glabella.plan import Plan
from glabella.stages.unwanted import all_rates
from glabella.stages.unwanted.lower_face import lower_effect_words

DATE = datetime.date(2026, 11, 23)
SAMPLES = 8
MOST_BYTES = 600_000


def nominal():
    return bench().course(USUAL, PLAN)


def banded():
    return bench().banded(USUAL, PLAN, 365, SAMPLES, 1)


def leaves(value):
    if isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def curves(document):
    for group in document["curves"].values():
        pending = [group]
        while pending:
            node = pending.pop()
            if "median" in node:
                yield node
            else:
                pending.extend(node.values())


@pytest.mark.parametrize("make", [nominal, banded, lambda: bench().course(USUAL, None)])
def test_every_array_has_a_number_for_every_day(make):
    document = months_document(make(), DATE)
    days = document["days"]
    assert days[0] == 0
    assert days[-1] == 365
    assert all(len(row) == len(days) for row in document["force"])
    assert len(document["force"]) == len(document["muscles"])
    assert all(len(tension) == len(document["muscles"]) for tension in document["tension_newton"].values())
    assert tuple(document["tension_newton"]) == EXPRESSIONS
    for curve in curves(document):
        assert len(curve["median"]) == len(days)
        for end in ("low", "high"):
            assert curve[end] is None or len(curve[end]) == len(days)
            assert document["banded"] or curve[end] is None
    shown = document["curves"]
    for curve in (shown["grade"]["glabellar"]["maximum_frown"], shown["movement"]["maximum_frown"], shown["brow_mm"]["left"]["peak"]):
        assert (curve["low"] is not None) is document["banded"]
    text = json.dumps(document, allow_nan=False, separators=(",", ":"))
    assert len(text.encode()) < MOST_BYTES
    assert all(math.isfinite(leaf) for leaf in leaves(document) if isinstance(leaf, float))
    assert json.loads(text) == document


def test_the_largest_document_stays_small():
    every = Plan.label("onabotulinumtoxinA", ("glabellar", "forehead", "lateral_canthal"))
    document = months_document(bench().banded(USUAL, every, 365, 2, 1), DATE)
    assert len(json.dumps(document, separators=(",", ":")).encode()) < MOST_BYTES


def test_numbers_are_those_of_the_outcome():
    result = banded()
    document = months_document(result)
    for area in AREAS:
        for expression in EXPRESSIONS:
            curve, shown = result.outcome.grade(area, expression), document["curves"]["grade"][area][expression]
            for part in ("median", "low", "high") if expression in ("rest", CONTRACTION[area]) else ("median",):
                assert np.abs(getattr(curve, part) - shown[part]).max() < 1e-3
    assert np.abs(result.outcome.movement["maximum_frown"].median - document["curves"]["movement"]["maximum_frown"]["median"]).max() < 0.051
    n = document["muscles"].index("corrugator_supercilii_left")
    assert np.abs(result.course.force.force["corrugator_supercilii_left"] - document["force"][n]).max() < 1e-4
    assert "corrugator_supercilii_left" in document["curves"]["force"]
    assert "zygomaticus_major_left" not in document["curves"]["force"]  # nothing happens to it
    assert document["banded"]
    assert document["samples"] == SAMPLES
    assert document["seed"] == 1


def test_lines_have_both_sides_only_where_the_area_has():
    lines = months_document(nominal())["lines"]
    assert set(lines["glabellar"]["depth_mm"]) == set(lines["forehead"]["depth_mm"]) == {"left", "right"}
    assert set(lines["lateral_canthal_left"]["depth_mm"]) == {"left"}
    assert set(lines["lateral_canthal_right"]["depth_mm"]) == {"right"}
    assert all(line["spacing_mm"] > 1 for line in lines.values())
    frown = lines["glabellar"]["depth_mm"]["left"]["maximum_frown"]
    assert min(frown) < 0.5 * frown[0]


def test_dates_follow_each_other_with_their_bands():
    dates = {entry["what"]: entry for entry in months_document(banded(), DATE)["dates"]}
    order = ["visible_from", "strongest", "half_gone", "back"]
    assert [*dates] == [*order, "label_interval"]
    days = [dates[what]["day"] for what in order]
    assert days == sorted(days)
    for what in order:
        entry = dates[what]
        assert entry["low_day"] <= entry["day"] <= entry["high_day"]
        assert entry["date"] == (DATE + datetime.timedelta(days=round(entry["day"]))).isoformat()
    assert 0.5 < dates["visible_from"]["day"] < 5
    assert 60 < dates["half_gone"]["day"] < 150
    assert dates["half_gone"]["high_day"] - dates["half_gone"]["low_day"] > 5
    assert dates["label_interval"]["day"] == 90
    assert dates["label_interval"]["date"] == "2027-02-21"


def test_milestones_are_those_of_the_printed_timeline():
    result = nominal()
    course = result.outcome.strain("glabellar", CONTRACTION["glabellar"]).course()
    found = {date.what: date for date in key_dates(result)}
    assert found["visible_from"].day == course.onset_day
    assert found["half_gone"].day == course.half_gone_day
    assert found["back"].day == course.back_day
    assert found["back"].low_day is None
    assert found["back"].date is None


def test_without_a_treatment_there_is_nothing_to_wait_for():
    document = months_document(bench().course(USUAL, None), DATE)
    assert document["dates"] == []
    assert document["unwanted"] == []
    assert document["findings"] == []
    assert document["watermark"] is None
    assert document["dose"]["placed_units"] == 0
    assert document["curves"]["force"] == {}


def test_what_does_not_come_back_in_time_has_no_day():
    found = {date.what: date for date in key_dates(bench().course(USUAL, PLAN, 30), DATE)}
    assert found["half_gone"].day is None
    assert found["half_gone"].date is None
    assert "not within the 30 days" in found["half_gone"].note


def test_the_calendar_ends_somewhere():
    assert key_dates(nominal(), datetime.date(9999, 12, 1))[-1].date is None


def test_a_study_is_marked_and_remarks_name_their_site():
    document = months_document(bench().course(USUAL, one_sided("left").with_depth("corrugator_lateral_left", 3.0)))
    assert document["watermark"].startswith("STUDY")
    moved = PLAN.move("corrugator_lateral_left", up_mm=-6.0)
    findings = months_document(bench().course(USUAL, moved))["findings"]
    assert any(entry["site"] == "corrugator_lateral_left" and entry["severity"] == "caution" for entry in findings)
    assert all(entry["severity"] in ("info", "caution", "refuse") for entry in findings)
    given = bench().findings(USUAL, PLAN.scaled(60))
    assert months_document(nominal(), None, given)["findings"][0]["severity"] == "refuse"


def test_side_effects_come_with_their_number_and_where_it_comes_from():
    entries = months_document(nominal())["unwanted"]
    ptosis = next(entry for entry in entries if entry["effect"] == "eyelid_ptosis")
    many = round(1 / ptosis["value"])
    said = int(re.search(r"1 in (\d+) people", ptosis["plain"]).group(1))
    assert abs(said - many) <= 0.1 * many
    assert "computed for this plan" in ptosis["plain"]
    assert "after 2 to 7 days and is gone after 3 to 4 weeks" in ptosis["plain"]
    headache = next(entry for entry in entries if entry["effect"] == "headache")
    assert "about 13 in 100 people" in headache["plain"].lower()
    assert "not computed" in headache["plain"]
    bases = [entry["basis"] for entry in entries]
    assert bases == sorted(bases)  # computed ones first
    known = load_references()
    assert all(entry["source"] in known for entry in entries)


@pytest.mark.parametrize(
    ("probability", "words_"),
    [
        (0.0, "fewer than 1 in 10,000"), (0.00009, "fewer than 1 in 10,000"), (0.0001, "about 1 in 10,000"), (1 / 63, "about 1 in 63"),
        (1 / 637, "about 1 in 640"), (0.0996, "about 1 in 10"), (0.1, "about 10 in 100"), (0.133, "about 13 in 100"),
        (0.994, "about 99 in 100"), (1.0, "nearly all"),
    ],
)  # fmt: skip
def test_chances_are_told_as_people(probability, words_):
    assert words.tell_chance(probability) == words_


def test_everything_has_a_name():
    computed = {"eyelid_ptosis", "brow_ptosis", "dry_eye", "asymmetric_smile", "double_vision", "peaked_brow", "asymmetric_brow"}
    lower = set(lower_effect_words())
    assert computed | lower | {row.effect for row in all_rates()} == set(words.EFFECTS)
    for row in all_rates():
        chance = Probability(row.value, row.low, row.high, "label_rate", row.onset, row.duration, row.seriousness, row.source)
        told = words.tell_effect(row.effect, chance)
        assert told.endswith(".")
        assert "_" not in told
    assert {words.name_area(area).plain for area in AREAS} >= {"Lines between the brows", "Lines beside the eyes, left"}
    assert all(words.name_muscle(muscle).professional for muscle in MUSCLES)
    assert set(words.EXPRESSIONS) == set(EXPRESSIONS)


def test_the_text_for_an_emergency_is_the_labels():
    text = words.label_emergency_text()
    whole = " ".join(text.paragraphs).lower()
    for sign in ("swallowing", "speaking", "breathing", "hours to weeks", "away from where it was injected", "right away"):
        assert sign in whole
    assert set(text.keys) <= set(load_references())
    assert text.source


def test_it_is_made_at_once():
    result = banded()
    months_document(result, DATE)
    seconds = []
    for _ in range(5):
        start = time.thread_time()  # of this thread alone: tests share the machine
        months_document(result, DATE)
        seconds.append(time.thread_time() - start)
    assert min(seconds) < 0.06
