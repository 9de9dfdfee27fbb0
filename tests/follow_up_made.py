"""People like a patient on the made-up face of ``typical_face``, for tests of follow-ups: no solve."""

from dataclasses import replace

import numpy as np

from glabella.follow_up.candidates import Alike, Motion
from glabella.follow_up.follow_up import follow_times
from glabella.patient import Patient
from glabella.population.people import Mix
from tests.typical_face import MUSCLES, setting

TIMES = follow_times((14.0, 60.0), 180.0, np.zeros(1))
ENTRY = {("glabellar", "maximum_frown"): 3.0, ("glabellar", "rest"): 1.0}


def alike(patient: Patient | None = None, **values: float) -> Alike:
    """Whom to draw; ``values`` are kept whatever the posterior says."""
    made = setting(20.0, Mix(), (0.0,), **values)
    motion = Motion(
        np.array([1.0, 1.0, 0.8]), np.array([[[0.8, -0.4, 0], [0.1, 0, 0], [0, -0.9, 0]], [[0.1, 0, 0], [0.8, -0.4, 0], [0, -0.9, 0]]])
    )
    return Alike(patient or Patient(), replace(made, mix=Mix()), "onabotulinumtoxinA", {"maximum_frown": motion}, MUSCLES, values)


__all__ = ["ENTRY", "TIMES", "alike"]
