"""The face on a day under an expression: a picture with its needles, and a solid model that other programs open."""

import io
import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from glabella.app.workbench import Result
from glabella.errors import InputError
from glabella.face import Face
from glabella.outcome import FRAME
from glabella.plan import Plan
from glabella.report.complexion import LIGHT, canvas_of, linear, paint_skin, smoothstep
from glabella.report.faces import UPPER_FACE, as_lines
from glabella.report.render import Camera, Lines, paint_face, prolong
from glabella.report.style import stamp_pixels
from glabella.scene import LineField
from glabella.stages.skin import EXPRESSIONS
from glabella.stages.wrinkle import line_phase, line_strength

WHOLE_FACE = Camera(pixels_per_mm=4.0)
MM_PER_METRE = 1000.0
MIDLINE_MM = 2.5  # width over which the lines of one side go over into those of the other: a picture convention
RINGS = 24  # of the spheres that stand for the eyeballs


@dataclass(frozen=True)
class Spot:
    """A needle in a picture: its number, where it enters and where its label's middle goes, all in the picture's own lengths."""

    number: int
    text: str
    at: tuple[float, float]
    label: tuple[float, float]


def face_png(result: Result, day: float, expression: str = "rest", *, sites: bool = True, camera: Camera = WHOLE_FACE) -> bytes:
    """PNG of the face on ``day`` under ``expression``, with numbered needles if ``sites``; a study is stamped.

    Errors: InputError for a day that was not computed or an unknown expression.
    """
    from PIL import Image

    moved, lines = _skin_at(result, day, expression)
    painted = paint_face(result.person.face, camera, displacement=moved, lines=lines)
    image = Image.fromarray(painted.pixels)
    if sites and result.plan is not None:
        entries = needle_points(result)
        points = painted.to_pixel(entries + _carried(result.person.face, entries, moved))
        _draw_spots(image, lay_out_spots(points, needle_texts(result.plan), radius=0.011 * image.width))
    if result.outcome.watermark:
        image = stamp_pixels(image, result.outcome.watermark)
    png = io.BytesIO()
    image.save(png, "PNG")
    return png.getvalue()


def upper_face(result: Result, camera: Camera = UPPER_FACE) -> tuple[bytes, np.ndarray]:
    """JPEG of the resting upper face before treatment, without marks, and where the needles (n, 2) are in it, in pixels."""
    from PIL import Image

    moved, _ = _skin_at(result, 0.0, "rest")
    painted = paint_face(result.person.face, camera, displacement=moved)
    entries = needle_points(result)
    jpeg = io.BytesIO()
    Image.fromarray(painted.pixels).save(jpeg, "JPEG", quality=90)
    return jpeg.getvalue(), painted.to_pixel(entries + _carried(result.person.face, entries, moved))


def needle_points(result: Result) -> np.ndarray:
    """Entries (n, 3) in mm of the first session's needles on the skin without tension, in the plan's order."""
    return np.array([bolus.needle.entry for bolus in result.course.boluses[0]]).reshape(-1, 3)


def needle_texts(plan: Plan) -> list[str]:
    """Units of the first session's needles, as labels write them."""
    return [f"{injection.units:g} U" for injection in plan.sessions[0].injections]


def lay_out_spots(points: np.ndarray, texts: Sequence[str], radius: float) -> list[Spot]:
    """Labels of needles at ``points`` (n, 2), beside them and clear of each other; ``radius`` of a label's number in the same length.

    A label is about 2 radii high and 6 wide. Each takes the first free place around its needle, the nearest ring first.
    """
    half = np.array([3.1, 1.15]) * radius
    taken: list[np.ndarray] = []
    spots = []
    for number, (point, text) in enumerate(zip(np.asarray(points, float), texts, strict=True), start=1):
        outward = 1.0 if point[0] >= np.mean(points[:, 0]) else -1.0
        places = [
            point + np.array([outward * x, y]) * half
            for ring in (1.0, 1.9, 2.9, 4.0)
            for x, y in ((0, -2.0 * ring), (0, 2.0 * ring), (1.4 * ring, -1.2 * ring), (1.4 * ring, 1.2 * ring), (-1.4 * ring, -1.2 * ring))
        ]
        free = [place for place in places if _is_free(place, half, taken, points, radius)]
        label = (free or places)[0]
        taken.append(label)
        spots.append(Spot(number, text, (float(point[0]), float(point[1])), (float(label[0]), float(label[1]))))
    return spots


