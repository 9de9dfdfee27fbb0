"""Measure pictures of several visits on painted heads: python tools/measure_photo_series.py [--align] [--checks] [--depths] [--course]

--align: how far a point of the skin lies from its place after a later picture was laid over the first, by the heads and by a flat
similarity alone. --checks: each check on heads where that one thing was changed by a known amount. --depths: how well pictures repeat
one another and what another light does. --course: people whose lines are painted as deep as the model has them on days 0, 14 and 60,
forecast from the pictures alone. --heads N: fewer heads. None of the heads is one that anything was fitted on. Everything without an
option; minutes each.
"""

import os
import sys
from dataclasses import replace

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"

from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
from scipy.ndimage import gaussian_filter  # noqa: E402
from threadpoolctl import threadpool_limits  # noqa: E402

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.photo_made import SKINS, Case, invented_face, paint  # noqa: E402

from glabella.errors import InputError  # noqa: E402
from glabella.evidence import load_parameters  # noqa: E402
from glabella.evidence.photo import load_photo_parameters  # noqa: E402
from glabella.names import AREAS, without_side  # noqa: E402
from glabella.patient import Patient  # noqa: E402
from glabella.photo import LandmarkModel, find_model, fit_photo  # noqa: E402
from glabella.photo.lines import expect_lines  # noqa: E402
from glabella.photo.picture import Picture  # noqa: E402
from glabella.photo_series.align import align, similarity, window_of  # noqa: E402
from glabella.photo_series.checks import compare  # noqa: E402
from glabella.photo_series.light import estimate_light  # noqa: E402
from glabella.photo_series.person import shape_distance_mm  # noqa: E402
from glabella.photo_series.series import PictureOf, look_at_series  # noqa: E402
from glabella.report.render import Lines  # noqa: E402
from glabella.stages.anatomy import build_atlas  # noqa: E402
from glabella.stages.skin import build_skin  # noqa: E402

HEADS = (501, 502, 503, 504, 505, 506)[: int(sys.argv[sys.argv.index("--heads") + 1]) if "--heads" in sys.argv else 6]
SIZE = (200.0, 250.0)
SEEN_FROM = 0.5  # cosine to the camera of points that are judged


def usual(seed, **other):
    return Case(seed, skin=list(SKINS)[seed % 3], light="from above", pixels_per_mm=3.2, size=SIZE, **other)


def grainy(picture, seed, sd=2.5):
    grain = np.random.default_rng(seed).normal(scale=sd, size=picture.pixels.shape)
    return Picture(np.clip(picture.pixels + grain, 0, 255).astype(np.uint8))


def expected_on(neutral):
    table = load_parameters()
    return expect_lines(build_skin(build_atlas(neutral, None, table), table), AREAS, Patient(), table)


def drawn(lines, depth_mm, areas=AREAS):
    return tuple(Lines(lines.phase_mm[area], depth_mm * lines.strength[area], 6.0) for area in areas) if depth_mm else ()


# --- alignment

POSES = ({"turn": 5}, {"turn": 8, "nod": 4}, {"turn": -12}, {"nod": 8}, {"roll": 10}, {"distance_mm": 1000}, {"turn": 15, "roll": 5})


def off_mm(face, first, visit, cases, window, source):
    """Distances (n,) in mm of skin points of the upper face that both cameras see, after a map of the window to the visit's picture."""
    cameras = [case.camera.truth for case in cases]
    surface = face.surface(2)
    ok = (surface.vertices[:, 1] > -30) & (surface.vertices[:, 1] < 60) & (surface.vertices[:, 2] > -40)  # no ears
    for camera in cameras:
        ahead = camera.viewer - surface.vertices
        ok &= (surface.normals * ahead).sum(1) > SEEN_FROM * np.linalg.norm(ahead, axis=1)
    at = surface.vertices[ok][::7]
    here, there = (camera.project(at)[:, :2] for camera in cameras)
    column, row = np.rint(window.to_window(here)).astype(int).T
    inside = (column >= 0) & (row >= 0) & (column < window.shape[1]) & (row < window.shape[0])
    rounding = window.to_picture(np.stack([column, row], 1).astype(float)) - here
    found = source(column[inside], row[inside])
    return np.linalg.norm(found - rounding[inside] - there[inside], axis=1) / cameras[1].pixels_per_mm


def measure_align(model, heads=HEADS):
    rows = []
    for seed in heads:
        face, _ = invented_face(seed)
        base = usual(seed)
        first = fit_photo(paint(base, face), model)
        window = window_of(first)
        for pose in POSES:
            case = replace(base, **pose)
            visit = fit_photo(paint(case, face), model)
            aligned = align(first, visit, window)
            flat = similarity(first.landmarks.points[:468, :2], visit.landmarks.points[:468, :2])
            by_head = off_mm(face, first, visit, (base, case), window, lambda c, r, a=aligned: a.source[r, c])
            by_flat = off_mm(
                face, first, visit, (base, case), window,
                lambda c, r, f=flat, w=window: f(w.to_picture(np.stack([c, r], 1).astype(float))),
            )  # fmt: skip
            rows.append((pose, by_head, by_flat, aligned.residual_mm))
    return rows


