"""People whose tissue and skin were built before, from the cache folder: a second run on the same face begins where it differs.

A file holds a ``Person`` without the patient, and which rows the building read, so that a result tells the same sources. Its name is a hash
of what decides the shape of a face, of the parameters of those stages and of their code. Only the reference face on the usual grid is kept,
a few of them: 56 MB each. Adjoint fields that a run has solved for are kept with it.
"""

import hashlib
from dataclasses import replace
from pathlib import Path

from glabella.cache import cache_folder, code_sha256, keep_newest, write_cached
from glabella.evidence import Parameters
from glabella.face import Face, Surface
from glabella.near import SortedPoints
from glabella.packing import PackError, read_packed, write_packed
from glabella.patient import Patient
from glabella.stages.anatomy import Anatomy, Atlas, Grid, MuscleCells, Sheet, Site
from glabella.stages.diffusion import Spread
from glabella.stages.skin import BrowLift, Skin
from glabella.stages.skin.membrane import Membrane
from glabella.treatment import Person, build_person

MOST = 4
BUILT_FROM = ("stages", "data", "face.py", "interpolate.py", "names.py", "near.py", "packing.py", "patient.py", "treatment.py")
READ_STAGES = ("anatomy", "diffusion", "skin")  # of the parameter table: building reads no other rows
CLASSES = (Anatomy, Atlas, BrowLift, Face, Grid, Membrane, MuscleCells, Person, Sheet, Site, Skin, SortedPoints, Spread, Surface)


def person_of(patient: Patient, parameters: Parameters, *, compiled: bool = True) -> Person:
    """``build_person`` for the reference face, or the same from the cache folder."""
    person = find_person(patient, parameters)
    if person is None:
        table = parameters.recording()
        person = build_person(None, patient, table, compiled=False)
        keep_person(person, table.read, parameters)
        _note(table.read, parameters)
    return replace(person, spread=person.spread.compiled()) if compiled else person


def find_person(patient: Patient, parameters: Parameters) -> Person | None:
    """A person with a face like that of ``patient``, not compiled; None where none is kept."""
    path = _path(patient, parameters)
    if path is None:
        return None
    try:
        person, read = read_packed(path, CLASSES)
        path.touch()
    except (OSError, PackError):
        return None
    _note(read, parameters)
    return replace(person, patient=patient)


def keep_person(person: Person, read: tuple[str, ...], parameters: Parameters) -> None:
    """Write a person to the cache folder; ``read``: the rows that building read. Where it cannot be written nothing happens."""
    path = _path(person.patient, parameters)
    if path is not None:
        kept = replace(person, patient=None, spread=replace(person.spread, layout=None))  # pyright: ignore[reportArgumentType]
        write_cached(path, lambda file: write_packed((kept, tuple(read)), file))
        keep_newest(path.parent, "person-*.packed", MOST)


def _note(read: tuple[str, ...], parameters: Parameters) -> None:
    for name in read:
        parameters[name]


def _path(patient: Patient, parameters: Parameters) -> Path | None:
    folder = cache_folder()
    if folder is None or patient.own_face:
        return None
    values = [(name, parameters.overrides.get(name, row.value)) for name, row in parameters.rows.items() if row.stage in READ_STAGES]
    digest = hashlib.sha256(repr((code_sha256(BUILT_FROM), patient.shape_of_face, values)).encode())
    return folder / f"person-{digest.hexdigest()[:32]}.packed"
