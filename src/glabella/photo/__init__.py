"""A person's picture: landmarks, checks, size, the head fitted to it, the lines seen in it, and the skin of later days."""

from glabella.photo.fit import FittedHead, fit_head
from glabella.photo.landmarks import LandmarkModel
from glabella.photo.model_file import fetch_model, find_model
from glabella.photo.photo import PhotoFace, fit_photo, read_photo
from glabella.photo.picture import Picture, read_picture

__all__ = [
    "FittedHead",
    "LandmarkModel",
    "PhotoFace",
    "Picture",
    "fetch_model",
    "find_model",
    "fit_head",
    "fit_photo",
    "read_photo",
    "read_picture",
]