def _is_free(place: np.ndarray, half: np.ndarray, taken: Sequence[np.ndarray], points: np.ndarray, radius: float) -> bool:
    clear_of_labels = all((np.abs(place - other) > 2 * half).any() for other in taken)
    return clear_of_labels and bool((np.abs(points - place) > half + 0.5 * radius).any(1).all())


def _draw_spots(image: Any, spots: Sequence[Spot]) -> None:
    from matplotlib import get_data_path
    from PIL import ImageDraw, ImageFont

    draw = ImageDraw.Draw(image)
    r = 0.011 * image.width
    font = ImageFont.truetype(f"{get_data_path()}/fonts/ttf/DejaVuSans-Bold.ttf", round(1.5 * r))
    for spot in spots:
        draw.line([spot.at, spot.label], fill="#101418", width=max(1, round(0.15 * r)))
    for spot in spots:
        (x, y), (u, v) = spot.at, spot.label
        d = 0.45 * r
        draw.ellipse([x - d, y - d, x + d, y + d], fill="#101418", outline="white", width=max(1, round(0.12 * r)))
        draw.rounded_rectangle([u - 3 * r, v - 1.1 * r, u + 3 * r, v + 1.1 * r], 0.6 * r, fill="white", outline="#101418")
        draw.text((u, v), f"{spot.number}: {spot.text}", "#101418", font, anchor="mm")


def _skin_at(result: Result, day: float, expression: str) -> tuple[np.ndarray, list[Lines]]:
    """Displacement (n, 3) mm and lines of every area on the vertices of ``face.surface(1)``, between the days computed."""
    course, person, parameters = result.course, result.person, result.outcome.parameters
    days = course.force.days
    if expression not in EXPRESSIONS:
        raise InputError(f"expression '{expression}' is unknown; valid: {', '.join(EXPRESSIONS)}")
    if not days[0] <= day <= days[-1]:
        raise InputError(f"day {day:g} was not computed; allowed: {days[0]:g} to {days[-1]:g}")
    force = {name: float(np.interp(day, days, values)) for name, values in course.force.force.items()}
    moved = person.skin.displacement(expression, force, person.patient, parameters)
    across, lines = person.face.surface(1).vertices[:, 0], []
    left = smoothstep(-MIDLINE_MM, MIDLINE_MM, across)
    share = {"left": left, "right": 1 - left}
    for area, spacing_mm in course.wrinkles.spacing_mm.items():
        phase = 2 * np.pi * line_phase(person.skin, area, person.patient, parameters) / spacing_mm
        depth = sum(share[side] * np.interp(day, days, half[expression]) for side, half in result.line_depth_mm[area].items())
        depth = depth * line_strength(person.skin, area, person.patient, parameters)
        lines.append(as_lines(LineField(phase, depth, np.full(len(phase), spacing_mm))))
    return moved, lines


