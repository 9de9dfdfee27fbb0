"""The story of a picture: from a file to a head in mm with its anatomy, or a line that says why not."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from glabella.errors import InputError
from glabella.evidence import Parameters, load_parameters
from glabella.evidence.photo import load_photo_parameters
from glabella.patient import Patient
from glabella.photo.checks import Quality, check_landmarks, check_quality, measure_quality, one_face
from glabella.photo.fit import FittedHead, fit_head
from glabella.photo.landmarks import LandmarkModel, Landmarks
from glabella.photo.picture import Picture, read_picture
from glabella.photo.places import Place, site_places
from glabella.photo.site_errors import site_errors_mm
from glabella.photo.size import IrisSize, Size, measure_irises, measure_size
from glabella.stages.anatomy import Atlas, build_atlas

Progress = Callable[[str, float], None]


@dataclass(frozen=True, eq=False)
class PhotoFace:
    """One person in one picture: landmarks, the head fitted to them in the person's mm, its size, and what the picture is good for."""

    picture: Picture
    landmarks: Landmarks
    head: FittedHead
    size: Size
    irises: IrisSize
    quality: Quality
    patient: Patient
    parameters: Parameters

    @cached_property
    def atlas(self) -> Atlas:
        """Muscles and licensed sites of the person, on the fitted head without its expression."""
        return build_atlas(self.head.neutral, self.patient, load_parameters())

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """The licensed sites on the picture, each with its error; ``sure`` where that is within the limit."""
        errors, most = site_errors_mm(self.head, self.size, self.patient, self.parameters), self.parameters["site_error_mm"]
        return tuple(replace(p, error_mm=errors[p.name], sure=errors[p.name] <= most) for p in site_places(self.head, self.atlas))


def read_photo(path: str | Path, model: LandmarkModel, patient: Patient | None = None, pupil_distance_mm: float | None = None) -> PhotoFace:
    """Read a picture and fit the head to it; InputError where it cannot be trusted. ``pupil_distance_mm``: as measured, instead of the
    iris."""
    return fit_photo(read_picture(path), model, patient, pupil_distance_mm, f"photo {path}")


def fit_photo(
    picture: Picture, model: LandmarkModel, patient: Patient | None = None, pupil_distance_mm: float | None = None, where: str = "photo",
    progress: Progress = lambda what, share: None,
) -> PhotoFace:  # fmt: skip
    """The same for a picture that is read already; ``progress`` is told each step and may raise to end the work."""
    parameters, patient = load_photo_parameters(), patient or Patient()
    progress("looking for the face", 0.1)
    box = one_face(model.find_faces(picture), where)
    progress("looking for its landmarks", 0.3)
    landmarks = model.find_landmarks(picture, box)
    check_landmarks(landmarks, parameters, where)
    progress("fitting the head", 0.4)
    rows, columns = picture.shape
    head = fit_head(landmarks, np.array([(columns - 1) / 2, (rows - 1) / 2]), parameters)
    progress("measuring the size", 0.9)
    irises = measure_irises(picture, landmarks, head.camera, head.seen)
    size = measure_size(irises, head.camera, head.seen, parameters, pupil_distance_mm or patient.interpupillary_distance_mm)
    head = head.in_size(size.factor)
    quality = measure_quality(picture, landmarks, head.camera)
    quality = replace(quality, cautions=check_quality(quality, landmarks, irises, parameters, where))
    return PhotoFace(picture, landmarks, head, size, irises, quality, _of_size(patient, size, where), parameters)


def _of_size(patient: Patient, size: Size, where: str) -> Patient:
    """The patient with the distance between the pupils that the picture shows."""
    try:
        return replace(patient, interpupillary_distance_mm=size.interpupillary_distance_mm)
    except InputError:
        found = f"{size.interpupillary_distance_mm:.0f} mm between the pupils"
        raise InputError(
            f"{where}: {found} is outside what the tables know; give --pupil-distance MM as measured, or another picture"
        ) from None
