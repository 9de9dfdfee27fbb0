"""Absolute strain of the skin as trials measured it: means of virtual people in the trial's own region."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from glabella.calibration.predict import PEOPLE, SEED
from glabella.errors import InputError
from glabella.evidence.published import PublishedRow, trial_record
from glabella.population.arms import arm_setting, mix_of
from glabella.population.block import draw
from glabella.population.measured import Measured, find_measured, measure_of, measured_strain, region_of
from glabella.stages.junction.course import junction_kinetics


def predict_strain(rows: Sequence[PublishedRow], sets: Sequence[Mapping[str, float]], people: int = PEOPLE) -> np.ndarray:
    """Mean and spread between people (2, sets, rows) of strain in percent, for several sets of parameter values."""
    found = np.zeros((2, len(sets), len(rows)))
    arms: dict[tuple, list[int]] = {}
    for k, row in enumerate(rows):
        arms.setdefault((row.trial, row.product, row.indication, row.dose_units), []).append(k)
    with threadpool_limits(1):
        for (trial, product, indication, units), mine in arms.items():
            days = sorted({0.0, *(float(rows[k].day or 0.0) for k in mine)})
            base = arm_setting(product, indication, units, days[1:] or (1.0,), mix_of(trial_record(trial)), sets[0])
            asked = {rows[k].row: (_regions(base.archetypes, rows[k]), measure_of(rows[k])) for k in mine}
            for n, values in enumerate(sets):
                setting = replace(base, values=values, kinetics=junction_kinetics(values, product))
                strain = measured_strain(setting, draw(setting, SEED, 0, people), days, asked)
                for k in mine:
                    part = 100 * strain[rows[k].row][:, days.index(float(rows[k].day or 0.0))]
                    found[:, n, k] = part.mean(), part.std()
    return found


def _regions(archetypes: Sequence, row: PublishedRow) -> tuple[Measured, ...]:
    region = region_of(row)
    if region is None:
        raise InputError(f"row '{row.row}': no region of trials/strain_regions.csv is named in it; add one for the trial '{row.trial}'")
    return find_measured(archetypes, region)
