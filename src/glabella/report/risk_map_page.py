"""The page of a risk map, and the folder that holds it."""

from pathlib import Path
from typing import Any

import numpy as np

from glabella.files import check_folder
from glabella.outcome import outcome_text, plain
from glabella.planner.risk_map import Chance, RiskMap
from glabella.planner.risk_map_chance import SPACING_MM
from glabella.planner.risk_map_distances import heights_above_rim, nearest_glabellar_sites, site_distances
from glabella.planner.risk_map_document import distance_text, height_text, in_percent, in_words, percent, where_is
from glabella.planner.risk_map_scatter import DEPTHS, OFFSETS
from glabella.report.page import Tile, facts
from glabella.report.risk_map_picture import draw_risk_map
from glabella.report.style import styled
from glabella.report.templates import filled_template, page_style
from glabella.report.write import FolderKind, Progress, check_report_folder, write_folder

RISK_MAP_FOLDER = FolderKind("report.html", "risk_map.json", "glabella risk map")
SECTIONS = (
    ("glance", "At a glance"), ("map", "Map"), ("sites", "Licensed sites"), ("reading", "Reading it"), ("limits", "What it gets wrong"),
    ("how", "How computed"), ("sources", "Sources"),
)  # fmt: skip


def check_risk_map_folder(folder: str | Path) -> Path:
    """Make sure, before any computing, that the report can be put there."""
    check_folder(folder)
    return check_report_folder(folder, RISK_MAP_FOLDER)


def write_risk_map(found: RiskMap, folder: str | Path, progress: Progress | None = None) -> Path:
    """Write report.html, risk_map.json and the pictures into ``folder``, whole or not at all; gives the path of the page."""
    folder = check_risk_map_folder(folder)
    tell = progress or (lambda what, share: None)
    pictures = []
    with styled():
        for picture in draw_risk_map(found):
            pictures.append(picture)
            tell("pictures", len(pictures) / 2)
    write_folder(folder, RISK_MAP_FOLDER, render_risk_map(found, pictures), outcome_text(found.to_json()), pictures)
    return folder / RISK_MAP_FOLDER.page


def render_risk_map(found: RiskMap, pictures: list[Any]) -> str:
    """The whole page as text; it refers to nothing outside itself."""
    sources = found.sources()
    return filled_template(
        "risk_map.html.j2",
        found=found, generator=RISK_MAP_FOLDER.generator, css=page_style(),
        sections=SECTIONS, title=f"{in_words(found.effect).capitalize()}: where {found.units:g} units would be risky", who=_who(found),
        tiles=_tiles(found), pictures={"risk_map_eye": None, **{picture.name: picture for picture in pictures}}, sites=_sites(found),
        heights=_heights(found),
        words=found.words, facts=_facts(found), patient_facts=facts(plain(found.patient)), sources=sources,
        assumed=sum(row.kind == "assumed" for row in sources.parameters), draws=found.draws, along=found.scatter_mm[0],
        deep=found.scatter_mm[1], stopped=round(100 * float(np.mean(found.stopped_by_bone))), septum=found.effect == "eyelid_ptosis",
        offsets=2 * OFFSETS, depths=DEPTHS,
    )  # fmt: skip


def _who(found: RiskMap) -> str:
    sex = {"female": "woman", "male": "man"}.get(found.patient.sex, "person")
    return (
        f"{found.units:g} U of {found.product} in {found.volume_ml:.3g} mL, {found.depth_mm:g} mm below the skin, "
        f"in the face of a {sex} of {found.patient.age_years:g} years"
    )


def _tiles(found: RiskMap) -> list[Tile]:
    top = int(found.probability.argmax())
    tiles = [Tile("Highest chance", f"{percent(found.probability[top])} %", where_is(found, top))]
    for level, height in heights_above_rim(found)["left"].items():
        tiles.append(Tile(f"{100 * level:g} % or more", height_text(height), "how far above the bony rim, left mid pupil"))
    distances = site_distances(found)
    for site in nearest_glabellar_sites(found):
        if site in distances:
            tiles.append(Tile(in_words(site).capitalize(), f"{percent(found.sites[site].value)} %", _to_line(distances[site][0.01])))
    return tiles


def _to_line(length: float | None) -> str:
    text = distance_text(length)
    return text if length is None else f"{text} of the 1 % line" if length < 0 else f"{text} from the 1 % line"


def _heights(found: RiskMap) -> list[tuple[str, str, str]]:
    rows = heights_above_rim(found)
    return [(f"{100 * level:g} %", height_text(rows["right"][level]), height_text(height)) for level, height in rows["left"].items()]


def _sites(found: RiskMap) -> list[dict[str, str]]:
    distances = site_distances(found)
    rows = []
    for site, point in found.licensed_sites.items():
        rim = found.reach.rim_distances(point[None])[0][0]
        known = site in found.sites
        chance = in_percent(found.sites[site] if known else Chance(0, 0, 0))
        lengths = [distance_text(length) for length in distances[site].values()] if known else ["", ""]
        rows.append({
            "name": in_words(site), "chance": chance if known else "no number", "one": lengths[0], "five": lengths[1], "rim": f"{rim:.1f}",
        })  # fmt: skip
    return rows


def _facts(found: RiskMap) -> list[tuple[str, str]]:
    grid, dilution = found.anatomy.grid, found.dilution
    return [
        ("Dilution", f"{dilution.vial_units:g} U in {dilution.diluent_ml:g} mL: {dilution.units_per_ml:g} U/mL"),
        ("Structures", " and ".join(in_words(name) for name in found.reach.structures)),
        ("Places", f"{len(found.points)} about {SPACING_MM:g} mm apart, each with its own fluid"),
        ("Tissue cells", f"{len(found.anatomy.cells)} in {grid.shape[0]} x {grid.shape[1]} columns"),
        ("Scatter of the needle", f"{found.scatter_mm[0]:g} mm per axis along the skin, {found.scatter_mm[1]:g} mm in depth"),
        ("Draws behind the bands", f"{found.draws}"),
        ("Overrides", ", ".join(f"{name} = {value:g}" for name, value in found.parameters.overrides.items()) or "none"),
        ("Hash of the parameters", found.parameters.sha256),
        ("Version", found.version),
    ]