def tell_align(rows):
    print("| change of pose | by the heads: median / 90 %, mm | flat similarity: median / 90 %, mm | told residual, mm |")
    print("|---|---|---|---|")
    for pose in POSES:
        mine = [row for row in rows if row[0] == pose]
        cells = [np.concatenate([row[k] for row in mine]) for k in (1, 2)]
        told = np.median([row[3] for row in mine])
        words = ", ".join(f"{name.replace('_mm', '')} {value:+g}" for name, value in pose.items())
        both = " | ".join(f"{np.median(c):.2f} / {np.percentile(c, 90):.2f}" for c in cells)
        print(f"| {words} | {both} | {told:.2f} |")
    for k, name in ((1, "heads"), (2, "flat")):
        every = np.concatenate([row[k] for row in rows])
        print(f"{name}: median {np.median(every):.2f}, 90 % {np.percentile(every, 90):.2f} mm")


# --- checks: (name of the check, what is changed, amounts within, amounts beyond)

UNITS = {
    "smile": (("mouthSmileLeft", 1.0), ("mouthSmileRight", 1.0)), "jaw": (("jawOpen", 1.0),),
    "raised brows": (("browInnerUp", 1.0), ("browOuterUpLeft", 1.0), ("browOuterUpRight", 1.0)),
}  # fmt: skip


def changed(seed, face, base, how, amount):
    """The picture of a head of which one thing was changed."""
    if how in ("turn", "nod", "roll"):
        return paint(replace(base, **{how: amount}), face)
    if how == "distance":
        return paint(replace(base, distance_mm=base.distance_mm * amount), face)
    if how == "pixels":
        return paint(replace(base, pixels_per_mm=base.pixels_per_mm * amount), face)
    if how == "light":
        return paint(replace(base, light=amount) if amount else base, face)
    if how == "brightness":
        share = (paint(base, face).pixels / 255.0) ** 2.2 * 2.0**amount
        return Picture(np.rint(255 * np.clip(share, 0, 1) ** (1 / 2.2)).astype(np.uint8))
    if how == "blur":
        sd = amount * base.pixels_per_mm
        return Picture(gaussian_filter(paint(base, face).pixels.astype(float), (sd, sd, 0)).astype(np.uint8))
    units = {name: amount * share for name, share in UNITS[how]}
    return paint(base, invented_face(seed, units)[0])


CHANGES = (
    ("turn", "turn", (-5, 5), (-12, 12)), ("nod", "nod", (-5, 5), (-13, 13)), ("tilt", "roll", (-10, 10), (-20, 20)),
    ("distance", "distance", (0.85, 1.15), (0.5, 2.2)), ("pixels per mm", "pixels", (0.8,), (0.45,)),
    ("light", "light", ("",), ("from the side", "soft")), ("brightness", "brightness", (-0.5, 0.2), (-1.6,)),
    ("sharpness", "blur", (0.15,), (0.6,)), ("expression", "smile", (0.0,), (0.7,)), ("expression", "jaw", (0.0,), (0.6,)),
    ("brows", "raised brows", (0.0, 0.2), (0.8,)),
)  # fmt: skip


def measure_checks(model, heads=HEADS):
    rows = []
    for seed in heads:
        face, _ = invented_face(seed)
        base = usual(seed)
        first = fit_photo(grainy(paint(base, face), 1), model)
        light = estimate_light(first)
        for name, how, within, beyond in CHANGES:
            for amount, should in [(a, True) for a in within] + [(a, False) for a in beyond]:
                try:
                    visit = fit_photo(grainy(changed(seed, face, base, how, amount), 2), model)
                except InputError as error:
                    rows.append((name, how, amount, should, None, f"refused: {error}", ()))
                    continue
                checks = compare(first, visit, (light, estimate_light(visit)), "rest", first.parameters)
                one = next(check for check in checks if check.name == name)
                others = tuple(c.name for c in checks if not c.fine and c.name != name)
                rows.append((name, how, amount, should, one.number, one.fine, others))
    return rows


def tell_checks(rows):
    print("| check | changed | by | read (mean) | should be silent | as it should | other checks that spoke |")
    print("|---|---|---|---|---|---|---|")
    for key in dict.fromkeys(row[:4] for row in rows):
        mine = [row for row in rows if row[:4] == key]
        right = sum((row[5] is True) == key[3] for row in mine)
        numbers = [row[4] for row in mine if row[4] is not None]
        others = sorted({name for row in mine for name in row[6]})
        told = f"{np.mean(numbers):+.2f}" if numbers else "refused"
        print(f"| {key[0]} | {key[1]} | {key[2]} | {told} | {'yes' if key[3] else 'no'} | {right} of {len(mine)} | {', '.join(others)} |")


