"""The validation report: its words and tables, and the folder that holds it."""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from glabella.calibration.coverage import load_coverage
from glabella.evidence.sources import find_reference
from glabella.outcome import outcome_text
from glabella.report.style import Picture, styled
from glabella.report.templates import filled_template, page_style
from glabella.report.validation_charts import describe, draw_validation, unit_word
from glabella.report.validation_coverage import coverage_words, draw_coverage
from glabella.report.write import FolderKind, Progress, check_report_folder, write_folder
from glabella.validation.document import BOUND_WORDS, CORRELATED
from glabella.validation.drivers import DOSES, LABELLED_UNITS, MEN, OUTCOMES, WOMEN
from glabella.validation.judged import Judged
from glabella.validation.reasons import MissGroup
from glabella.validation.summary import Summary
from glabella.validation.validate import JUDGED_USES, Validation, rows_of

VALIDATION_FOLDER = FolderKind("validation.html", "validation.json", "glabella validation")
SECTIONS = (
    ("glance", "At a glance"), ("misses", "Misses, and why"), ("pictures", "Against each other"), ("trials", "Trial by trial"),
    ("others", "Years, the lower face, other uses"),
    ("drivers-section", "What drives it"), ("doses", "Dose, women and men"), ("told", "What the data tell"),
    ("coverage-section", "Is the posterior right"), ("rows", "Every figure"), ("how", "How computed"), ("sources", "Sources"),
)  # fmt: skip
USE_WORDS = {"calibrate": "Fitted (calibrate)", "validate": "Never fitted (validate)"}
PAIRS_SHOWN = 20


def check_validation_folder(folder: str | Path) -> Path:
    """Make sure, before any computing, that the report can be put there."""
    return check_report_folder(folder, VALIDATION_FOLDER)


def write_validation(found: Validation, folder: str | Path, progress: Progress | None = None) -> Path:
    """Write validation.html, validation.json and the pictures into ``folder``, whole or not at all; gives the path of the page."""
    folder = check_validation_folder(folder)
    tell = progress or (lambda what, share: None)
    pictures = []
    count = len({band.trial for band in found.bands}) + 10
    with styled():
        for picture in chain(draw_validation(found), [draw_coverage(load_coverage())]):
            pictures.append(picture)
            tell("pictures", min(1.0, len(pictures) / count))
    write_folder(folder, VALIDATION_FOLDER, render_validation(found, pictures), outcome_text(found.to_json()), pictures)
    return folder / VALIDATION_FOLDER.page


def render_validation(found: Validation, pictures: Sequence[Picture]) -> str:
    """The whole page as text; it refers to nothing outside itself."""
    missed = sum(len(group.missed) for group in found.misses)
    tables = [(USE_WORDS[use], [_cells(one) for one in found.judged if one.row.use == use]) for use in found.summaries]
    return filled_template(
        "validation.html.j2",
        found=found, generator=VALIDATION_FOLDER.generator, css=page_style(),
        sections=[one for one in SECTIONS if found.others or one[0] != "others"], pictures={picture.name: picture for picture in pictures},
        trials=[picture for picture in pictures if picture.name.startswith("trial_")],
        summaries=[_summary(summary) for summary in found.summaries.values()],
        misses=[_misses(group) for group in found.misses], missed=missed, tables=tables,
        others=[_others(name, judged, found.other_misses[name]) for name, judged in found.others.items()], beyond=_beyond(found),
        left_out=len([row for row in rows_of() if row.use in JUDGED_USES]) - len(found.judged) - sum(map(len, found.others.values())),
        pairs=found.identifiability.pairs(CORRELATED)[:PAIRS_SHOWN], correlated=CORRELATED, sexes=_sexes(found),
        coverage=coverage_words(load_coverage()), doses_note=_doses_note(found), facts=_facts(found),
        between=found.facts.between_trials_sd_logit,
        references=[find_reference(key) for key in sorted({one.row.source for one in (*found.judged, *chain(*found.others.values()))})],
    )  # fmt: skip


