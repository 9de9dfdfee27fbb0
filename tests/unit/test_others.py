"""Figures beyond one course in the upper face: every one has a predictor, and bounds are judged from both sides."""

from dataclasses import replace

import numpy as np
import pytest
from tests.published import row

from glabella.errors import InputError
from glabella.evidence.other_published import other_rows, read_other
from glabella.evidence.published import COLUMNS
from glabella.validation.document import _row
from glabella.validation.judged import Judged
from glabella.validation.others import OTHERS, predictor_of

LABEL = "ona_label_glabellar_20u_none_or_mild_investigator_d30"
HEADER = ",".join(COLUMNS) + "\n"
LINE = "a,trial,someproduct,masseter,48,active,18,thickness_change_mm,,,84,-2.9,mm,=,1,validate,seen,source,note\n"


def test_every_figure_has_a_predictor():
    for one in other_rows():
        assert one.quantity in predictor_of(one).quantities


def test_predictors_share_no_quantity():
    quantities = [quantity for other in OTHERS for quantity in other.quantities]
    assert len(quantities) == len(set(quantities))
    assert all(set(other.shares) <= set(other.quantities) for other in OTHERS)


def test_a_quantity_that_nobody_predicts_is_an_error():
    with pytest.raises(InputError, match="nothing predicts the quantity 'shoe_size'"):
        predictor_of(replace(row(LABEL), quantity="shoe_size"))


def test_changes_may_be_negative_and_doses_unknown():
    found = read_other(HEADER + LINE.replace(",48,", ",,"))[0]
    assert found.value == -2.9
    assert np.isnan(found.dose_units)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [(",mm,", ",furlong,", "column unit"), (",=,1,", ",=,0,", "column tolerance"), ("validate", "fit", "column use")],
)
def test_a_wrong_cell_is_named(old, new, message):
    with pytest.raises(InputError, match=message):
        read_other(HEADER + LINE.replace(old, new))


def test_a_name_stands_once():
    with pytest.raises(InputError, match="stands twice"):
        read_other(HEADER + LINE + LINE)


def test_an_upper_bound_is_met_from_below():
    bound = replace(row(LABEL), relation="<=", value=10.0, tolerance=2.0)
    assert Judged(bound, 4.0, 1.0, 6.0, "population").hit
    assert Judged(bound, 11.0, 8.0, 13.0, "population").hit
    assert not Judged(bound, 13.0, 8.0, 15.0, "population").inside_tolerance
    assert not Judged(bound, 11.0, 10.5, 15.0, "population").inside_interval


def test_an_unknown_dose_is_null_in_the_document():
    one = read_other(HEADER + LINE.replace(",48,", ",,"))[0]
    assert _row(Judged(one, -2.0, -3.0, -1.0, "lower face"))["dose_units"] is None
