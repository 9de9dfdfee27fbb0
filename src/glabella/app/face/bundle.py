"""One person's head as one binary file: shape, paint, lines, and how the skin moves per newton of each muscle.

The file: 4 bytes ``GLBF``, uint32 length of the header, the header (UTF-8 JSON, padded to 4 bytes), then the arrays, little endian.
``header["arrays"]`` lists ``name``, ``dtype``, ``shape``, ``offset`` (bytes from the end of the header) and ``scale`` (what one
step of an integer means; null for plain numbers). Sides are the person's own; lengths are mm in the frame of ``glabella.face``.

Per vertex (n of them: skin, then what closes the eyes and the mouth from behind): ``position``, ``normal`` (n, 3) of the skin with
no tension; ``colour`` (n, 4) sRGB and gloss / 4; ``openness`` (n,) share of the surrounding light; ``hairline`` (n,) mm behind the
hairline; ``sway`` (n,) how furrows wander; ``brow`` (n, 3) as ``Canvas.brow``; ``phase``, ``strength`` (n, 3) of the lines per channel
of ``header["areas"]``; ``slope`` (n, 9) unit gradient of each phase. ``triangles`` (m, 3), in ``header["groups"]``.

Movement, ``header["modes"]`` and ``header["units"]``: ``name``, ``start``, ``count`` of each one's vertices in ``moved_vertex``,
``moved`` (k, 3) and ``turned`` (k, 3) (change of the normal), both in steps of the entry's own ``moved_scale`` and ``turned_scale``.
Modes are per newton, in the order of ``person.skin.muscles``, as ``shown_movement`` says: still at the margins of the eyelids, the
mouth closed. Units are for pictures only: what no simulated muscle moves. What moves less than ``header["still_mm"]`` is left out.

``grain`` (64, 64, 4) and ``header["vary"]`` (6 waves: direction, phase) are the report's random patterns: hair, depth of furrows.

Overlays: ``header["curves"]`` and ``header["sheets"]`` say where each line and each muscle (rows x columns) lies in ``curve_points``
and ``sheet_points``; ``header["points"]`` are named landmarks; ``eyes``, ``lids`` the eyeballs and the vertices of the lids' margins.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from scipy.spatial import cKDTree

from glabella.evidence import Parameters
from glabella.face import Face, Surface, prolong
from glabella.names import side_of, without_side
from glabella.report.anatomy_picture import COLOURS
from glabella.report.complexion import (
    CHIN,
    EYES,
    LIGHT,
    NASION,
    NOSE_TIP,
    Canvas,
    Complexion,
    canvas_of,
    paint_skin,
    smoothstep,
    split_lids,
    wave_table,
    waves,
)
from glabella.report.furrows import JUMP, gradient
from glabella.report.shading import SMOOTHING_PASSES, grain_table
from glabella.report.view import OVERLAP_MM, PLUGS
from glabella.stages.skin import EXPRESSIONS
from glabella.stages.wrinkle import CONTRACTION, line_phase, line_strength
from glabella.treatment import Person

MAGIC = b"GLBF"
CUT_BELOW_CHIN_MM = 52.0  # where the neck ends; it fades out above that
FINE_MM, NOSE_MM, FROWN_MM = 6.0, 24.0, 34.0  # where the mesh is fine: beside lids and lips, around the nose, about the nasion
STILL_MM = 0.03  # per mode: movement that no picture shows
AROUND_EYE_MM, LID_SHARE = 34.0, 0.2  # the lids meet at this share of the way from the lower one to the upper one
BEHIND_LIDS_MM = 5.0
LID_PLATE_MM, LID_REACH_MM = (3.5, 1.5), (13.0, 7.0)  # of the upper and the lower lid: what moves as a whole, and how far skin goes along
LIPS_MM, AROUND_MOUTH_MM = 8.0, 30.0  # from the mouth: where its movement is the face's own, and where it is the membrane's
CORNERS = {"left": 291, "right": 61}  # landmarks of the corners of the mouth
SHOWN_BY = {  # face units that lift the corner of the mouth as these muscles do
    "zygomaticus_major": "mouthSmile", "zygomaticus_minor": "mouthSmile", "levator_labii_superioris_alaeque_nasi": "mouthUpperUp",
}  # fmt: skip
SHEET_STRIDE = 2
SWAY, VARY, HAIRLINE = (17.0, 11), (13.0, 12), (7.0, 23)  # waves of furrows.py and shading.py: length in mm, seed
GRAINS = (3, 4, 5, 6)
PALER_LIPS = 0.45
PAINTS = ((), ("LINES",), ("SCALP", "LINES"), ("BROW", "SCALP", "LINES"))  # what triangles of a group may show besides skin
# channels of lines; the two sides of the eyes never overlap and share one
CHANNELS: tuple[tuple[str, ...], ...] = (("glabellar",), ("forehead",), ("lateral_canthal_left", "lateral_canthal_right"))
UNITS: Mapping[str, Mapping[str, float]] = {
    "smile": {"cheekSquintLeft": 0.25, "cheekSquintRight": 0.25},
}
SHOWN_CURVES = ("supraorbital_rim", "orbital_rim", "temporal_fusion_line", "hairline", "frontalis_upper_margin", "brow")


def face_bundle(person: Person, parameters: Parameters, complexion: Complexion | None = None) -> bytes:
    """The file described above for one person; about half a second, so keep it."""
    mesh = mesh_of(person.face)
    who = "woman" if person.face.sex < 0.5 else "man"
    header: dict[str, Any] = {"format": "glabella-face-1", "title": f"a {who} of {person.patient.age_years:g} years", "still_mm": STILL_MM}
    arrays: dict[str, tuple[np.ndarray, float | None]] = {}
    _add_paint(mesh, complexion or _usual(person.face.sex), header, arrays)
    _add_lines(mesh, person, parameters, header, arrays)
    _sort_triangles(header, arrays)
    _add_movement(mesh, person, parameters, header, arrays)
    _add_anatomy(person, header, arrays)
    return pack(header, arrays)


def _usual(sex: float) -> Complexion:
    """Light skin; a man's lips are paler against it."""
    pale = sex * PALER_LIPS
    red, green, blue = ((1 - pale) * lip + pale * skin for lip, skin in zip(LIGHT.lips, LIGHT.skin, strict=True))
    return replace(LIGHT, lips=(red, green, blue))