def measure_people(model, heads=HEADS):
    """Shape distances of pictures of the same head, and of different heads."""
    poses = ({}, {"turn": 6, "nod": 3}, {"turn": -8})
    fits = {
        seed: [fit_photo(grainy(paint(usual(seed, **pose), invented_face(seed)[0]), 3), model) for pose in poses] for seed in heads
    }
    same = [shape_distance_mm(one[0], other) for one in fits.values() for other in one[1:]]
    different = [shape_distance_mm(fits[a][0], other) for a in heads for b in heads if a != b for other in fits[b][1:]]
    return np.array(same), np.array(different)


# --- depths

REPEATS = (
    {}, {"turn": 6, "nod": 2, "distance_mm": 500}, {"turn": -6, "nod": -2, "distance_mm": 800}, {"turn": 3, "nod": 4, "distance_mm": 650},
)  # fmt: skip
STUDIOS = ("from above", "from the side", "soft")


def measure_depths(model, heads=HEADS):
    """(head, area, light, lean, repeat, true, read) of lines 0, 0.3 and 0.6 mm deep; four pictures each in every light."""
    rows = []
    for seed in heads:
        face, neutral = invented_face(seed)
        lines, base = expected_on(neutral), usual(seed)
        pictures, keys = [], []
        for light in STUDIOS:
            for depth in (0.6, 0.3, 0.0):
                for number, pose in enumerate(REPEATS):
                    if depth != 0.6 and number > 1:
                        continue
                    keys.append((light, depth, number))
                    made = grainy(paint(replace(base, light=light, **pose), face, drawn(lines, depth)), len(keys))
                    pictures.append(PictureOf(float(len(keys)), "rest", made))
        series = look_at_series(pictures, model)
        for look, (light, depth, number) in zip(series.looks["rest"], keys, strict=True):
            lean = look.light.lean if look.light else np.zeros(3)
            rows += [(seed, area, light, lean, number, depth, d.depth_mm) for area, d in look.depths.items()]
        print(f"head {seed}", file=sys.stderr, flush=True)
    return rows


def tell_depths(rows):
    groups = ("glabellar", "forehead", "lateral_canthal")
    print("| area | repeat, share | where none, mm | another light, share per unit of lean | off in common, ln |\n|---|---|---|---|---|")
    for group in groups:
        mine = [row for row in rows if without_side(row[1]) == group]
        spreads, ratios, common = [], [], []
        for key in dict.fromkeys((row[0], row[1]) for row in mine):
            own = [row for row in mine if row[:2] == key]
            by_light = {light: [row for row in own if row[2] == light and row[5] == 0.6] for light in STUDIOS}
            for found in by_light.values():
                read = np.array([row[6] for row in found])
                spreads.append(np.var(read, ddof=1) / np.mean(read) ** 2)
                common.append(np.log(np.mean(read) / 0.6))
            first = by_light["from above"]
            for light in STUDIOS[1:]:
                change = np.linalg.norm(by_light[light][0][3] - first[0][3])
                ratios.append(np.log(np.mean([r[6] for r in by_light[light]]) / np.mean([r[6] for r in first])) / change)
        none = np.array([row[6] for row in mine if row[5] == 0])
        print(
            f"| {group.replace('_', ' ')} | {np.sqrt(np.mean(spreads)):.3f} | {np.sqrt(np.mean(none**2)):.3f} (most {none.max():.2f}) | "
            f"{np.sqrt(np.mean(np.square(ratios))):.2f} | mean {np.mean(common):+.2f}, sd {np.std(common):.2f} |"
        )
        half = [
            np.mean([r[6] for r in mine if r[0] == seed and r[2] == light and r[5] == 0.3])
            / np.mean([r[6] for r in mine if r[0] == seed and r[2] == light and r[5] == 0.6 and r[4] < 2])
            for seed in dict.fromkeys(r[0] for r in mine) for light in STUDIOS
        ]  # fmt: skip
        print(f"  half the depth reads {np.mean(half):.2f} +- {np.std(half):.2f} of the whole", file=sys.stderr)


def same_limit():
    return load_photo_parameters()["series_same_person_most_mm"]


def main():
    asked = [option for option in sys.argv[1:] if option.startswith("--") and option not in ("--heads", "--people")]
    model = LandmarkModel(find_model())
    with threadpool_limits(1):
        if not asked or "--align" in asked:
            tell_align(measure_align(model))
        if not asked or "--checks" in asked:
            tell_checks(measure_checks(model))
            same, different = measure_people(model)
            limit = same_limit()
            print(f"shape of the same head: median {np.median(same):.2f}, most {same.max():.2f} mm")
            print(f"of another head: median {np.median(different):.2f}, least {different.min():.2f} mm")
            print(f"beyond {limit:g} mm: {np.mean(same > limit):.0%} of the same, {np.mean(different > limit):.0%} of others")
        if not asked or "--depths" in asked:
            tell_depths(measure_depths(model))
        if not asked or "--course" in asked:
            from measure_photo_course import measure_course, tell_course

            tell_course(measure_course(model))


if __name__ == "__main__":
    main()
