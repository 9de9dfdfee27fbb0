"""Tables of the therapeutic uses: complete, dated, sourced, and a damaged one is named by file, line and column."""

import datetime
import json

import pytest

from glabella.errors import InputError, RefusedError
from glabella.evidence.other_published import other_rows
from glabella.evidence.products import load_products
from glabella.evidence.sources import load_references
from glabella.evidence.tables import shipped_text
from glabella.report.uses_page import render_use
from glabella.uses.course import MODELS, follow_use, label_maximum, licensed_products
from glabella.uses.published import CURVE_OF, beside, curve_name, missed_sentences, published_beside
from glabella.uses.show import course_lines
from glabella.uses.tables import (
    JURISDICTIONS,
    TYPE_B,
    USES,
    dosing_of,
    dosing_rows,
    labelled_products,
    licences,
    muscles_of,
    read_dosing,
    read_licences,
    site_rows,
    use_parameters,
)
from glabella.validation.uses import PREDICT

ONA = "onabotulinumtoxinA"
LICENSED, DOSING = shipped_text("uses/licensed.csv"), shipped_text("uses/dosing.csv")


def test_every_product_use_and_place_has_a_status_and_a_date():
    names = {(row.product, row.use, row.jurisdiction) for row in licences()}
    uses = {row.use for row in licences()}
    assert set(USES) <= uses
    assert {"glabellar", "forehead", "lateral_canthal", "platysma", "masseter", "overactive_bladder"} <= uses
    assert names >= {(product, use, where) for product in load_products() for use in uses for where in JURISDICTIONS}
    assert all(row.as_of <= datetime.date(2026, 12, 31) for row in licences())
    assert all(not row.since for row in licences() if row.status == "unknown")


def test_what_was_not_found_is_unknown_and_nothing_is_licensed_from_an_assumption():
    assert {row.quality for row in licences() if row.status == "unknown"} == {"assumed"}
    assert all(row.quality == "seen" for row in licences() if row.status == "licensed")


def test_type_b_is_in_the_evidence_and_not_among_the_products_of_the_face():
    assert TYPE_B not in load_products()
    (eu,) = [row for row in licences() if (row.product, row.use, row.jurisdiction) == (TYPE_B, "cervical_dystonia", "EU")]
    assert (eu.status, eu.since) == ("not_licensed", "2022-12-09")


def test_chronic_migraine_is_31_sites_and_155_units():
    rows = dosing_of("chronic_migraine", ONA)
    assert (sum(row.sites for row in rows), sum(row.units for row in rows)) == (31, 155)
    assert sum(row.study_maximum_units for row in rows) == 195


def test_axilla_is_50_units_in_10_to_15_sites_and_one_muscle_of_the_neck_stays_under_100_units():
    (row,) = dosing_of("axillary_hyperhidrosis", ONA)
    assert row.units == 2 * 50
    assert 10 <= row.sites / 2 <= 15
    assert 10 <= row.spacing_mm <= 20
    share = next(muscle.dose_share for muscle in muscles_of("cervical_dystonia") if muscle.muscle == "sternocleidomastoid")
    assert share * label_maximum("cervical_dystonia", ONA) <= 100


def test_every_labelled_dosing_belongs_to_a_licensed_product():
    for row in dosing_rows():
        assert row.product in licensed_products(row.use), row


def test_every_source_exists():
    used = {row.source for row in (*licences(), *dosing_rows(), *site_rows().values())} | {row.source for row in other_rows()}
    assert used <= set(load_references())


def test_every_use_has_a_model_with_words_for_all_its_curves_and_figures():
    values = use_parameters()
    assert tuple(MODELS) == USES
    for use, model in MODELS.items():
        product = labelled_products(use)[0]
        assert set(model.curves(product, 0.0, use_parameters_days(), values)) == set(model.CURVES)
        assert model.MODELLED
        assert model.NOT_MODELLED
    assert "not established" in " ".join(MODELS["chronic_migraine"].NOT_MODELLED)


def use_parameters_days():
    import numpy as np

    return np.array([0.0, 28.0])


def test_published_figures_of_the_uses_are_predicted_and_lie_on_curves():
    rows = [row for row in other_rows() if row.indication in USES]
    assert len(rows) >= 50
    assert {row.quantity for row in rows} == set(PREDICT)
    assert sum(row.use == "calibrate" for row in rows) == 6
    beside = published_beside("cervical_dystonia", TYPE_B, 10000)
    assert len(beside) == 10
    assert {curve_name(row) for row in beside} == set(CURVE_OF["twstrs_change_points"])
    assert {row.arm for row in published_beside("cervical_dystonia", TYPE_B, 0)} == {"placebo"}
    assert published_beside("cervical_dystonia", ONA, 236) == ()


def test_a_course_says_which_published_figures_it_misses():
    course = follow_use("axillary_hyperhidrosis", ONA, samples=0, weeks=16)
    found = {one.row.row: one for one in beside(course)}
    assert found["ona_sweat_2001_100u_half_w4"].model == pytest.approx(94, abs=0.05)
    assert not found["ona_sweat_2001_100u_half_w4"].missed
    assert found["ona_sweat_2001_100u_half_w16"].missed
    assert any("week 16: published 82" in sentence for sentence in missed_sentences(course))
    assert beside(follow_use("axillary_hyperhidrosis", ONA, samples=0, weeks=12))[2].model is None  # week 16 is not reached


