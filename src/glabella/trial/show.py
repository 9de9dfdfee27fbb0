"""The short text of a trial: what the command line prints."""

from collections.abc import Iterator

from glabella.outcome import FRAME
from glabella.population.block import ONSET_DAYS
from glabella.trial.design import check_endpoint
from glabella.trial.result import Duration, TrialResult
from glabella.trial.summary import KEYS


def trial_lines(result: TrialResult, endpoint: str | None = None) -> Iterator[str]:
    """Responders of every arm by endpoint, rater and visit, then strain, onset, duration and side effects; ``endpoint``: only that one."""
    trial, mix = result.trial, result.trial.mix
    if endpoint is not None:
        check_endpoint(endpoint, None, "trial")
    shown = [key for key in KEYS if endpoint in (None, key[0])]
    yield f"*** {result.watermark.upper()}: virtual people, not for treating a person ***"
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
        rows = [("responders, % (95 % interval)", "rater", *(f"day {day:g}" for day in trial.visit_days), "median duration")]
        for name, rater in shown:
            rate, duration = result.responders(arm.name, name, rater), result.duration(arm.name, name, rater)
            cells = (_cell(*numbers) for numbers in zip(rate.percent, rate.low, rate.high, strict=True))
            rows.append((name.replace("_", " "), rater, *cells, _median(duration)))
        strain = result.strain_reduction(arm.name)
        cells = (_cell(*numbers) for numbers in zip(strain.percent, strain.low, strain.high, strict=True))
        rows.append(("strain lost, %", "", *cells, ""))
        yield from _table(rows)
        median, noticed = result.onset(arm.name)
        by_day = ", ".join(f"day {day:g} {percent:.0f} %" for day, percent in zip(ONSET_DAYS, noticed, strict=True))
        yield f"  effect noticed by {by_day}; median {'not reached' if median is None else f'day {median:g}'}"
        computed = [effect for effect in found.unwanted if effect.basis == "computed"]
        if computed and arm.treated:
            yield "  side effects, computed chance per person: " + ", ".join(
                f"{effect.effect.replace('_', ' ')} {effect.percent:.1f} % ({effect.low:.1f} to {effect.high:.1f} %)" for effect in computed
            )
    yield ""
    yield f"study; {FRAME}"


def _cell(percent: float, low: float, high: float) -> str:
    return f"{abs(percent):.1f} ({abs(low):.1f}-{abs(high):.1f})"


def _median(duration: Duration) -> str:
    if not duration.people:
        return "-"
    return f"over {duration.days[-1]:g} d" if duration.median_days is None else f"{duration.median_days:g} d"


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(w) if k < 2 else cell.rjust(w) for k, (cell, w) in enumerate(zip(row, widths, strict=True)))
