"""Pictures and tables of docs/uses.md, from real runs: ``python tools/make_uses_docs.py``.

Pictures go to docs/pictures/uses-*.png; the text between the marks of docs/uses.md is written anew, the rest stays.
"""

import argparse
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from fit_uses import calibrate_rows, fit_sweat, fit_uses
from glabella.calibration.posterior import load_posterior
from glabella.evidence.other_published import other_rows
from glabella.population.arms import trial_values
from glabella.report.style import styled
from glabella.report.uses_charts import draw_use
from glabella.uses.axillary_hyperhidrosis import median_duration_days, responders_percent
from glabella.uses.course import follow_use
from glabella.uses.tables import USES, licences, use_parameters
from glabella.validation.document import BOUND_WORDS
from glabella.validation.judged import Judged
from glabella.validation.others import OTHERS, judge_others, predict_others
from glabella.validation.uses import QUANTITIES

DOCS = Path(__file__).parents[1] / "docs"
PICTURES = {  # file -> use, product, dose, purpose, picture
    "uses-twstrs-type-b": ("cervical_dystonia", "rimabotulinumtoxinB", 10000.0, "study", "twstrs"),
    "uses-twstrs": ("cervical_dystonia", "abobotulinumtoxinA", 500.0, "person", "twstrs"),
    "uses-responders": ("axillary_hyperhidrosis", "onabotulinumtoxinA", 100.0, "person", "responders"),
    "uses-sweat": ("axillary_hyperhidrosis", "onabotulinumtoxinA", 100.0, "person", "sweat"),
    "uses-lid-force": ("blepharospasm", "onabotulinumtoxinA", 15.0, "person", "lid_force"),
    "uses-headache": ("chronic_migraine", "onabotulinumtoxinA", 155.0, "person", "headache"),
}
WEEKS = {"chronic_migraine": 60}
DRAWS, SEED, ONA = 20, 1, "onabotulinumtoxinA"
PERSISTENCES = (1.0, 2.0, 4.0, 8.0, 20.0)


def judged() -> tuple[Judged, ...]:
    """Every published figure of the uses beside the model, as ``glabella validate`` judges it."""
    posterior, base = load_posterior(), trial_values()
    rows = tuple(row for row in other_rows() if row.quantity in QUANTITIES)
    name = next(other.name for other in OTHERS if other.quantities == QUANTITIES)
    sets = [{**base, **posterior.values(n)} for n in range(DRAWS + 1)]
    return judge_others(name, rows, predict_others(name, rows, sets), posterior.facts.between_trials_sd_logit, SEED)


def figure_lines(found: Sequence[Judged]) -> Iterator[str]:
    """One table per use, and the counts."""
    for use in USES:
        mine = [one for one in found if one.row.indication == use]
        never = [one for one in mine if one.row.use == "validate"]
        yield f"### {use.replace('_', ' ').capitalize()}"
        hits, inside = sum(one.inside_tolerance for one in never), sum(one.inside_interval for one in never)
        yield f"Never fitted: {len(never)} figures, {hits} within tolerance, {inside} inside the 90 % interval."
        yield ""
        yield "| figure | published | model (90 % interval) | tolerance | |"
        yield "|---|---|---|---|---|"
        for one in mine:
            mark = "fitted" if one.row.use == "calibrate" else "hit" if one.hit else "**miss**"
            published = f"{BOUND_WORDS[one.row.relation]}{one.row.value:g}"
            yield f"| {one.row.row} | {published} | {one.predicted:.1f} ({one.low:g} to {one.high:g}) | {one.row.tolerance:g} | {mark} |"
        yield ""


def persistence_lines() -> Iterator[str]:
    """What another persistence at the glands would do, with everything else fitted anew to week 4: told, and not used."""
    values, week = dict(use_parameters()), np.array([112.0])
    published = {row.row: row.value for row in other_rows()}
    yield "| half-life at sweat glands over that in the face | responders at week 16, % | median duration, days |"
    yield "|---|---|---|"
    for persistence in PERSISTENCES:
        there = {**values, "sweat_gland_persistence": persistence}
        there |= {fitted.name: fitted.value for fitted in fit_sweat(calibrate_rows(), there)}
        at = float(responders_percent(ONA, 100.0, week, there)[0])
        used = " (used)" if persistence == values["sweat_gland_persistence"] else ""
        lasts = median_duration_days(ONA, 100.0, there)
        yield f"| {persistence:g}{used} | {at:.0f} | {'not reached' if lasts is None else f'{lasts:.0f}'} |"
    yield f"| *published* | {published['ona_sweat_2001_100u_half_w16']:g} | {published['ona_sweat_2007_100u_duration']:g} |"


def fit_lines() -> Iterator[str]:
    """The fitted rows."""
    yield "| row | value | 90 % | from |"
    yield "|---|---|---|---|"
    for fitted in fit_uses():
        yield f"| `{fitted.name}` | {fitted.value:g} | {fitted.low:g} to {fitted.high:g} | {', '.join(fitted.used)} |"


def status_lines() -> Iterator[str]:
    """Who is licensed for the four uses."""
    yield f"As of {max(row.as_of for row in licences())}. What is not listed was not found or is not licensed: `glabella uses` has it all."
    yield ""
    yield "| use | product | licensed in (year where it was read) |"
    yield "|---|---|---|"
    for use in USES:
        rows = [row for row in licences() if row.use == use and row.status == "licensed"]
        for product in dict.fromkeys(row.product for row in rows):
            places = ", ".join(f"{row.jurisdiction}{f' ({row.since})' if row.since else ''}" for row in rows if row.product == product)
            yield f"| {use.replace('_', ' ')} | {product} | {places} |"


def draw(folder: Path) -> None:
    """Every picture of ``PICTURES``."""
    for name, (use, product, units, purpose, wanted) in PICTURES.items():
        found = follow_use(use, product, units, purpose=purpose, weeks=WEEKS.get(use, 24), samples=60)
        with styled():
            picture = next(one for one in draw_use(found) if one.name == wanted)
        (folder / f"{name}.png").write_bytes(picture.png)
        print(f"{name}.png: {picture.alt}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--text", action="store_true", help="the tables alone")
    options = parser.parse_args()
    if not options.text:
        draw(DOCS / "pictures")
    parts = {"status": status_lines(), "fit": fit_lines(), "persistence": persistence_lines(), "figures": figure_lines(judged())}
    page = DOCS / "uses.md"
    text = page.read_text("utf-8")
    for name, lines in parts.items():
        body = "\n".join(lines).strip()
        text = re.sub(rf"(<!-- {name} -->\n).*?(<!-- end -->)", lambda m, body=body: f"{m[1]}{body}\n{m[2]}", text, flags=re.S)
    page.write_text(text, "utf-8")
    print(f"wrote {page.name}")


if __name__ == "__main__":
    main()
