"""The field of needles over a slab: balance of units, an exact solution, and the size of its cells."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.fft import dctn, idctn

from glabella.uses import skin_slab
from glabella.uses.axillary_hyperhidrosis import axilla_slab, gland_dose, responders_percent
from glabella.uses.skin_slab import Slab, slab_dose
from glabella.uses.tables import use_parameters

ONA = "onabotulinumtoxinA"
VALUES = dict(use_parameters())
AXILLA = axilla_slab(15.0, VALUES)


def test_units_in_are_taken_up_or_cleared():
    for slab in (AXILLA, Slab(20.0, 9.0, 1.2, 2.5, 4.5), Slab(8.0, 3.1, 0.6, 0.6, 1.6)):
        found = slab_dose(slab, 2.0, 0.1, VALUES)
        assert found.taken_up + found.cleared == pytest.approx(found.placed, rel=1e-9)
        assert found.dose_per_mm3 @ found.volume_mm3 == pytest.approx(found.taken_up, rel=1e-12)
        assert found.dose_per_mm3.min() > 0


def test_endings_everywhere_take_up_exactly_their_share_of_the_loss():
    slab = replace(AXILLA, target_from_mm=0.0, target_to_mm=AXILLA.depth_mm)
    found = slab_dose(slab, 2.0, 0.15, VALUES)
    uptake, clearance = VALUES["uptake_rate_per_day"], VALUES["clearance_rate_per_day"]
    assert found.taken_up == pytest.approx(0.25 * uptake / (uptake + clearance), rel=1e-9)


def test_the_slab_matches_cosine_transform_and_tridiagonal_solve():
    found = slab_dose(AXILLA, 2.0, 0.15, VALUES)
    step, down = skin_slab.STEP_MM, round(AXILLA.depth_mm / skin_slab.STEP_MM)
    across = round(AXILLA.spacing_mm / 2 / step)
    z, x = (np.arange(down) + 0.5) * step, (np.arange(across) + 0.5) * step
    volume_mm3 = 150 / VALUES["tissue_porosity"]
    lengths = VALUES["bolus_length_across_fibres"], VALUES["bolus_length_in_depth"]
    source = 0.25 * skin_slab._bolus(x, z, 2.0, volume_mm3, lengths)
    ratio = np.where(z < AXILLA.dermis_mm, VALUES["dermis_diffusivity_ratio"], 1.0) * VALUES["toxin_diffusivity_mm2_per_day"]
    uptake = np.where((z > AXILLA.target_from_mm) & (z < AXILLA.target_to_mm), VALUES["uptake_rate_per_day"], 0.0)

    wave = (2 - 2 * np.cos(np.pi * np.arange(across) / across)) * step
    lateral = (wave[:, None] + wave[None, :])[..., None] * ratio
    between = (ratio[1:] + ratio[:-1]) / 2 * step
    diagonal = lateral + (uptake + VALUES["clearance_rate_per_day"]) * step**3
    diagonal[..., :-1] += between
    diagonal[..., 1:] += between
    right = dctn(source, axes=(0, 1), norm="ortho")
    for k in range(1, down):
        w = -between[k - 1] / diagonal[..., k - 1]
        diagonal[..., k] += w * between[k - 1]
        right[..., k] -= w * right[..., k - 1]
    exact = np.empty_like(right)
    exact[..., -1] = right[..., -1] / diagonal[..., -1]
    for k in range(down - 2, -1, -1):
        exact[..., k] = (right[..., k] + between[k] * exact[..., k + 1]) / diagonal[..., k]
    exact = idctn(exact, axes=(0, 1), norm="ortho")[..., uptake > 0] * VALUES["uptake_rate_per_day"]
    np.testing.assert_allclose(found.dose_per_mm3.reshape(exact.shape), exact, rtol=1e-7)


def test_half_the_cell_moves_the_responders_by_less_than_a_point(monkeypatch):
    days = np.array([28.0, 112.0])
    usual = responders_percent(ONA, 100.0, days, VALUES)
    coarse, _ = gland_dose(ONA, 100.0, VALUES)
    monkeypatch.setattr("glabella.uses.axillary_hyperhidrosis.slab_dose", lambda *a: slab_dose(*a, step_mm=skin_slab.STEP_MM / 2))
    fine, _ = gland_dose(ONA, 100.0, VALUES)
    assert len(fine.volume_mm3) == 8 * len(coarse.volume_mm3)
    assert np.abs(responders_percent(ONA, 100.0, days, VALUES) - usual).max() < 1.0


def test_needles_farther_apart_reach_less_and_more_fluid_reaches_further():
    near, far = (slab_dose(replace(AXILLA, spacing_mm=mm), 2.0, 0.15, VALUES) for mm in (10.0, 20.0))

    def unevenness(found):
        return np.std(np.log(found.dose_per_mm3))

    assert unevenness(far) > unevenness(near)
    assert unevenness(slab_dose(AXILLA, 2.0, 0.05, VALUES)) > unevenness(slab_dose(AXILLA, 2.0, 0.2, VALUES))
