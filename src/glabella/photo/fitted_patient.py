"""A person whose face is the one that was fitted to their picture."""

from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar

from glabella.evidence import Parameters
from glabella.face import Face
from glabella.patient import Patient
from glabella.photo.photo import PhotoFace


@dataclass(frozen=True)
class FittedPatient(Patient):
    """A patient with the head of a picture. ``photo``: the name that the picture is held under.

    Sex and age are the person's own and no longer shape the head; another distance between the pupils makes it larger or smaller. Written
    as a file it is a plain patient: the head is not kept.
    """

    own_face: ClassVar[bool] = True

    photo: str = ""
    _fitted: PhotoFace | None = field(default=None, compare=False, repr=False)

    def shape(self, face: Face, parameters: Parameters | None = None) -> Face:
        """The fitted head without its expression, in the person's size."""
        if self._fitted is None:
            return super().shape(face, parameters)
        found = self._fitted
        neutral = found.head.in_size(self.pupil_distance_mm(parameters) / found.size.interpupillary_distance_mm).neutral
        return replace(neutral, sex=float(self.sex == "male"), age_years=self.age_years)

    @property
    def shape_of_face(self) -> tuple[object, ...]:
        """What decides the shape of the face."""
        return (*super().shape_of_face, self.photo)

    @classmethod
    def of(cls, patient: Patient, photo: str, fitted: PhotoFace) -> "FittedPatient":
        """The patient with the head of a picture, and with its size."""
        sized = replace(patient, interpupillary_distance_mm=round(fitted.size.interpupillary_distance_mm, 1))
        return cls(**_given(sized), photo=photo, _fitted=fitted)

    def plain(self) -> Patient:
        """The patient without the picture's head; the size stays."""
        return Patient(**_given(self))


def _given(patient: Patient) -> dict[str, Any]:
    return {one.name: getattr(patient, one.name) for one in fields(Patient)}
