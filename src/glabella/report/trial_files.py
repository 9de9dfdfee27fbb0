"""The files of a trial: JSON, Parquet and a figure. All are made before the first is written, and each is written whole."""

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glabella.errors import InputError
from glabella.files import check_folder, write_file
from glabella.outcome import FRAME, outcome_text
from glabella.report.trial import draw_power, draw_responders
from glabella.trial.result import TrialResult
from glabella.trial.summary import KEYS

if TYPE_CHECKING:
    from glabella.trial.power import PowerResult

DATA, TABLE, PICTURE = "trial.json", "trial.parquet", "responders"


def check_trial_folder(folder: str | Path) -> Path:
    """Make sure, before any computing, that the files can be made and written to ``folder``."""
    _pyarrow()
    return check_folder(folder)


def write_trial(result: TrialResult, folder: str | Path) -> list[Path]:
    """Write trial.json, trial.parquet and responders.png and .svg into ``folder``; files of these names are replaced."""
    folder = check_trial_folder(folder)
    png, svg = draw_responders(result)
    return write_files(folder, {
        DATA: outcome_text(result.to_json()), TABLE: parquet(result), f"{PICTURE}.png": png, f"{PICTURE}.svg": svg,
    })  # fmt: skip


def write_power(result: "PowerResult", folder: str | Path) -> list[Path]:
    """Write power.json, power.png and power.svg into ``folder``; files of these names are replaced."""
    png, svg = draw_power(result)
    return write_files(check_folder(folder), {"power.json": outcome_text(result.to_json()), "power.png": png, "power.svg": svg})


def write_files(folder: Path, made: Mapping[str, str | bytes]) -> list[Path]:
    """Write files that are made already, into a folder that is made where it is missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"output folder {folder}: cannot be made ({reason}); give --out a folder you may write to") from None
    for name, content in made.items():
        write_file(folder / name, content, "file")
    return [folder / name for name in made]


def parquet(result: TrialResult) -> bytes:
    """The result as one long table: one number per row, with its band; of a median, where the band of its curve crosses half."""
    pyarrow = _pyarrow()
    from pyarrow import parquet as writer

    notes = {
        "watermark": result.watermark, "frame": FRAME, "name": result.trial.name, "seed": str(result.seed), "version": result.version,
        "parameters_sha256": result.parameters_sha256, "band": result.band,
    }  # fmt: skip
    table = pyarrow.Table.from_pylist(list(_rows(result))).replace_schema_metadata(notes)
    file = io.BytesIO()
    writer.write_table(table, file)
    return file.getvalue()


def _rows(result: TrialResult) -> Iterator[dict[str, Any]]:
    for found in result.arms:
        arm = found.arm
        who = {"arm": arm.name, "product": arm.product, "indication": arm.indication, "dose_units": arm.dose_units}

        def row(
            quantity: str, value: float | None, people: int, name: str = "", rater: str = "", day: float | None = None,
            low: float | None = None, high: float | None = None, who: dict[str, Any] = who,
        ) -> dict[str, Any]:  # fmt: skip
            value, low, high, day = (None if number is None else float(number) for number in (value, low, high, day))
            return {
                **who, "quantity": quantity, "name": name, "rater": rater, "day": day, "value": value, "low": low, "high": high,
                "people": int(people),
            }  # fmt: skip

        summary = found.summary
        for key, (endpoint, rater) in enumerate(KEYS):
            rate, duration = result.responders(arm.name, endpoint, rater), result.duration(arm.name, endpoint, rater)
            for k, day in enumerate(result.days):
                people = summary.counted[key, k]
                yield row("responder_percent", rate.percent[k], people, endpoint, rater, day, rate.low[k], rate.high[k])
                if duration.days[k] >= 0:
                    yield row(
                        "still_responding_percent", duration.percent[k], duration.people, endpoint, rater, duration.days[k],
                        duration.low[k], duration.high[k],
                    )  # fmt: skip
            medians = duration.median_low_days, duration.median_high_days
            yield row("duration_median_days", duration.median_days, duration.people, endpoint, rater, None, *medians)
        strain = result.strain_reduction(arm.name)
        for k, day in enumerate(result.days):
            people = summary.strain[0, k]
            yield row("strain_reduction_percent", strain.percent[k], people, "", "", day, strain.low[k], strain.high[k])
        onset = result.onset(arm.name)
        for day, *share in zip(onset.days, onset.percent, onset.low, onset.high, strict=True):
            yield row("onset_percent", share[0], summary.people, "", "subject", day, *share[1:])
        medians = onset.median_low_days, onset.median_high_days
        yield row("onset_median_days", onset.median_days, summary.people, "", "subject", None, *medians)
        for effect in found.unwanted:
            yield row("side_effect_percent", effect.percent, summary.people, effect.effect, "", None, effect.low, effect.high)


def _pyarrow() -> Any:
    try:
        import pyarrow
    except ImportError:
        raise InputError("Parquet needs the package pyarrow; install it with: pip install 'glabella[trial]'") from None
    return pyarrow
