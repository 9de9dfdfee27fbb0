"""Virtual people like the patient, and their course under the plan. How deep their lines are comes later: see ``settle``."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from glabella.calibration.posterior import Posterior
from glabella.evidence.parameters import stream
from glabella.frown import FROWN_PATTERNS
from glabella.names import AREAS, without_side
from glabella.patient import Patient
from glabella.population.archetypes import Archetype
from glabella.population.block import Setting, baseline_shift
from glabella.population.course import area_strain, muscle_force, repeated_force
from glabella.population.lines import fold
from glabella.population.people import Mix, People, draw_people
from glabella.population.raters import rater
from glabella.stages.junction.course import junction_kinetics

SHIFT_PEOPLE = 1000  # on whom the usual depth of lines is set
STRIDE = 83  # between the draws of the posterior that are taken one after the other: no divisor of their number


@dataclass(frozen=True)
class Motion:
    """What moves in one expression, of the patient's own face: ``newton`` (muscles,) from rest to full effort, and mm per newton
    (sides, muscles, 3) of the point on each side that is looked at."""

    newton: np.ndarray
    modes: np.ndarray


@dataclass(frozen=True)
class Alike:
    """Whom to draw, and what is done to them: the patient, ``setting`` (units, needles, typical faces, the table's values; its areas are
    those followed), the product, the ``motions`` by expression, the names of the ``muscles`` that pull the skin."""

    patient: Patient
    setting: Setting
    product: str
    motions: Mapping[str, Motion]
    muscles: tuple[str, ...]
    kept: Mapping[str, float]  # values that the posterior does not replace


@dataclass(frozen=True)
class Candidates:
    """People of one draw of the posterior: ``strain`` and ``folds`` by area (people, times), ``movement`` by expression in percent of
    before; ``shift`` of ln depth and standard normals and uniforms of each indication's lines; ``subject_ln`` (people,): by how much
    deeper each would see their own line."""

    values: Mapping[str, float]
    people: People
    times: np.ndarray
    strain: Mapping[str, np.ndarray]
    folds: Mapping[str, np.ndarray]
    movement: Mapping[str, np.ndarray]
    shift: Mapping[str, float]
    normals: Mapping[str, np.ndarray]
    uniforms: Mapping[str, np.ndarray]
    subject_ln: np.ndarray

    @property
    def count(self) -> int:
        """How many people."""
        return len(self.subject_ln)


def indications(areas: tuple[str, ...]) -> tuple[str, ...]:
    """Areas without side, each once: the two sides of a face share how deep its lines are."""
    return tuple(dict.fromkeys(without_side(area) for area in areas))


def of_indication(indication: str, areas: tuple[str, ...]) -> tuple[str, ...]:
    """The areas of an indication, in the usual order."""
    return tuple(area for area in AREAS if area in areas and without_side(area) == indication)


def draw_values(alike: Alike, posterior: Posterior, number: int) -> dict[str, float]:
    """Every parameter for block ``number``: a draw of the posterior in place of the fitted rows, but for what is kept.

    The best fit is the first row and no draw; consecutive blocks take draws that lie far apart in the table.
    """
    draws = len(posterior.draws) - 1
    draw = 1 + (number * STRIDE) % draws if draws > 0 else 0
    return {**alike.setting.values, **posterior.values(draw), **alike.kept}


def draw_candidates(alike: Alike, posterior: Posterior, times: np.ndarray, seed: int, number: int, count: int) -> Candidates:
    """Block ``number``: ``count`` people like the patient, with the parameters of one draw of the posterior, and their course."""
    values = draw_values(alike, posterior, number)
    setting = replace(alike.setting, values=values, kinetics=junction_kinetics(values, alike.product))
    people = _like(alike, draw_people(seed, number, Mix(), len(alike.muscles), setting.units.shape[1], values, count))
    strain = {area: np.empty((count, len(times))) for area in setting.areas}
    folds = {area: np.empty((count, len(times))) for area in setting.areas}
    movement = {expression: np.empty((count, len(times))) for expression in alike.motions}
    for archetype, who in _faces(setting, people):
        force = _force(setting, archetype, people, who, times)
        for area in setting.areas:
            folding = archetype.folding[area]
            newton = folding.contracted_newton[people.pattern[who]] * np.exp(people.size_ln[who])
            strain[area][who] = area_strain(folding, archetype.column_of, force, newton)
            folds[area][who] = fold(area, strain[area][who], people.fold_ln[who], values)
        for expression, motion in alike.motions.items():
            movement[expression][who] = _movement(motion, archetype, force, people.size_ln[who])
    names = indications(setting.areas)
    usual = {name: baseline_shift(replace(setting, areas=of_indication(name, setting.areas), mix=Mix()), SHIFT_PEOPLE) for name in names}
    subject = rater("subject", values)
    sees = subject.offset_ln + subject.person_sd_ln * stream(seed, "follow-up", "subject", number).standard_normal(count)
    normals = {name: stream(seed, "follow-up", name, number).standard_normal((5, count)) for name in names}
    uniforms = {name: stream(seed, "follow-up grades", name, number).random((4, count)) for name in names}
    return Candidates(values, people, times, strain, folds, movement, usual, normals, uniforms, sees)


def _like(alike: Alike, people: People) -> People:
    """The people with everything that is known of the patient set."""
    patient, count = alike.patient, len(people.male)
    size = people.size_ln.copy()
    for muscle, strength in patient.muscle_strength.items():
        if muscle in alike.muscles:
            size[:, alike.muscles.index(muscle)] = np.log(strength)
    high = people.high_frontalis
    if patient.frontalis_upper_margin_mm is not None:
        heights = sorted(face.frontalis_upper_margin_mm for face in alike.setting.archetypes if face.sex == patient.sex)
        high = np.full(count, patient.frontalis_upper_margin_mm > np.mean(heights))
    return replace(
        people, male=np.full(count, patient.sex == "male"), age_years=np.full(count, patient.age_years), high_frontalis=high,
        pattern=np.full(count, FROWN_PATTERNS.index(patient.frown_pattern)), size_ln=size,
    )  # fmt: skip


def _faces(setting: Setting, people: People) -> list[tuple[Archetype, np.ndarray]]:
    """The typical faces of the patient's sex, each with the people who take it."""
    faces = [face for face in setting.archetypes if face.sex == ("male" if people.male[0] else "female")]
    faces.sort(key=lambda face: face.frontalis_upper_margin_mm)
    if len(faces) == 1:
        return [(faces[0], np.arange(len(people.male)))]
    return [(face, np.flatnonzero(people.high_frontalis == high)) for face, high in ((faces[0], False), (faces[-1], True))]