def _carried(face: Face, points: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """How far (n, 3) the skin takes ``points`` (n, 3) with it."""
    surface = face.surface(1)
    foot = surface.closest(points)
    return np.einsum("nk,nkd->nd", foot.barycentric, moved[surface.triangles[foot.triangle]])


# --- a solid model ------------------------------------------------------------------------------------------------------------


def face_glb(result: Result, day: float, expression: str = "rest") -> bytes:
    """glTF 2.0 in one binary file: the moved skin and the eyeballs with colours on their vertices.

    Vertices are in mm; the one node scales them to the metres that glTF asks for, and ``asset.extras`` says so.
    Errors: InputError for a day that was not computed or an unknown expression.
    """
    face = result.person.face
    moved, _ = _skin_at(result, day, expression)
    surface, held = face.surface(2), canvas_of(face).beside_lids
    skin = surface.vertices + held[:, None] * prolong(face, moved)
    parts = [("skin", skin, surface.triangles, _skin_colours(face))]
    for name, (centre, radius) in zip(("eye_right", "eye_left"), face.eyeballs, strict=True):
        vertices, triangles = _sphere(np.asarray(centre, float), radius)
        ahead = vertices[:, 2] > centre[2] + 0.87 * radius
        parts.append((name, vertices, triangles, np.where(ahead[:, None], linear(LIGHT.iris), linear((0.93, 0.92, 0.90)))))
    extras = {
        "units": "mm", "note": "vertices in mm; the node scales them by 0.001 to metres", "day": float(day), "expression": expression,
        "frame": FRAME, "watermark": result.outcome.watermark, "version": result.outcome.version, "seed": result.outcome.seed,
        "parameters_sha256": result.outcome.parameters_sha256,
    }  # fmt: skip
    return _pack_glb(parts, extras)


def _skin_colours(face: Face) -> np.ndarray:
    """Amounts of light (n, 3): the painter's skin with brows and hair, which pictures draw per pixel."""
    canvas = canvas_of(face)
    colour, _ = paint_skin(canvas, LIGHT)
    along, across, thick = canvas.brow.T
    on_brow = (thick > 0) & (np.abs(across) < 1) & (along > 0) & (along < canvas.brow_length_mm)
    hair = on_brow | (canvas.behind_hairline - 60 * canvas.ear > 0)
    return np.where(hair[:, None], linear(LIGHT.hair), colour)


def _sphere(centre: np.ndarray, radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and triangles of a ball whose pole looks forward."""
    polar, around = np.meshgrid(np.linspace(0, np.pi, RINGS + 1), np.linspace(0, 2 * np.pi, 2 * RINGS + 1), indexing="ij")
    ball = np.stack([np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar)], -1).reshape(-1, 3)
    row, column = np.meshgrid(np.arange(RINGS), np.arange(2 * RINGS), indexing="ij")
    first = (row * (2 * RINGS + 1) + column).ravel()
    below = first + 2 * RINGS + 1
    return centre + radius * ball, np.concatenate([np.stack([first, below, below + 1], 1), np.stack([first, below + 1, first + 1], 1)])


def _pack_glb(parts: Sequence[tuple[str, np.ndarray, np.ndarray, np.ndarray]], extras: dict[str, Any]) -> bytes:
    """Parts (name, vertices mm, triangles, linear colours 0..1) as the chunks of a GLB file."""
    blob, views, accessors, meshes = bytearray(), [], [], []

    def add(values: np.ndarray, component: int, kind: str, target: int, **more: Any) -> int:
        blob.extend(b"\0" * (-len(blob) % 4))
        views.append({"buffer": 0, "byteOffset": len(blob), "byteLength": values.nbytes, "target": target})
        accessors.append({"bufferView": len(views) - 1, "componentType": component, "count": len(values), "type": kind, **more})
        blob.extend(values.tobytes())
        return len(accessors) - 1

    for name, vertices, triangles, colours in parts:
        points = vertices.astype("<f4")
        rgba = np.column_stack([np.clip(colours, 0, 1) * 65535, np.full(len(colours), 65535)]).round().astype("<u2")
        attributes = {
            "POSITION": add(points, 5126, "VEC3", 34962, min=points.min(0).tolist(), max=points.max(0).tolist()),
            "COLOR_0": add(rgba, 5123, "VEC4", 34962, normalized=True),
        }
        indices = add(triangles.astype("<u4").ravel(), 5125, "SCALAR", 34963)
        meshes.append({"name": name, "primitives": [{"attributes": attributes, "indices": indices, "material": 0}]})
    nodes = [{"name": "face", "scale": [1 / MM_PER_METRE] * 3, "children": list(range(1, len(meshes) + 1))}]
    document = {
        "asset": {"version": "2.0", "generator": "glabella", "extras": extras}, "scene": 0, "scenes": [{"nodes": [0]}],
        "nodes": nodes + [{"name": mesh["name"], "mesh": n} for n, mesh in enumerate(meshes)], "meshes": meshes,
        "materials": [{"name": "skin", "pbrMetallicRoughness": {"metallicFactor": 0.0, "roughnessFactor": 0.7}}],
        "accessors": accessors, "bufferViews": views, "buffers": [{"byteLength": len(blob)}],
    }  # fmt: skip
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    blob.extend(b"\0" * (-len(blob) % 4))
    document_chunk = struct.pack("<II", len(text), 0x4E4F534A) + text
    binary_chunk = struct.pack("<II", len(blob), 0x004E4942) + bytes(blob)
    return struct.pack("<III", 0x46546C67, 2, 12 + len(document_chunk) + len(binary_chunk)) + document_chunk + binary_chunk
