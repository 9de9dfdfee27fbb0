"""Pictures of invented faces with everything about them known: pinhole cameras, shapes outside the fit's own basis, three lights,
three skins."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from glabella.face import EYEBALL_VERTICES, Face, load_face
from glabella.photo.camera import PhotoCamera
from glabella.photo.picture import Picture
from glabella.report.complexion import DARK, LIGHT, MEDIUM
from glabella.report.raster import Camera
from glabella.report.render import Lines, Studio, paint_face

IRIS_AHEAD_MM = 11.0  # of the eyeball's middle: where the painted iris has its size
SKINS = {"light": LIGHT, "medium": MEDIUM, "dark": DARK}
LIGHTS = {
    "from the side": Studio(key_azimuth_degrees=-55, key_elevation_degrees=25, key=0.85, fill=0.25, ambient=0.35),
    "from above": Studio(key_azimuth_degrees=12, key_elevation_degrees=55, key=0.8, fill=0.3, ambient=0.4),
    "soft": Studio(key_azimuth_degrees=-20, key_elevation_degrees=15, key=0.35, fill=0.3, ambient=0.75),
}


@dataclass(frozen=True)
class Pinhole(Camera):
    """The report's camera with perspective: the eye of the camera stands ``distance_mm`` from the plane of the irises."""

    distance_mm: float = 600.0
    roll_degrees: float = 0.0

    @cached_property
    def axes(self):
        right, up, viewer = Camera.axes.func(self)
        c, s = np.cos(np.radians(self.roll_degrees)), np.sin(np.radians(self.roll_degrees))
        return np.stack([c * right + s * up, c * up - s * right, viewer])

    def project(self, points):
        seen = np.asarray(points, float) @ self.axes.T
        shift = np.asarray(self.centre) @ self.axes.T
        rows, columns = self.shape
        scale = self.pixels_per_mm * self.distance_mm / (self.distance_mm + IRIS_AHEAD_MM - seen[..., 2])
        column = (seen[..., 0] - shift[0]) * scale + (columns - 1) / 2
        row = (rows - 1) / 2 - (seen[..., 1] - shift[1]) * scale
        return np.stack([column, row, seen[..., 2]], -1)

    @property
    def truth(self) -> PhotoCamera:
        """The same camera in the library's terms."""
        rows, columns = self.shape
        distance = self.distance_mm + IRIS_AHEAD_MM
        scale = self.pixels_per_mm * self.distance_mm / distance
        axis = np.array([(columns - 1) / 2, (rows - 1) / 2])
        shift = np.asarray(self.centre) @ self.axes.T
        return PhotoCamera(self.axes, axis + scale * np.array([-shift[0], shift[1]]), scale, distance, axis)


@dataclass(frozen=True)
class Case:
    """One picture to be made."""

    seed: int
    turn: float = 0.0
    nod: float = 0.0
    roll: float = 0.0
    skin: str = "light"
    light: str = "soft"
    distance_mm: float = 600.0
    pixels_per_mm: float = 5.0
    units: tuple = ()
    lines_mm: float = 0.0
    size: tuple = (230.0, 280.0)

    @property
    def camera(self) -> Pinhole:
        # the camera's azimuth is where it stands: a head that turns to its left is seen from its right
        return Pinhole(
            azimuth_degrees=-self.turn,
            elevation_degrees=-self.nod,
            roll_degrees=self.roll,
            centre=(0.0, -14.0, 0.0),
            width_mm=self.size[0],
            height_mm=self.size[1],
            pixels_per_mm=self.pixels_per_mm,
            distance_mm=self.distance_mm,
        )