def _force(setting: Setting, archetype: Archetype, people: People, who: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Force (people, times, followed muscles) as a share of untreated."""
    if len(setting.session_days) == 1 and setting.session_days[0] == 0:
        return muscle_force(archetype, setting.units[0], people, who, times, setting.kinetics, setting.values)
    return repeated_force(archetype, setting.units, setting.session_days, people, who, times, setting.kinetics, setting.values)


def _movement(motion: Motion, archetype: Archetype, force: np.ndarray, size_ln: np.ndarray) -> np.ndarray:
    """Displacement of the skin (people, times) in percent of the untreated one, mean of the sides' lengths."""
    newton = motion.newton * np.exp(size_ln)
    before = np.linalg.norm(np.einsum("pm,smd->spd", newton, motion.modes), axis=-1).mean(0)
    inside = archetype.column_of >= 0
    column = archetype.column_of[inside]
    fixed = np.ones(len(motion.newton), bool)
    fixed[column] = False
    still = np.einsum("pm,smd->spd", newton[:, fixed], motion.modes[:, fixed])
    moved = np.einsum("ptm,smd->sptd", newton[:, None, column] * force[:, :, inside], motion.modes[:, column], optimize=True)
    length = np.linalg.norm(moved + still[:, :, None], axis=-1).mean(0)
    return 100 * length / np.maximum(before, 1e-12)[:, None]