def _summary(summary: Summary) -> dict[str, Any]:
    quantities = []
    for name, (tolerance, inside) in summary.by_quantity.items():
        quantities.append((name.replace("_", " "), f"{tolerance.hits} of {tolerance.of}", f"{inside.hits} of {inside.of}"))
    plain = [("responder rates, plain", summary.plain_rmse_points), ("all shares of people, plain", summary.all_rates_rmse_points)]
    more = [f"{name} {value:.1f}" for name, value in plain if value is not None]
    return {
        "title": USE_WORDS[summary.use], "rows": summary.rows, "checks": summary.checks, "quantities": quantities,
        "more": f"Other root-mean-square errors, in points: {'; '.join(more)}." if more else "",
    }  # fmt: skip


def _misses(group: MissGroup) -> dict[str, Any]:
    return {
        "title": group.title, "says": group.says, "rows": [_cells(one) for one in group.missed], "missed": len(group.missed),
        "concerns": group.concerns,
    }  # fmt: skip


def _cells(one: Judged, name: str = "") -> dict[str, Any]:
    row = one.row
    return {
        "id": row.row, "name": name or describe(one), "n": row.n if row.n is not None else "not given", "use": row.use,
        "observed": BOUND_WORDS[row.relation] + f"{row.value:g}", "unit": unit_word(one),
        "predicted": f"{one.predicted:.1f}", "interval": f"{one.low:g} to {one.high:g}", "tolerance": f"{row.tolerance:g}",
        "in_tolerance": one.inside_tolerance, "in_interval": one.inside_interval, "source": row.source, "quality": row.quality,
        "made_by": one.made_by,
    }  # fmt: skip


def _others(name: str, judged: Sequence[Judged], misses: Sequence[MissGroup]) -> dict[str, Any]:
    """One predictor's figures, the missed ones by what explains them; what each is stands in its row's name, since these have no
    endpoints in common."""

    def cells(members: Sequence[Judged]) -> list[dict[str, Any]]:
        return [{**_cells(one, one.row.row.replace("_", " ")), "made_by": name} for one in members]

    hits, inside = sum(one.inside_tolerance for one in judged), sum(one.inside_interval for one in judged)
    fitted = sum(one.row.use == "calibrate" for one in judged)
    return {
        "title": name[0].upper() + name[1:], "rows": len(judged),
        "counts": f"{fitted} of them marked to calibrate; inside tolerance {hits}, inside 90 % interval {inside}",
        "misses": [{**_misses(group), "rows": cells(group.missed)} for group in misses],
        "hits": cells([one for one in judged if one.hit]),
    }  # fmt: skip


def _beyond(found: Validation) -> dict[str, int]:
    """Counts of all figures beyond one course in the upper face."""
    judged = list(chain(*found.others.values()))
    hits = sum(one.hit for one in judged)
    return {"rows": len(judged), "hits": hits, "misses": len(judged) - hits}


def _sexes(found: Validation) -> list[tuple[str, ...]]:
    """Dose by dose: women and men."""
    at = {(p.people, p.dose_units): p for p in found.doses}
    rows = []
    for units in DOSES:
        cells = [f"{units:g}"]
        for outcome in OUTCOMES:
            for people in (WOMEN, MEN):
                p = at[people, units]
                cells.append(f"{p.median[outcome]:.0f} ({p.low[outcome]:.0f} to {p.high[outcome]:.0f})")
        rows.append(tuple(cells))
    return rows


def _doses_note(found: Validation) -> str:
    if found.men_units is None:
        return "Within these doses men do not reach the loss of strain that women have with 20 U, or have it with less."
    factor = found.men_units / LABELLED_UNITS
    return (
        f"For the loss of strain that women have with {LABELLED_UNITS:g} U men need {found.men_units:.0f} U here, {factor:.1f} times "
        "as much, from larger muscles and a larger face alone. The package carries no published response of men by dose "
        "to hold this against."
    )


def _facts(found: Validation) -> list[tuple[str, str]]:
    facts = found.facts
    return [
        ("glabella", found.version), ("draws of the posterior", str(found.draws)), ("virtual people per arm", str(found.people)),
        ("seed", str(found.seed)), ("posterior made with", facts.command), ("fitted rows, SHA-256", facts.rows_sha256),
        ("spread between trials", f"{facts.between_trials_sd_logit:.2f} on the logit scale, from the fitted rows"),
        ("straight-line model in the sampling", f"wrong by {facts.emulator_rms_points:.2f} points (root mean square)"),
    ]  # fmt: skip


__all__ = ["check_validation_folder", "render_validation", "write_validation"]
