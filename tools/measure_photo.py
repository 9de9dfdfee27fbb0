"""How well a photo is understood, on painted heads of which everything is known; prints the tables of docs/photo.md.

    python tools/measure_photo.py [--fresh | --newest | --lines | --repeats] [--out measured.json]

Fourteen heads with shapes and pinhole cameras outside the fit's own basis, three skins, three lights (``tests/photo_made.py``):
landmarks, pose, size, sites with the error that is stated for each, time. ``--fresh``: the same on sixteen heads that no decision was
taken on; ``--newest``: on sixteen that nobody had looked at when it was decided which sites are shown. ``--lines``: depth of
lines by skin and light on heads that are not those on which the contrast per mm was fitted, which is printed too.
"""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.photo_made import CASES, LIGHTS, SKINS, Case, drawn_case, invented_face, paint  # noqa: E402

from glabella.errors import InputError  # noqa: E402
from glabella.evidence import load_parameters  # noqa: E402
from glabella.patient import Patient  # noqa: E402
from glabella.photo import LandmarkModel, find_model, fit_photo  # noqa: E402
from glabella.photo.camera import turn_between  # noqa: E402
from glabella.photo.lines import LIT_AREAS, USUAL_LN_LIGHT, USUAL_STEEPNESS, expect_lines, find_lines  # noqa: E402
from glabella.photo.picture import Picture  # noqa: E402
from glabella.photo.skin_map import map_skin  # noqa: E402
from glabella.report.render import Lines  # noqa: E402
from glabella.stages.anatomy import build_atlas  # noqa: E402
from glabella.stages.skin import build_skin  # noqa: E402

AREAS = ("glabellar", "forehead", "lateral_canthal_left", "lateral_canthal_right")
DEPTHS_MM = (0.0, 0.3, 0.7)
FITTED, MEASURED = (201, 203), (301, 303)
FRESH, NEWEST = range(901, 917), range(1101, 1117)


def measure(case, model):
    face, neutral = invented_face(case.seed, dict(case.units))
    camera, picture = case.camera.truth, paint(case, face)
    row = {"case": case.seed, "turn": case.turn, "skin": case.skin, "light": case.light, "expression": bool(case.units)}
    start = time.process_time()
    try:
        photo = fit_photo(picture, model)
    except InputError as error:
        return row | {"refused": str(error)}
    row["seconds"] = time.process_time() - start
    found = np.linalg.norm(photo.landmarks.points[:468, :2] - camera.project(face.landmarks)[:, :2], axis=1) / camera.pixels_per_mm
    atlas = build_atlas(neutral, photo.patient, load_parameters())
    sites, stated, shown = {}, {}, []
    for place in photo.places:
        site = atlas.sites[place.name]
        point = face.surface(2).at(np.array([site.triangle]), site.barycentric[None])
        if place.seen:
            stated[place.name] = place.error_mm
            shown += [place.name] * place.sure
            sites[place.name] = float(np.linalg.norm(place.pixel - camera.project(point)[0, :2]) / camera.pixels_per_mm)
    angles = np.subtract(photo.head.camera.angles_degrees, camera.angles_degrees)
    return row | {
        "landmark_median_mm": float(np.median(found)),
        "landmark_p90_mm": float(np.percentile(found, 90)),
        "pose_degrees": turn_between(photo.head.camera.turn, camera.turn),
        "turn_error": float(angles[0]),
        "nod_error": float(angles[1]),
        "scale_error_share": photo.head.camera.pixels_per_mm / camera.pixels_per_mm - 1,
        "pupils_mm": photo.size.interpupillary_distance_mm,
        "pupils_error_mm": photo.size.interpupillary_distance_mm - face.interpupillary_distance_mm,
        "pupils_stated_mm": photo.size.interpupillary_error_mm,
        "sites_mm": sites,
        "stated_mm": stated,
        "shown": shown,
    }


def measure_lines(seeds, model):
    rows = []
    for seed in seeds:
        face, neutral = invented_face(seed)
        skin = build_skin(build_atlas(neutral, None, load_parameters()), load_parameters())
        true = expect_lines(skin, AREAS, Patient(), load_parameters())
        usual = Case(seed, turn=8, pixels_per_mm=3.2, size=(200.0, 250.0))
        photo = fit_photo(paint(usual, face), model)
        own = build_skin(photo.atlas, load_parameters())
        expected, skin_map = expect_lines(own, AREAS, photo.patient, load_parameters()), map_skin(photo.head, photo.picture.shape)
        for name, light in ((skin, light) for skin in SKINS for light in LIGHTS):
            case = replace(usual, skin=name, light=light)
            for depth in DEPTHS_MM:
                drawn = tuple(Lines(true.phase_mm[area], depth * true.strength[area], 6.0) for area in AREAS) if depth else ()
                found = find_lines(paint(case, face, drawn), skin_map, expected, photo.landmarks, photo.parameters, fill=False)
                rows += [
                    {
                        "seed": seed,
                        "skin": name,
                        "light": light,
                        "area": a.area,
                        "true_mm": depth,
                        "contrast": a.contrast,
                        "steepness": a.steepness,
                        "ln_light": a.ln_light,
                        "depth_mm": a.depth_mm,
                    }
                    for a in found.areas.values()
                    if np.isfinite(a.depth_error_mm)
                ]
    return rows


