"""The short text of a trial, and of its size: what the command line prints."""

from collections.abc import Iterator

import numpy as np

from glabella.outcome import FRAME
from glabella.trial.design import check_endpoint
from glabella.trial.power import BAND, DRAW_PEOPLE, SIMULATED, PowerResult, sides
from glabella.trial.result import WATERMARK, Duration, Onset, TrialResult
from glabella.trial.summary import KEYS


def trial_lines(result: TrialResult, endpoint: str | None = None) -> Iterator[str]:
    """Responders of every arm by endpoint, rater and visit, then strain, onset, duration and side effects; ``endpoint``: only that one."""
    trial, mix = result.trial, result.trial.mix
    if endpoint is not None:
        check_endpoint(endpoint, None, "trial")
    shown = [key for key in KEYS if endpoint in (None, key[0])]
    yield _banner(result.watermark)
    yield (
        f"{trial.name}: {len(result.arms)} arms, seed {result.seed}; {mix.female_share:.0%} women, {mix.severe_share:.0%} severe, "
        f"{mix.least_age_years:g} to {mix.most_age_years:g} years; missing visits: {trial.missing.replace('_', ' ')}"
    )
    for found in result.arms:
        arm = found.arm
        sessions = f" on days {', '.join(f'{day:g}' for day in arm.session_days)}" if len(arm.session_days) > 1 else ""
        yield ""
        given = f"{arm.product}, {arm.indication.replace('_', ' ')}, {arm.dose_units:g} U{sessions}"
        yield f"{arm.name}: {given}; {found.summary.people} people"
        rows = [("responders, % (95 % band)", "rater", *(f"day {day:g}" for day in trial.visit_days), "median duration")]
        for name, rater in shown:
            rate, duration = result.responders(arm.name, name, rater), result.duration(arm.name, name, rater)
            cells = (_cell(*numbers) for numbers in zip(rate.percent, rate.low, rate.high, strict=True))
            rows.append((name.replace("_", " "), rater, *cells, _median(duration)))
        strain = result.strain_reduction(arm.name)
        cells = (_cell(*numbers) for numbers in zip(strain.percent, strain.low, strain.high, strict=True))
        rows.append(("strain lost, %", "", *cells, ""))
        yield from _table(rows)
        onset = result.onset(arm.name)
        points = zip(onset.days, onset.percent, onset.low, onset.high, strict=True)
        by_day = ", ".join(f"day {day:g} {percent:.0f} % ({low:.0f}-{high:.0f})" for day, percent, low, high in points)
        yield f"  effect noticed by {by_day}; median {_onset_median(onset)}"
        computed = [effect for effect in found.unwanted if effect.basis == "computed"]
        if computed and arm.treated:
            yield "  side effects, computed chance per person: " + ", ".join(
                f"{effect.effect.replace('_', ' ')} {effect.percent:.1f} % ({effect.low:.1f} to {effect.high:.1f} %)" for effect in computed
            )
    yield ""
    yield band_line(result)
    yield f"study; {FRAME}"


def band_line(result: TrialResult) -> str:
    """What the bands hold, in one line."""
    if not result.spread:
        return "bands: counting error of as many people as were simulated, and nothing else; side effects: 90 %, see MODEL_CARD.md"
    draws, people = (next(iter(result.spread.values())).draws, min(one.people for one in result.spread.values()))
    return (
        f"bands: counting error and what is not known of the fitted parameters ({draws} draws of the posterior, {people} people each); "
        "no spread between trials; side effects: 90 %, without draws"
    )


def power_lines(result: PowerResult) -> Iterator[str]:
    """The question, the rates behind it, power and assurance over patients per arm with the chosen number marked."""
    asked, n, (rate, rate_against) = result.question, result.patients, 100 * result.rates
    by = f"{str(asked.kind).replace('_', '-')} of {asked.arm} to {asked.against}"
    by += "" if asked.margin_percent is None else f" by {asked.margin_percent:g} points"
    yield _banner(WATERMARK)
    yield f"{result.trial.name}: {by}; {asked.endpoint.replace('_', ' ')}, {asked.rater}, day {asked.day:g}"
    yield (
        f"responders among {result.people} virtual people per arm: {asked.arm} {rate:.1f} %, {asked.against} {rate_against:.1f} %, "
        f"difference {rate - rate_against:.1f} points; alpha {asked.alpha:g}, {'two' if sides(asked) == 2 else 'one'}-sided"
    )
    yield ""
    draws = f"assurance over {len(result.drawn)} draws, % ({BAND[1] - BAND[0]} % of draws)"
    rows = [("", "patients per arm", "power, %", draws)]
    for size in result.sizes:
        low, high = np.percentile(100 * result.drawn_power(size), BAND)
        cell = _cell(100 * result.assurance(size), low, high)
        rows.append((">" if size == n else "", str(size), f"{100 * result.power(size):.1f}", cell))
    yield from _table(rows, left=1)
    yield ""
    most = f"at most {100 * result.most_assurance:.0f} % with any number; each draw from {DRAW_PEOPLE} people per arm"
    if n is None or result.simulated is None or result.simulated_error is None:
        yield f"no number of patients reaches a power of {100 * asked.power:g} %: the difference itself is not enough; assurance {most}"
    else:
        yield f"{n} patients per arm: power {100 * result.power(n):.1f} % by the formula of Farrington and Manning;"
        error = f"Monte Carlo error {100 * result.simulated_error:.1f}"
        yield f"  {100 * result.simulated:.1f} % of {SIMULATED} simulated trials succeed ({error})"
        yield f"  assurance {100 * result.assurance(n):.1f} %, {most}"
    yield f"study; {FRAME}"


def _banner(watermark: str) -> str:
    return f"*** {watermark.upper()}: virtual people, not for treating a person ***"


def _cell(percent: float, low: float, high: float) -> str:
    percent, low, high = (round(x, 1) + 0.0 for x in (percent, low, high))  # no minus before a zero
    return f"{percent:.1f} ({low:.1f} to {high:.1f})" if low < 0 else f"{percent:.1f} ({low:.1f}-{high:.1f})"


def _median(duration: Duration) -> str:
    """'120 d (90 to over 180)': the median, and the medians of both ends of the band where they are others."""
    if not duration.people:
        return "-"
    medians = [duration.median_low_days, duration.median_days, duration.median_high_days]
    low, median, high = (f"over {duration.days[-1]:g}" if day is None else f"{day:g}" for day in medians)
    return f"{median} d" if low == high else f"{median} d ({low} to {high})"


def _onset_median(onset: Onset) -> str:
    medians = [onset.median_low_days, onset.median_days, onset.median_high_days]
    low, median, high = ("not reached" if day is None else f"day {day:g}" for day in medians)
    return median if low == high else f"{median} ({low} to {high})"


def _table(rows: list[tuple[str, ...]], left: int = 2) -> Iterator[str]:
    """Columns, the first ``left`` of them to the left."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(w) if k < left else cell.rjust(w) for k, (cell, w) in enumerate(zip(row, widths, strict=True)))
