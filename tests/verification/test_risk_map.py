"""The adjoint risk map against direct simulation of needles, and its chances against random placements one by one."""

import numpy as np
import pytest
from scipy.stats import norm, qmc

from glabella.planner.risk_map_skin import enter
from glabella.stages.anatomy.places import skin_axes
from glabella.stages.bolus import Needle, fill_bolus
from glabella.stages.diffusion import build_spread, spread_toxin
from glabella.stages.junction import blocked_share
from glabella.stages.unwanted import chance_of, structure_weights
from glabella.treatment import PEAK_DAYS
from tests.coarse_risk_map import DEPTH_MM, UNITS, coarse_map

SITES, PLACEMENTS = 50, 512
TINY = 1e-6  # doses below this share of the highest are no more than the residual of a solve


def random_places(found, count):
    """Places on the triangles of the skin that have a number, evenly by area."""
    surface, random, places = found.anatomy.atlas.surface, np.random.default_rng(11), []
    areas = surface.triangle_areas_mm2 / surface.triangle_areas_mm2.sum()
    while len(places) < count:
        triangle = random.choice(len(areas), 200, p=areas)
        points = surface.at(triangle, random.dirichlet([1, 1, 1], 200))
        places += list(points[found.is_computed(points)])
    return np.array(places[:count])


def test_dose_against_direct_simulation_at_random_places(capsys):
    found = coarse_map()
    anatomy, parameters = found.anatomy, found.parameters
    places = random_places(found, SITES)
    mapped = np.stack(list(found.dose_at(places).values()), 1)

    spread = build_spread(anatomy, parameters)
    weights = np.stack([structure_weights(anatomy, spread, name) for name in found.dose_units_per_mm3])
    entries = enter(places, anatomy)
    direct = []
    for point, normal, bone_mm in zip(entries.points, entries.normals, entries.bone_mm, strict=True):
        depth = min(DEPTH_MM, bone_mm)
        needle = Needle("anywhere", point, point - depth * normal, normal, depth, depth < DEPTH_MM)
        bolus = fill_bolus(needle, UNITS, found.volume_ml, anatomy, parameters)
        direct.append(weights @ spread_toxin(spread, [bolus]).exposure)
    direct = np.array(direct)
    compared = direct > TINY * direct.max()
    difference = np.abs(mapped / np.maximum(direct, 1e-300) - 1)[compared]
    with capsys.disabled():
        print(f"\n  risk map, {SITES} random places, {compared.sum()} doses: largest relative difference {difference.max():.1e}")
    assert compared.any(1).sum() > SITES / 5
    assert difference.max() < 0.02  # what was promised
    assert difference.max() < 1e-4  # what an adjoint is
    assert np.abs(mapped - direct)[~compared].max() < 1e-9 * direct.max()


@pytest.mark.parametrize(("wanted", "start"), [(0.01, 1), (0.1, 2), (0.5, 3)])
def test_chance_against_placements_one_by_one(wanted, start, capsys):
    found = coarse_map()
    parameters, anatomy = found.parameters, found.anatomy
    above = found.points[:, 1] > anatomy.atlas.points["globe_left"][1] + 12  # where no placement comes below the eye
    vertex = np.flatnonzero(above)[np.abs(found.probability[above] - wanted).argmin()]
    place = enter(found.points[vertex][None] + [0.7, 0.6, 0.0], anatomy)
    sd = np.array([parameters["placement_sd_mm"]] * 2 + [parameters["placement_depth_sd_mm"]])
    offsets = norm.ppf(np.clip(qmc.Sobol(3, rng=np.random.default_rng(start)).random(PLACEMENTS), 1e-9, 1 - 1e-9)) * sd
    left, up = skin_axes(place.normals)
    landed = enter(place.points + offsets[:, :1] * left + offsets[:, 1:2] * up, anatomy)
    dose = UNITS * found.reach.per_unit(landed, DEPTH_MM + offsets[:, 2], tracking=True)
    assert np.isfinite(dose).all()
    law = chance_of(found.effect, lambda d, table: blocked_share(d, PEAK_DAYS, table, found.product).max(-1), parameters)
    one_by_one = float(law(*dose.T).mean())
    mapped = float(found.probability_at(place.points)[0, 0])
    with capsys.disabled():
        print(f"\n  risk map, chance {100 * mapped:.2f} %, {PLACEMENTS} placements one by one {100 * one_by_one:.2f} %")
    assert mapped == pytest.approx(one_by_one, abs=0.02)
