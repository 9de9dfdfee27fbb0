"""``glabella risk-map``: what one needle anywhere would do."""

from pathlib import Path
from typing import Any

import click

from glabella.commands.common import PATH, computing, json_option, parameters_with, patient_option, settings_option, tell_json, tell_lines


@click.command("risk-map")
@click.option("--effect", required=True, help="Unwanted effect: eyelid_ptosis, dry_eye or asymmetric_smile.")
@click.option("--units", type=float, required=True, help="Units of the one injection.")
@click.option("--depth", "depth_mm", metavar="MM", type=float, required=True, help="Depth of the needle's tip; it stops at bone.")
@click.option("--product", default="onabotulinumtoxinA", show_default=True, help="Product that the units belong to.")
@click.option("--dilution", "diluent_ml", metavar="ML", type=float, help="Saline in the product's usual vial; as labelled unless given.")
@patient_option
@click.option("--scatter", "scatter_mm", metavar="MM", type=float, help="Scatter of the needle per axis along the skin; else the table's.")
@click.option("--out", metavar="DIR", type=PATH, help="Folder for the report, the pictures and risk_map.json.")
@json_option
@settings_option
def risk_map(patient_file: Path | None, out: Path | None, as_json: bool, settings: tuple[str, ...], **asked: Any) -> None:
    """Map the chance of an unwanted effect over the whole face: what if the dose went in there?"""
    from glabella.patient import Patient
    from glabella.planner.risk_map_asked import check_asked

    parameters = parameters_with(settings)
    patient = Patient.read(patient_file) if patient_file else None
    check_asked(**asked)
    if out is not None:
        from glabella.report.risk_map_page import check_risk_map_folder, write_risk_map

        check_risk_map_folder(out)
    from glabella.planner.risk_map import risk_map
    from glabella.planner.risk_map_document import summary_lines

    with computing(parameters) as progress:
        found = risk_map(**asked, patient=patient, parameters=parameters, progress=progress)
        page = write_risk_map(found, out, progress) if out is not None else None
    if as_json:
        tell_json(found.to_json())
        return
    tell_lines(summary_lines(found), page)
