"""What a picture says, as plain data and as lines of text. It holds no pixels, no landmarks and no name of a file."""

from collections.abc import Mapping
from typing import Any

from glabella.evidence.sources import find_reference
from glabella.outcome import FRAME, plain
from glabella.patient import Patient
from glabella.photo.photo import PhotoFace
from glabella.photo.places import not_fixed
from glabella.photo.simulated import FACES, PhotoSimulation
from glabella.version import own_version

SCHEMA = "glabella-photo-1"
PRIVACY = "the picture was read on this machine alone; nothing of it was sent anywhere, and nothing is kept but what --out names"


def photo_document(simulation: PhotoSimulation) -> dict[str, Any]:
    """Everything that was measured and simulated."""
    rest = simulation.pictures["rest"].face
    units = {i.site: i.units for session in simulation.outcome.plan.sessions for i in session.injections}
    keys = dict.fromkeys([rest.parameters.rows["iris_diameter_mm"].source])
    return plain(
        {
            "schema": SCHEMA,
            "frame": FRAME,
            "version": own_version(),
            "purpose": simulation.outcome.purpose,
            "watermark": simulation.outcome.watermark,
            "privacy": PRIVACY,
            "pictures": {expression: _picture(looked.face) for expression, looked in simulation.pictures.items()},
            "size": _size(rest),
            "sites": _sites(rest, units),
            "site_limit_mm": rest.parameters["site_error_mm"],
            "offered_baseline": [
                {
                    "area": one.area,
                    "expression": one.expression,
                    "depth_mm": one.lines.depth_mm,
                    "depth_error_mm": one.lines.depth_error_mm,
                    "contrast": one.lines.contrast,
                    "grade": one.grade,
                    "grade_low": one.low,
                    "grade_high": one.high,
                }
                for one in simulation.offered
            ],
            "patient": simulation.outcome.patient,
            "plan": simulation.outcome.plan,
            "days": simulation.days,
            "depth_ratio": {
                expression: {
                    area: [{"median": e.median, "low": e.low, "high": e.high} for e in estimates] for area, estimates in areas.items()
                }
                for expression, areas in simulation.depth_ratio.items()
            },
            "findings": simulation.outcome.findings,
            "sources": [{"key": key, "citation": str(find_reference(key))} for key in keys],
        }
    )


def fit_document(face: PhotoFace) -> dict[str, Any]:
    """What one picture says before anything is simulated: size, quality, and where the licensed sites are in it."""
    return plain({"frame": FRAME, "picture": _picture(face), "size": _size(face), "sites": _sites(face, None)})


def _size(face: PhotoFace) -> dict[str, Any]:
    return {
        "interpupillary_distance_mm": face.size.interpupillary_distance_mm,
        "error_mm": face.size.interpupillary_error_mm,
        "from": "iris" if face.size.from_iris else "measured by a person",
        "scale_error_share": face.size.error_share,
    }


def _sites(face: PhotoFace, units: Mapping[str, float] | None) -> list[dict[str, Any]]:
    refused = not_fixed(face.parameters["site_error_mm"])
    return [
        {
            "site": place.name,
            "column": float(place.pixel[0]),
            "row": float(place.pixel[1]),
            "seen": place.seen,
            "target_muscle": place.target_muscle,
            **({} if units is None else {"units": units.get(place.name)}),
            "error_mm": place.error_mm,
            "placed": place.seen and place.sure,
            "refused": refused if place.seen and not place.sure else None,
        }
        for place in face.places
    ]


def _picture(face: PhotoFace) -> dict[str, Any]:
    strong = {name: round(value, 2) for name, value in face.head.units.items() if abs(value) > 0.2}
    return {
        "rows": face.picture.shape[0],
        "columns": face.picture.shape[1],
        "notes": face.picture.notes,
        "quality": face.quality,
        "camera_distance_mm": face.head.camera.distance_mm,
        "iris_pixels": face.irises.pixels,
        "misfit_mm": float(face.head.misfit_mm.mean()),
        "face_units": strong,
    }


def photo_lines(document: Mapping[str, Any]) -> list[str]:
    """The document for a terminal."""
    size, lines = document["size"], []
    for expression, picture in document["pictures"].items():
        q = picture["quality"]
        lines.append(
            f"picture {FACES[expression]}: turned {q['turn_degrees']:+.0f}, nod {q['nod_degrees']:+.0f} degrees; "
            f"{q['pixels_per_mm']:.1f} pixels per mm, blur {q['blur_mm']:.2f} mm"
        )
        lines += [f"  note: {note}" for note in picture["notes"]] + [f"  caution: {caution}" for caution in q["cautions"]]
    lines.append(
        f"size from {'the iris' if size['from'] == 'iris' else 'a measured distance'}: "
        f"pupils {size['interpupillary_distance_mm']:.1f} mm apart, error {size['error_mm']:.1f} mm"
    )
    seen, placed = (sum(site[what] for site in document["sites"]) for what in ("seen", "placed"))
    lines.append(
        f"licensed sites: {seen} of {len(document['sites'])} seen, {placed} placed to within {document['site_limit_mm']:g} mm, "
        f"{seen - placed} refused"
    )
    for site in document["sites"]:
        if site["refused"]:
            lines.append(f"  {site['site']}: {site['refused']} (error {site['error_mm']:.1f} mm)")
    for one in document["offered_baseline"]:
        lines.append(
            f"lines, {one['area'].replace('_', ' ')}, {FACES[one['expression']]}: {one['depth_mm']:.2f} +- {one['depth_error_mm']:.2f} mm, "
            f"grade {one['grade']:.1f} ({one['grade_low']:.1f} to {one['grade_high']:.1f}) offered as baseline"
        )
    for expression, areas in document["depth_ratio"].items():
        for area, values in areas.items():
            shown = ", ".join(
                f"day {day:g} {100 * v['median']:.0f} % ({100 * v['low']:.0f} to {100 * v['high']:.0f})"
                for day, v in zip(document["days"], values, strict=True)
            )
            lines.append(f"depth of lines against before, {area.replace('_', ' ')}, {FACES[expression]}: {shown}")
    lines.append(f"Simulation, not a forecast of you: {document['frame']}.")
    return lines


def patient_toml(patient: Patient) -> str:
    """A patient file with the offered grades, to be read, changed and given back with --patient."""
    head = [
        "# Offered by glabella photo from a picture: look at each number, change what does not fit, and give the file with --patient.",
        f"age_years = {patient.age_years:g}",
        f'sex = "{patient.sex}"',
        f"interpupillary_distance_mm = {patient.pupil_distance_mm():.1f}",
        "",
    ]
    for area, grades in patient.baseline.items():
        head += [f"[baseline.{area}]", f"rest = {grades.rest:.1f}", f"contraction = {grades.contraction:.1f}", ""]
    return "\n".join(head)