def invented_face(seed: int, units: dict | None = None) -> tuple[Face, Face]:
    """(face as it is, the same without its expression): sex, age, size, waves of some mm and a little asymmetry, all drawn from the
    seed."""
    random = np.random.default_rng(seed)
    base = load_face().for_person(random.uniform(0, 1), random.uniform(25, 70), random.uniform(57, 68))
    stretch = random.uniform([0.96, 0.96, 0.95], [1.04, 1.04, 1.05])
    moved = base.cage * (stretch - 1)
    for even, size in ((True, 1.6), (False, 0.5)):
        for _ in range(6):
            length = random.uniform(45, 130)
            direction = random.normal(size=3)
            direction *= 2 * np.pi / (length * np.linalg.norm(direction))
            push, phase = size * random.normal(size=3) / np.sqrt(2), random.uniform(0, 2 * np.pi)
            wave = np.sin(base.cage @ direction + phase)[:, None] * push
            if even:
                wave = (wave + np.sin(base.cage * [-1, 1, 1] @ direction + phase)[:, None] * push * [-1, 1, 1]) / 2
            moved += wave
    for part in (slice(-2 * EYEBALL_VERTICES, -EYEBALL_VERTICES), slice(-EYEBALL_VERTICES, None)):
        moved[part] = moved[part].mean(0)

    def shaped(face: Face) -> Face:
        cage = face.cage + moved
        eyes = [cage[-2 * EYEBALL_VERTICES : -EYEBALL_VERTICES].mean(0), cage[-EYEBALL_VERTICES:].mean(0)]
        cage = cage - (eyes[0] + eyes[1]) / 2
        return replace(face, cage=cage, interpupillary_distance_mm=float(np.linalg.norm(eyes[0] - eyes[1])))

    return shaped(base.with_expression(units or {})), shaped(base)


def paint(case: Case, face: Face, lines: tuple[Lines, ...] = ()) -> Picture:
    """The picture of a face."""
    painted = paint_face(face, case.camera, lines=lines or None, complexion=SKINS[case.skin], studio=LIGHTS[case.light])
    return Picture(painted.pixels)


MOVED = (
    (),
    (),
    (),
    ("browDownLeft", "browDownRight"),
    ("browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    ("mouthSmileLeft", "mouthSmileRight", "eyeSquintLeft", "eyeSquintRight"),
)


def drawn_case(seed: int) -> Case:
    """A picture with everything drawn from its seed: every second face moves, turns up to 25 degrees, 35 to 150 cm away."""
    random = np.random.default_rng([seed, 8])
    moved = MOVED[random.integers(len(MOVED))]
    return Case(
        seed, turn=random.uniform(-25, 25), nod=random.uniform(-10, 10), roll=random.uniform(-12, 12),
        skin=list(SKINS)[random.integers(3)], light=list(LIGHTS)[random.integers(3)],
        distance_mm=float(np.exp(random.uniform(*np.log([350, 1500])))), pixels_per_mm=random.uniform(2.5, 5.0),
        units=tuple((name, random.uniform(0.3, 0.9)) for name in moved),
    )  # fmt: skip


CASES = (
    Case(1),
    Case(2, turn=15, skin="medium", light="from the side", distance_mm=450),
    Case(3, turn=-25, skin="dark", light="from above"),
    Case(4, turn=25, nod=5, light="from the side", distance_mm=900),
    Case(5, nod=10, roll=8, skin="dark", light="soft", distance_mm=400),
    Case(6, turn=-10, nod=-8, skin="medium", light="from above", distance_mm=1500),
    Case(7, units=(("browDownLeft", 0.7), ("browDownRight", 0.7)), light="from above"),
    Case(8, turn=20, skin="dark", light="from the side", units=(("mouthSmileLeft", 0.6), ("mouthSmileRight", 0.6)), distance_mm=500),
    Case(9, turn=-20, skin="medium", units=(("browInnerUp", 0.6), ("browOuterUpLeft", 0.5), ("browOuterUpRight", 0.5)), pixels_per_mm=3),
    Case(10, roll=-12, skin="dark", light="from above", distance_mm=700),
    Case(11, turn=8, nod=4, pixels_per_mm=8, distance_mm=600),
    Case(12, turn=-15, roll=5, skin="medium", light="from the side", distance_mm=350),
    Case(13, turn=25, nod=-5, roll=-5, skin="dark", light="soft", pixels_per_mm=2.5, distance_mm=800),
    Case(14, light="from the side"),
)