def measure_repeats(model):
    """Depths told from four pictures of the same lines in the same light, taken a little differently, each fitted anew."""
    face, neutral = invented_face(MEASURED[0])
    true = expect_lines(build_skin(build_atlas(neutral, None, load_parameters()), load_parameters()), AREAS, Patient(), load_parameters())
    drawn = tuple(Lines(true.phase_mm[area], 0.5 * true.strength[area], 6.0) for area in AREAS)
    print("| skin | light | " + " | ".join(area.replace("_", " ") for area in AREAS) + " |\n|---|---|---|---|---|---|")
    rows = []
    for skin, light in ((skin, light) for skin in SKINS for light in LIGHTS):
        depths = []
        for turn, nod, distance in ((0, 0, 600), (6, 2, 500), (-6, -2, 800), (3, 4, 650)):
            case = Case(
                MEASURED[0], turn=turn, nod=nod, distance_mm=distance, skin=skin, light=light, pixels_per_mm=3.4, size=(200.0, 250.0)
            )
            grain = np.random.default_rng(turn + 50).normal(scale=2.5, size=(*case.camera.shape, 3))
            picture = Picture(np.clip(paint(case, face, drawn).pixels + grain, 0, 255).astype(np.uint8))
            photo = fit_photo(picture, model)
            skin_now = build_skin(photo.atlas, load_parameters())
            expected = expect_lines(skin_now, AREAS, photo.patient, load_parameters())
            found = find_lines(picture, map_skin(photo.head, picture.shape), expected, photo.landmarks, photo.parameters, fill=False)
            depths.append([found.areas[area].depth_mm for area in AREAS])
        mean, spread = np.mean(depths, 0), np.std(depths, 0, ddof=1)
        rows.append({"skin": skin, "light": light, "mean_mm": mean.tolist(), "sd_mm": spread.tolist()})
        print(f"| {skin} | {light} | " + " | ".join(f"{m:.2f} ± {s:.2f}" for m, s in zip(mean, spread, strict=True)) + " |", flush=True)
    return rows


