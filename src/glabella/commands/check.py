"""``glabella check``: a plan against the label."""

import json
from pathlib import Path

import click

from glabella.commands.common import REFUSED, patient_option, plan_argument, read_plan


@click.command()
@plan_argument
@patient_option
@click.option("--json", "as_json", is_flag=True, help="Findings as JSON.")
def check(plan_file: Path, patient_file: Path | None, as_json: bool) -> None:
    """Compare a plan with the label. Exit code 0: allowed, 1: refused, 2: bad input."""
    from dataclasses import asdict

    from glabella.label import check_plan

    plan, patient = read_plan(plan_file, patient_file)
    findings = check_plan(plan, patient)
    refused = any(finding.severity == "refuse" for finding in findings)
    if as_json:
        click.echo(json.dumps({"allowed": not refused, "findings": [asdict(finding) for finding in findings]}, indent=2))
    else:
        for finding in findings:
            click.echo(f"{finding.severity:<8}{finding}")
        click.echo(f"{'refused' if refused else 'allowed'} for purpose '{plan.purpose}': {plan.units:g} U of {plan.product}")
    if refused:
        raise click.exceptions.Exit(REFUSED)
