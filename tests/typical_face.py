"""A small made-up typical face for tests of the population: three muscles, two needles, no solve."""

import numpy as np

from glabella.frown import FROWN_PATTERNS
from glabella.population.archetypes import Archetype, AreaFolding
from glabella.population.arms import trial_values
from glabella.population.block import Setting
from glabella.population.people import Mix
from glabella.stages.junction.course import junction_kinetics

MUSCLES = ("corrugator_supercilii_left", "corrugator_supercilii_right", "procerus")


def typical_face(sex: str = "female", margin_mm: float = 62.0) -> Archetype:
    """Doses that spread log-normally over landings and elements; each muscle squeezes the area by about 5 % at full pull."""
    rng = np.random.default_rng(7)
    needles, landings, elements = 2, 8, 12
    dose = 3e-4 * np.exp(0.6 * rng.standard_normal((needles, landings, elements * len(MUSCLES))))
    parts = np.zeros((3, 5, len(MUSCLES)))
    parts[0], parts[1] = -0.01, 0.06 * (0.8 + 0.4 * rng.random((5, len(MUSCLES))))
    weights = np.array([[1 + 0.2 * k * (m == 2) for m in range(len(MUSCLES))] for k in range(len(FROWN_PATTERNS))])
    folding = AreaFolding(parts, np.full(5, 0.2), weights * (1.25 if sex == "male" else 1.0))
    return Archetype(
        sex, margin_mm, MUSCLES, dose, np.array([8.0, 12.0]), np.repeat(np.arange(3), elements), np.full(3 * elements, 1 / elements),
        {"glabellar": folding}, np.arange(3),
    )  # fmt: skip


def setting(units: float = 20.0, mix: Mix | None = None, visits: tuple[float, ...] = (7, 30, 60, 90, 120), **values: float) -> Setting:
    """An arm on the made-up face, women and men."""
    numbers = trial_values(values)
    faces = (typical_face(), typical_face("male"))
    return Setting(
        faces, ("glabellar",), np.array([faces[0].units * units / 20.0]), np.zeros(1), np.array(visits, float), mix or Mix(),
        junction_kinetics(numbers, "onabotulinumtoxinA"), numbers,
    )  # fmt: skip


__all__ = ["MUSCLES", "setting", "typical_face"]