@pytest.mark.parametrize(
    ("text", "read", "old", "new", "message"),
    [
        (LICENSED, read_licences, "glabellar,US,licensed,2002,2026-11-23", "glabellar,US,perhaps,2002,2026-11-23", "column status"),
        (LICENSED, read_licences, "glabellar,US,licensed,2002,2026-11-23", "glabellar,US,licensed,2002,soon", "column as_of"),
        (LICENSED, read_licences, "glabellar,EU,licensed", "glabellar,US,licensed", "stands twice"),
        (DOSING, read_dosing, "frontalis,4,5,20,", "frontalis,4,5,25,", "4 sites of 5 U are 20 U, not 25"),
        (DOSING, read_dosing, ",236,300,range,300,", ",236,200,range,300,", "units <= label_maximum_units"),
    ],
)
def test_a_damaged_table_is_named(text, read, old, new, message):
    assert old in text
    with pytest.raises(InputError, match=message):
        read(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("cervical_dystonia", ONA, 301), RefusedError, "names no highest dose; the limit here is 300 U"),
        (("blepharospasm", ONA, 31), RefusedError, "label's maximum in one session is 30 U"),
        (("cervical_dystonia", TYPE_B, 5001), RefusedError, "label's first dose is 5000 U and no higher one was read"),
        (("axillary_hyperhidrosis", "letibotulinumtoxinA"), RefusedError, "no licence is in the table"),
        (("cervical_dystonia", "botox"), InputError, "product 'botox' is unknown"),
        (("blepharospasm", "incobotulinumtoxinA"), InputError, "dosing table has not been read"),
        (("cervical_dystonia", ONA, -1), InputError, "dose = -1"),
    ],
)
def test_names_and_doses_are_checked(arguments, error, message):
    with pytest.raises(error, match=message):
        follow_use(*arguments)


def test_a_study_reaches_the_highest_dose_of_a_published_trial_and_is_marked():
    found = follow_use("axillary_hyperhidrosis", ONA, 150, purpose="study", samples=0, weeks=4)
    assert found.watermark == "study"
    with pytest.raises(RefusedError, match="highest dose of a published trial in the table is 150 U"):
        follow_use("axillary_hyperhidrosis", ONA, 151, purpose="study", samples=0, weeks=4)


def test_what_is_not_reached_is_told_and_is_no_number_of_days():
    found = follow_use("blepharospasm", ONA, 0, samples=2, weeks=8)
    figures = {figure.name: figure for figure in found.figures}
    assert (figures["onset"].value, figures["onset"].low, figures["onset"].high) == (None, None, None)
    assert figures["peak"].value is None
    assert figures["duration"].value == 0
    document = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert document["figures"][0]["value"] is None
    assert "  an effect is felt from: not reached" in list(course_lines(found))
    tiles = render_use(found, []).split('<dl class="tiles">')[1].split("</dl>")[0]
    assert tiles.count("<b>not reached</b>") == 2
    assert "400" not in tiles


@pytest.mark.parametrize(
    ("use", "name", "last_day"), [("axillary_hyperhidrosis", "median_duration_days", 30), ("cervical_dystonia", "half_gone_days", 20)]
)
def test_a_duration_beyond_the_days_followed_is_not_the_last_of_them(monkeypatch, use, name, last_day):
    monkeypatch.setattr(MODELS[use], "LAST_DAY", last_day)
    found = follow_use(use, samples=0, weeks=2)
    assert next(figure for figure in found.figures if figure.name == name).value is None


def test_a_published_figure_that_is_not_reached_is_missed(monkeypatch):
    monkeypatch.setattr(MODELS["blepharospasm"], "LAST_DAY", 40)
    found = follow_use("blepharospasm", ONA, 15, samples=0, weeks=8)
    (lasts,) = [one for one in beside(found) if one.row.quantity == "lid_effect_duration_days"]
    assert (lasts.model, lasts.not_reached, lasts.missed) == (None, True, lasts.row.relation != ">=")
    assert any("here not reached" in sentence for sentence in missed_sentences(found)) == lasts.missed
    assert "here not reached" in "\n".join(course_lines(found))


def test_a_band_reaches_beyond_the_days_followed_where_draws_do():
    from glabella.uses.course import _figure

    found = _figure("duration", ("felt until", "days"), 90.0, [80.0, 90.0, None])
    assert (found.value, found.low, found.high) == (90, 80, None)


def test_chronic_migraine_has_one_course_and_a_dose_below_it_is_refused():
    assert follow_use("chronic_migraine", dose_units=155, samples=0).dose_units == 155
    assert follow_use("chronic_migraine", dose_units=195, samples=0, purpose="study").watermark == "study"
    for units, purpose in ((5, "person"), (154.9, "study")):
        with pytest.raises(InputError, match="allowed: the labelled 155 U, 0 for placebo, or up to 195 U with purpose study"):
            follow_use("chronic_migraine", dose_units=units, samples=0, purpose=purpose)


def test_the_same_seed_gives_the_same_numbers_and_the_band_holds_draws():
    first, again = (follow_use("chronic_migraine", weeks=26, samples=12, seed=3) for _ in range(2))
    other = follow_use("chronic_migraine", weeks=26, samples=12, seed=4)
    assert first.to_json() == again.to_json()
    assert first.to_json() != other.to_json()
    curve = first.curve("headache_days_change")
    assert (curve.low[1:] < curve.high[1:]).all()