def tell(rows):
    print(
        "| head | turn | skin | light | landmarks median / 90 %, mm | pose, degrees | scale, % | pupils, mm (stated) | "
        "sites mean / worst, mm | s |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for r in rows:
        if "refused" in r:
            print(f"| {r['case']} | {r['turn']:g} | {r['skin']} | {r['light']} | refused: {r['refused']} |")
            continue
        sites = list(r["sites_mm"].values())
        print(
            f"| {r['case']}{', expression' if r['expression'] else ''} | {r['turn']:.0f} | {r['skin']} | {r['light']} | "
            f"{r['landmark_median_mm']:.1f} / {r['landmark_p90_mm']:.1f} | {r['pose_degrees']:.1f} | "
            f"{100 * r['scale_error_share']:+.1f} | {r['pupils_error_mm']:+.1f} ({r['pupils_stated_mm']:.1f}) | "
            f"{np.mean(sites):.1f} / {max(sites):.1f} | {r['seconds']:.1f} |"
        )
    good = [r for r in rows if "refused" not in r]
    sites = np.array([value for r in good for value in r["sites_mm"].values()])
    print(
        f"\nsites: {len(sites)}, mean {sites.mean():.2f} mm, within 3 mm {np.mean(sites < 3):.0%}, "
        f"within 5 mm {np.mean(sites < 5):.0%}, worst {sites.max():.1f}"
    )
    for group in ("procerus", "corrugator", "frontalis", "lateral_canthal"):
        mine = np.array([value for r in good for name, value in r["sites_mm"].items() if name.startswith(group)])
        print(f"  {group}: mean {mine.mean():.2f}, within 3 mm {np.mean(mine < 3):.0%}, worst {mine.max():.1f}")
    tell_stated(good)
    for name, key in (
        ("landmarks, median", "landmark_median_mm"),
        ("pose, degrees", "pose_degrees"),
        ("nod", "nod_error"),
        ("turn", "turn_error"),
        ("scale, share", "scale_error_share"),
        ("pupils, mm", "pupils_error_mm"),
        ("seconds", "seconds"),
    ):
        values = np.array([r[key] for r in good])
        print(f"{name}: mean of sizes {np.abs(values).mean():.3f}, mean {values.mean():+.3f}, largest {np.abs(values).max():.3f}")
    for key in ("skin", "light"):
        for value in dict.fromkeys(r[key] for r in good):
            mine = [r for r in good if r[key] == value]
            sites = [np.mean(list(r["sites_mm"].values())) for r in mine]
            marks, pose = (np.mean([r[name] for r in mine]) for name in ("landmark_median_mm", "pose_degrees"))
            print(f"{value}: landmarks {marks:.2f}, pose {pose:.1f}, sites {np.mean(sites):.2f}")


def tell_stated(rows):
    """The error that is stated for each site against the true one, and what is shown as placed."""
    each = [
        (name, r["sites_mm"][name], r["stated_mm"][name], name in r["shown"], abs(r["turn"]), r["expression"])
        for r in rows
        for name in r["sites_mm"]
    ]
    print("\n| sites | seen | stated radius holds | shown as placed | of these within 3 mm | of the others within 3 mm |")
    print("|---|---|---|---|---|---|")
    groups = [(name, [e for e in each if e[0].startswith(name)]) for name in ("procerus", "corrugator", "frontalis", "lateral_canthal")]
    groups += [(f"turned {low} to {high}", [e for e in each if low <= e[4] <= high]) for low, high in ((0, 8), (8, 16), (16, 25))]
    groups += [("no expression", [e for e in each if not e[5]]), ("expression", [e for e in each if e[5]]), ("all", each)]
    for name, mine in groups:
        if not mine:
            continue
        off, stated, shown = (np.array([e[k] for e in mine]) for k in (1, 2, 3))
        within = [f"{np.mean(off[part] < 3):.0%}" if part.any() else "-" for part in (shown, ~shown)]
        print(f"| {name} | {len(mine)} | {np.mean(off < stated):.0%} | {shown.mean():.0%} | {within[0]} | {within[1]} |")


def tell_contrast_fit(rows):
    """How ln contrast per mm follows light and skin by least squares; then the number per area that makes the relative error least."""
    lit = [r for r in rows if r["true_mm"] and r["contrast"] > 0]
    mine = [r for r in lit if r["area"] in LIT_AREAS]
    table = [
        [*(float(r["area"] == area) for area in LIT_AREAS), r["steepness"] - USUAL_STEEPNESS, USUAL_LN_LIGHT - r["ln_light"]] for r in mine
    ]
    light, skin = np.linalg.lstsq(np.array(table), np.log([r["contrast"] / r["true_mm"] for r in mine]), rcond=None)[0][-2:]
    print(f"steepness gain {light:.2f}, skin power {skin:.2f}")
    for area in (*LIT_AREAS, "lateral_canthal"):
        mine = [r for r in rows if r["true_mm"] and r["area"].startswith(area)]
        gains = [light * (r["steepness"] - USUAL_STEEPNESS) + skin * (USUAL_LN_LIGHT - r["ln_light"]) for r in mine]
        each = np.array([
            r["contrast"] / r["true_mm"] / np.exp(gain if area in LIT_AREAS else 0.0) for r, gain in zip(mine, gains, strict=True)
        ])  # fmt: skip
        print(f"  {area}: {(each**2).sum() / each.sum():.3f} per mm ({each.min():.3f} to {each.max():.3f})")


def tell_lines(fitted, rows):
    tell_contrast_fit(fitted)
    print("\n| area | skin | light | " + " | ".join(f"{d:g} mm true" for d in DEPTHS_MM) + " |\n|---|---|---|" + "---|" * len(DEPTHS_MM))
    for area in ("glabellar", "forehead", "lateral_canthal"):
        for skin in SKINS:
            for light in LIGHTS:
                cells = []
                for depth in DEPTHS_MM:
                    mine = [
                        r["depth_mm"]
                        for r in rows
                        if r["area"].startswith(area) and (r["skin"], r["light"], r["true_mm"]) == (skin, light, depth)
                    ]
                    cells.append(f"{np.mean(mine):.2f}" if mine else "not seen")
                print(f"| {area.replace('_', ' ')} | {skin} | {light} | {' | '.join(cells)} |")
    for area in ("glabellar", "forehead", "lateral_canthal"):
        mine = [r for r in rows if r["area"].startswith(area)]
        share = np.array([r["depth_mm"] / r["true_mm"] - 1 for r in mine if r["true_mm"]])
        none = np.array([r["depth_mm"] for r in mine if not r["true_mm"]])
        print(
            f"{area}: root mean square {np.sqrt(np.mean(share**2)):.2f} of the depth, mean {share.mean():+.2f}; "
            f"without lines {none.max():.2f} mm at most"
        )


def main():
    model, found = LandmarkModel(find_model()), {}
    with threadpool_limits(1):
        if "--lines" in sys.argv:
            found = {"fitted": measure_lines(FITTED, model), "lines": measure_lines(MEASURED, model)}
            tell_lines(found["fitted"], found["lines"])
        elif "--repeats" in sys.argv:
            found["repeats"] = measure_repeats(model)
        else:
            drawn = FRESH if "--fresh" in sys.argv else NEWEST if "--newest" in sys.argv else ()
            cases = [drawn_case(seed) for seed in drawn] or CASES
            found["heads"] = [measure(case, model) for case in cases]
            tell(found["heads"])
    if "--out" in sys.argv:
        Path(sys.argv[sys.argv.index("--out") + 1]).write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