def pack(header: Mapping[str, Any], arrays: Mapping[str, tuple[np.ndarray, float | None]]) -> bytes:
    """Header and arrays (values, scale) as one file."""
    listed, pieces, offset = [], [], 0
    for name, (values, scale) in arrays.items():
        values = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
        listed.append({"name": name, "dtype": values.dtype.name, "shape": values.shape, "offset": offset, "scale": scale})
        piece = values.tobytes()
        piece += bytes(-len(piece) % 4)
        pieces.append(piece)
        offset += len(piece)
    text = json.dumps({**header, "arrays": listed}, allow_nan=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    return b"".join([MAGIC, struct.pack("<I", len(text)), text, *pieces])


def unpack(content: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """(header, arrays by name in their own units) of a file made by ``pack``."""
    length = struct.unpack_from("<I", content, 4)[0]
    header = json.loads(content[8 : 8 + length])
    arrays = {}
    for item in header["arrays"]:
        count = int(np.prod(item["shape"]))
        values = np.frombuffer(content, item["dtype"], count, 8 + length + item["offset"]).reshape(item["shape"])
        arrays[item["name"]] = values if item["scale"] is None else values * item["scale"]
    return header, arrays


@dataclass(frozen=True, eq=False)
class FaceMesh:
    """What is shown of a face: ``vertex`` (k,) of ``face.surface(2)``, then vertices that close its openings from behind.

    ``plug_of`` (j,) and ``plug_offset`` (j, 3): such a vertex hangs behind a vertex of ``face.surface(2)``, or behind the middle of
    a border (then ``plug_of`` is -1 and it does not move). ``triangles`` (m, 3) number all of them.
    """

    face: Face
    vertex: np.ndarray
    plug_position: np.ndarray
    plug_of: np.ndarray
    plug_colour: np.ndarray
    triangles: np.ndarray

    @property
    def canvas(self) -> Canvas:
        """Where paint goes."""
        return canvas_of(self.face)

    @property
    def surface(self) -> Surface:
        """The skin that the vertices are taken from."""
        return self.face.surface(2)

    @cached_property
    def place(self) -> np.ndarray:
        """Number here (n,) of each vertex of ``face.surface(2)``, -1 where it is not shown."""
        place = np.full(len(self.surface.vertices), -1)
        place[self.vertex] = np.arange(len(self.vertex))
        return place

    def take(self, values: np.ndarray, behind: np.ndarray | float = 0.0) -> np.ndarray:
        """Values per vertex of ``face.surface(2)`` as values per vertex shown; ``behind`` for those that close openings."""
        extra = np.broadcast_to(np.asarray(behind, float), (len(self.plug_of), *values.shape[1:]))
        return np.concatenate([values[self.vertex], extra])

    def carry(self, moved: np.ndarray) -> np.ndarray:
        """Movement per vertex of ``face.surface(2)``; what closes an opening goes with the middle or the border it hangs on."""
        return np.concatenate([moved[self.vertex], np.where(self.plug_of[:, None] >= 0, moved[self.plug_of], 0.0)])


_MESHES: WeakKeyDictionary[Face, FaceMesh] = WeakKeyDictionary()


def mesh_of(face: Face) -> FaceMesh:
    """The mesh shown for a face, kept as long as the face lives."""
    if face not in _MESHES:
        _MESHES[face] = _build_mesh(face)
    return _MESHES[face]


def _build_mesh(face: Face) -> FaceMesh:
    canvas, fine, coarse = canvas_of(face), face.surface(2), face.surface(1)
    chin_up_mm = float(face.landmarks[CHIN, 1])
    middle = fine.vertices[: len(coarse.vertices)][coarse.quads].mean(1)
    shown = middle[:, 1] > chin_up_mm - CUT_BELOW_CHIN_MM * canvas.scale
    plain = np.logical_not(_detailed(canvas)[coarse.quads].any(1))
    skin = np.concatenate([_fine_triangles(fine.quads, len(coarse.quads), shown & ~plain), _coarse_triangles(coarse, fine, shown, plain)])
    vertex, corners = np.unique(skin, return_inverse=True)
    plugs, plug_of, colours, fans, count = [], [], [], [], len(vertex)
    for name, back_mm in PLUGS.items():
        loop = face.borders(2)[name]
        ring = _ring_behind(fine.vertices, loop, back_mm)
        here = count + np.arange(len(loop))
        plugs += [ring, ring.mean(0, keepdims=True)]
        plug_of += [loop, [-1]]
        colours.append(_plug_colours(name, ring))
        fans.append(np.stack([np.roll(here, -1), here, np.full(len(loop), count + len(loop))], 1))
        count += len(loop) + 1
    return FaceMesh(
        face, vertex, np.concatenate(plugs), np.concatenate(plug_of), np.concatenate(colours),
        np.concatenate([corners.reshape(-1, 3), *fans]),
    )  # fmt: skip


def _detailed(canvas: Canvas) -> np.ndarray:
    """(n,) whether paint or shape changes within few mm: lids, brows, lips, nose and ears. Elsewhere every other vertex is enough."""
    upper, lower = canvas.lid_margins
    near = (np.minimum(upper, lower) < FINE_MM) | (canvas.brow[:, 2] > 0) | (np.abs(canvas.lips) < FINE_MM) | (canvas.mouth_gap < FINE_MM)
    nose = np.linalg.norm(canvas.points - canvas.landmarks[NOSE_TIP], axis=1) < NOSE_MM
    x, up, _ = (canvas.points - canvas.landmarks[NASION]).T
    between_brows = (x < FROWN_MM) & (up > -FROWN_MM / 3) & (up < FROWN_MM)  # where doses and lines are small-scale
    return near | nose | between_brows | (canvas.ear > 0.5)


def _fine_triangles(fine_quads: np.ndarray, count: int, chosen: np.ndarray) -> np.ndarray:
    """Both triangles of the four fine quads in each chosen coarse one."""
    quads = fine_quads.reshape(4, count, 4)[:, chosen].reshape(-1, 4)
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def _coarse_triangles(coarse: Surface, fine: Surface, shown: np.ndarray, plain: np.ndarray) -> np.ndarray:
    """Two triangles for each plain quad; a fan where it meets fine ones, through the middles of the shared edges, so that none gapes."""
    children = fine.quads.reshape(4, len(coarse.quads), 4)  # corner, middle of the next edge, middle of the quad, middle of the edge before
    edge = children[:, :, 1].T
    touched = np.zeros(len(fine.vertices), bool)
    touched[edge[shown & ~plain].ravel()] = True
    meets = touched[edge]
    alone, border = shown & plain & ~meets.any(1), np.flatnonzero(shown & plain & meets.any(1))
    quads = coarse.quads[alone]
    found = [quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]
    for k in range(4):
        a, b, e = coarse.quads[border, k], coarse.quads[border, (k + 1) % 4], edge[border, k]
        centre, split = children[0, border, 2], meets[border, k]
        found.append(np.stack([a, np.where(split, e, b), centre], 1))
        found.append(np.stack([e, b, centre], 1)[split])
    return np.concatenate(found)


def _ring_behind(vertices: np.ndarray, loop: np.ndarray, back_mm: float) -> np.ndarray:
    """The border of an opening, a little larger and ``back_mm`` behind, as the report closes it."""
    ring = vertices[loop]
    up = np.where(np.isin(loop, split_lids(vertices, loop)[1]), -OVERLAP_MM, OVERLAP_MM)
    middle, width = ring[:, 0].mean(), np.ptp(ring[:, 0])
    sideways = OVERLAP_MM * np.sign(ring[:, 0] - middle) * (2 * np.abs(ring[:, 0] - middle) / width) ** 6
    return ring + np.c_[sideways, up, np.full(len(loop), -back_mm)]


def _plug_colours(name: str, ring: np.ndarray) -> np.ndarray:
    """sRGB (k + 1, 3): flesh in the inner corner of an eye, fading to white; dark between the lips."""
    flesh, white, dark = (np.array(c) for c in ((0.72, 0.48, 0.45), (0.70, 0.62, 0.60), (0.20, 0.09, 0.09)))
    from_midline = np.append(np.abs(ring[:, 0]), np.inf)
    share = np.exp(-(((from_midline - from_midline.min()) / 3.2) ** 2))[:, None]
    return np.tile(dark, (len(from_midline), 1)) if name == "mouth" else white + (flesh - white) * share


def _add_paint(mesh: FaceMesh, complexion: Complexion, header: dict[str, Any], arrays: dict[str, Any]) -> None:
    canvas, surface, behind = mesh.canvas, mesh.surface, len(mesh.plug_of)
    colour, gloss = paint_skin(canvas, complexion)
    colour = np.concatenate([_srgb(colour)[mesh.vertex], mesh.plug_colour])
    arrays["position"] = np.concatenate([surface.vertices[mesh.vertex], mesh.plug_position]).astype(np.float32), None
    arrays["triangles"] = mesh.triangles.astype(np.uint32), None
    arrays["normal"] = _steps(mesh.take(surface.normals, np.tile([0.0, 0, 1], (behind, 1))), np.int16, 1 / 32767)
    arrays["colour"] = _steps(np.c_[colour, mesh.take(gloss) / 4], np.uint8, 1 / 255)
    arrays["openness"] = _steps(mesh.take(canvas.openness, 0.6), np.uint8, 1 / 255)
    lift_mm = -1e3 if complexion.hairline_up_mm is None else canvas.HAIRLINE_UP_MM - complexion.hairline_up_mm
    behind_mm = canvas.behind_hairline - 60 * canvas.ear + lift_mm + 2 * waves(canvas.points, *HAIRLINE)
    arrays["hairline"] = _steps(mesh.take(behind_mm, -99.0), np.int16, 0.01)
    arrays["sway"] = _steps(mesh.take(waves(canvas.points, *SWAY)), np.int8, 1 / 40)
    arrays["brow"] = _steps(mesh.take(canvas.brow, np.array([0.0, 9.0, 0.0])), np.int16, 0.005)
    arrays["grain"] = _steps(np.stack([grain_table(seed)[:64, :64].T for seed in GRAINS], -1), np.uint8, 1 / 255)
    eyes = [{"centre": centre.tolist(), "radius_mm": radius} for centre, radius in mesh.face.eyeballs]
    lids = {}
    for eye in ("right_eye", "left_eye"):
        upper, lower = split_lids(surface.vertices, mesh.face.borders(2)[eye])
        lids[eye] = {"upper": mesh.place[upper].tolist(), "lower": mesh.place[lower].tolist()}
    header |= {
        "vertices": len(arrays["position"][0]), "skin_vertices": len(mesh.vertex), "scale": canvas.scale, "eyes": eyes, "lids": lids,
        "brow_length_mm": canvas.brow_length_mm, "chin_up_mm": float(canvas.landmarks[CHIN, 1]),
        "vary": np.vstack(wave_table(*VARY)).T.tolist(),
        "hair": list(complexion.hair), "iris": list(complexion.iris),
    }  # fmt: skip


def _add_lines(mesh: FaceMesh, person: Person, parameters: Parameters, header: dict[str, Any], arrays: dict[str, Any]) -> None:
    surface, count = mesh.surface, len(mesh.surface.vertices)
    phase, strength, slope = np.zeros((count, 3)), np.zeros((count, 3)), np.zeros((count, 9))
    for channel, areas in enumerate(CHANNELS):
        for area in areas:
            own = _own_side(area, surface.vertices[:, 0])
            p = prolong(line_phase(person.skin, area, person.patient, parameters), 1, 2)
            s = np.maximum(prolong(line_strength(person.skin, area, person.patient, parameters), 1, 2), 0)
            rise = gradient(surface, p)
            steep = np.linalg.norm(rise, axis=1)
            s = s * smoothstep(JUMP * 1.25, JUMP * 0.75, steep)  # a seam between areas is no furrow
            phase[own, channel], strength[own, channel] = p[own], s[own]
            slope[own, 3 * channel : 3 * channel + 3] = (rise / np.maximum(steep, 1.0)[:, None])[own]
    arrays["phase"] = _steps(mesh.take(phase), np.int16, 0.005)
    arrays["strength"] = _steps(mesh.take(np.minimum(strength, 1)), np.uint8, 1 / 255)
    arrays["slope"] = _steps(mesh.take(slope), np.int8, 1 / 127)
    header["areas"] = [list(areas) for areas in CHANNELS]
    header["contraction"] = dict(CONTRACTION)


def _sort_triangles(header: dict[str, Any], arrays: dict[str, Any]) -> None:
    """Put triangles that need the same paint together, so that bare skin costs no more than it must: ``header["groups"]``."""
    triangles = arrays["triangles"][0]
    (brow, _), (hairline, hairline_step), (strength, _) = (arrays[name] for name in ("brow", "hairline", "strength"))
    has = {
        "BROW": (brow[:, 2] > 0)[triangles].any(1),
        "SCALP": (hairline * hairline_step > -12)[triangles].any(1),
        "LINES": (strength.max(1) > 0)[triangles].any(1),
    }
    kind = np.where(has["BROW"], 3, np.where(has["SCALP"], 2, np.where(has["LINES"], 1, 0)))
    order = np.argsort(kind, kind="stable")
    arrays["triangles"] = np.ascontiguousarray(triangles[order]), None
    ends = np.searchsorted(kind[order], np.arange(5))
    header["groups"] = [
        {"start": int(3 * ends[k]), "count": int(3 * (ends[k + 1] - ends[k])), "paint": list(paint)} for k, paint in enumerate(PAINTS)
    ]


def _own_side(area: str, x: np.ndarray) -> np.ndarray:
    side = side_of(area)
    return np.ones(len(x), bool) if side is None else (x > 0 if side == "left" else x < 0)


def _add_movement(mesh: FaceMesh, person: Person, parameters: Parameters, header: dict[str, Any], arrays: dict[str, Any]) -> None:
    skin, coarse = person.skin, mesh.face.surface(1)
    tension = {e: skin.tension_newton(e, person.patient, parameters) for e in EXPRESSIONS}
    most = np.maximum(np.stack(list(tension.values())).max(0), 1e-3)
    whole = np.zeros((len(skin.muscles), skin.face_vertices, 3))
    whole[:, skin.vertex_index] = skin.modes * skin.fade[:, None]
    fine = prolong(whole.transpose(1, 0, 2).reshape(skin.face_vertices, -1), 1, 2)
    moved = shown_movement(mesh.face, skin.muscles, fine.reshape(len(fine), -1, 3))
    change = [coarse_turn(coarse, coarse.vertices + most[m] * moved[: len(coarse.vertices), m]) / most[m] for m in range(len(skin.muscles))]
    turned = prolong(_smoothed(coarse, np.concatenate(change, 1)), 1, 2)
    modes = [(moved[:, m], turned[:, 3 * m : 3 * m + 3]) for m in range(len(skin.muscles))]
    posed = {name: mesh.face.with_expression(strengths).surface(2) for name, strengths in UNITS.items()}
    posed["eye_closure"] = Surface(closed_lids(mesh.face), mesh.surface.triangles, mesh.surface.quads)
    units = [(surface.vertices - mesh.surface.vertices, surface.normals - mesh.surface.normals) for surface in posed.values()]
    lists: dict[str, list[np.ndarray]] = {"moved_vertex": [], "moved": [], "turned": []}
    entries, start = [], 0
    reach = [STILL_MM / force for force in most] + [STILL_MM] * len(units)
    for name, (move, turn), still_mm in zip((*skin.muscles, *posed), [*modes, *units], reach, strict=True):
        move, turn = mesh.carry(move), mesh.carry(turn)
        if name == "eye_closure":
            move[len(mesh.vertex) :, 2] -= BEHIND_LIDS_MM  # what closes the opening must not stick out of it
        at = np.flatnonzero(np.abs(move).max(1) > still_mm)
        moved_scale, turned_scale = np.abs(move).max() / 32767, max(float(np.abs(turn).max()), 1e-9) / 127
        lists["moved_vertex"].append(at.astype(np.uint16))
        lists["moved"].append(np.rint(move[at] / moved_scale).astype(np.int16))
        lists["turned"].append(np.rint(turn[at] / turned_scale).astype(np.int8))
        entries.append({"name": name, "start": start, "count": len(at), "moved_scale": moved_scale, "turned_scale": turned_scale})
        start += len(at)
    arrays |= {name: (np.concatenate(pieces), None) for name, pieces in lists.items()}
    header["modes"], header["units"] = entries[: len(skin.muscles)], entries[len(skin.muscles) :]
    header["tension_newton"] = {e: values.tolist() for e, values in tension.items()}
    header["muscles"] = list(skin.muscles)


def shown_movement(face: Face, muscles: Sequence[str], moved: np.ndarray) -> np.ndarray:
    """Displacement (n, muscles, 3) of ``face.surface(2)`` as it is shown: lids held, as in the report, and a mouth that stays closed.

    The membrane has no lips: around the mouth, muscles that lift its corner are shown by the face's own smile, as far as they lift it.
    """
    canvas, surface = canvas_of(face), face.surface(2)
    points, border = surface.vertices / canvas.scale, face.borders(2)["mouth"]
    near = np.flatnonzero(np.abs(points - points[border].mean(0)).max(1) < 2 * AROUND_MOUTH_MM)
    gap = np.asarray(cKDTree(points[border]).query(points[near])[0])
    share = smoothstep(AROUND_MOUTH_MM, LIPS_MM, gap)[:, None]
    held = moved * canvas.beside_lids[:, None, None]
    corner = {side: int(np.linalg.norm(surface.vertices - face.landmarks[index], axis=1).argmin()) for side, index in CORNERS.items()}
    lifts = {
        (unit, side): face.with_expression({unit + side.capitalize(): 1.0}).surface(2).vertices - surface.vertices
        for unit in dict.fromkeys(SHOWN_BY.values())
        for side in CORNERS
    }
    for m, muscle in enumerate(muscles):
        side, unit = side_of(muscle), SHOWN_BY.get(without_side(muscle))
        lips = np.zeros((len(near), 3))
        if side and unit:
            move = lifts[unit, side]
            full = move[corner[side]]
            lips = move[near] * max(float(moved[corner[side], m] @ full / (full @ full)), 0.0)
        held[near, m] += share * (lips - held[near, m])
    return held


def coarse_turn(surface: Surface, moved: np.ndarray) -> np.ndarray:
    """Change (n, 3) of the vertex normals of a surface when its vertices go to ``moved`` (n, 3)."""
    return Surface(moved, surface.triangles, surface.quads).normals - surface.normals


def _smoothed(surface: Surface, values: np.ndarray) -> np.ndarray:
    """Values (n, k) averaged over a few mm, since folds that the mesh cannot resolve would show as scales."""
    around = np.maximum(surface.vertex_areas_mm2, 1e-12)[:, None]
    for _ in range(SMOOTHING_PASSES):
        middle = (values[surface.triangles[:, 0]] + values[surface.triangles[:, 1]] + values[surface.triangles[:, 2]]) / 3
        values = surface.sum_at_corners(middle * (surface.triangle_areas_mm2[:, None] / 3)) / around
    return values


def closed_lids(face: Face) -> np.ndarray:
    """Vertices (n, 3) of ``face.surface(2)`` with the eyes closed: lids slide over the eyeballs, turning from top to bottom."""
    canvas, moved = canvas_of(face), face.surface(2).vertices.copy()
    for eye, (centre, _) in zip(EYES, face.eyeballs, strict=True):
        points = face.surface(2).vertices - centre
        near = np.flatnonzero(np.linalg.norm(points, axis=1) < AROUND_EYE_MM * canvas.scale)
        lids = split_lids(face.surface(2).vertices, face.borders(2)[eye])
        upper, lower = (points[lid] for lid in lids)
        angle = [np.arctan2(lid[:, 1], lid[:, 2]) for lid in (upper, lower)]  # above the eye's axis
        meet = angle[1] + LID_SHARE * (np.interp(lower[:, 0], upper[:, 0], angle[0]) - angle[1])
        turn = np.zeros(len(near))
        away = [np.linalg.norm(points[near, None] - lid, axis=2) for lid in (upper, lower)]
        for k, lid in enumerate((upper, lower)):
            mine = away[k].min(1) <= away[1 - k].min(1)
            goal = np.interp(lid[:, 0], lower[:, 0], meet) - angle[k]
            weight = np.exp(-((away[k] - away[k].min(1)[:, None]) / 0.6))  # several points of the margin, so that no step shows
            share = smoothstep(LID_REACH_MM[k] * canvas.scale, LID_PLATE_MM[k] * canvas.scale, away[k].min(1))
            turn = np.where(mine, share * (weight @ goal) / weight.sum(1), turn)
        y, z = points[near, 1], points[near, 2]
        moved[near, 1] = centre[1] + np.cos(turn) * y + np.sin(turn) * z
        moved[near, 2] = centre[2] - np.sin(turn) * y + np.cos(turn) * z
    return moved


def _add_anatomy(person: Person, header: dict[str, Any], arrays: dict[str, Any]) -> None:
    atlas = person.anatomy.atlas
    curves, lines, start = [], [], 0
    for name, line in atlas.curves.items():
        if without_side(name) in SHOWN_CURVES:
            curves.append({"name": name, "start": start, "count": len(line)})
            lines.append(line)
            start += len(line)
    sheets, points, start = [], [], 0
    for name, sheet in atlas.muscles.items():
        kept = sheet.points[np.ix_(_every(sheet.points.shape[0], sheet.closed), _every(sheet.points.shape[1], False))]
        colour = COLOURS[without_side(name)]
        size = {"rows": kept.shape[0], "columns": kept.shape[1]}
        sheets.append({"name": name, "start": start, **size, "closed": sheet.closed, "colour": colour})
        points.append(kept.reshape(-1, 3))
        start += kept.shape[0] * kept.shape[1]
    arrays["curve_points"] = _steps(np.concatenate(lines), np.int16, 0.005)
    arrays["sheet_points"] = _steps(np.concatenate(points), np.int16, 0.005)
    header |= {"curves": curves, "sheets": sheets, "points": {name: [round(float(x), 3) for x in p] for name, p in atlas.points.items()}}


def _every(count: int, closed: bool) -> np.ndarray:
    kept = np.arange(0, count, SHEET_STRIDE)
    return kept if closed or kept[-1] == count - 1 else np.append(kept, count - 1)


def _steps(values: np.ndarray, dtype: type, step: float) -> tuple[np.ndarray, float]:
    """Values as whole steps; what lies beyond the type's range is cut."""
    limits = np.iinfo(dtype)
    return np.clip(np.rint(values / step), limits.min, limits.max).astype(dtype), step


def _srgb(light: np.ndarray) -> np.ndarray:
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055)
