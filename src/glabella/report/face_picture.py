"""The reference face as a picture, from three sides."""

from dataclasses import replace
from pathlib import Path

from glabella.face import Face
from glabella.report.render import Camera, paint_face
from glabella.report.style import Margins, finish, new_figure, styled

FRONT = Camera(pixels_per_mm=3.0)
CAMERAS = (
    replace(FRONT, azimuth_degrees=-45.0, centre=(-22.0, -8.0, -22.0)),
    FRONT,
    replace(FRONT, azimuth_degrees=90.0, centre=(0.0, -8.0, -32.0)),
)


def draw_face(face: Face, path: str | Path) -> None:
    """Write the picture of a face at rest as PNG."""
    with styled():
        figure, axes = new_figure(13.5, 6.2, 1, 3, Margins(left=0.1, right=0.1, top=0.5, bottom=0.1, between=0.1))
        for ax, camera in zip(axes[0], CAMERAS, strict=True):
            ax.imshow(paint_face(face, camera).pixels)
            ax.set_axis_off()
        figure.suptitle(f"{_caption(face)}. MakeHuman hm08, CC0. Research and education, not a medical device.", fontsize=10)
        picture = finish(figure, "face", "the face from three sides", f"{_caption(face)}, seen from three sides", None)
    Path(path).write_bytes(picture.png)


def _caption(face: Face) -> str:
    sex = "woman" if face.sex < 0.5 else "man"
    return f"Face '{face.name}': a {sex} of {face.age_years:g} years, pupils {face.interpupillary_distance_mm:g} mm apart"
