"""A trial from what stands on the command line: a file, or one product, and what replaces their settings."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from glabella.errors import InputError
from glabella.evidence.published import DEFAULT, trial_record
from glabella.population.arms import mix_of
from glabella.reading import check_number
from glabella.trial.design import LEAST_SEVERE, MOST_SEVERE, Arm, Trial, check_draws, check_patients, parse_ages, parse_days

INDICATION = "glabellar"


def trial_from_options(
    path: Path | None,
    *,
    product: str | None = None,
    indication: str | None = None,
    dose_units: float | None = None,
    patients: int | None = None,
    seed: int | None = None,
    visits: str | None = None,
    severe: float | None = None,
    female: float | None = None,
    age: str | None = None,
    draws: int | None = None,
) -> Trial:
    """The trial of a file or of one product's arm beside placebo; an option that is given replaces the setting of its name."""
    one_arm = {"--product": product, "--indication": indication, "--dose": dose_units}
    if path is not None:
        named = [option for option, value in one_arm.items() if value is not None]
        if named:
            raise InputError(f"{named[0]} beside {path}: the file names the arms; leave {named[0]} out")
        trial = Trial.read(path)
    elif product is None:
        raise InputError("trial: neither TRIAL.toml nor --product is given; give one, such as --product onabotulinumtoxinA")
    else:
        arm = Arm.label(product, indication or INDICATION, dose_units)
        trial = Trial(f"{arm.name} against placebo", (arm,), mix=mix_of(trial_record(DEFAULT)))
    mix = trial.mix
    if severe is not None:
        mix = replace(mix, severe_share=check_number(severe, "--severe", at_least=LEAST_SEVERE, at_most=MOST_SEVERE))
    if female is not None:
        mix = replace(mix, female_share=check_number(female, "--female", at_least=0, at_most=1))
    if age is not None:
        least, most = parse_ages(age, "--age")
        mix = replace(mix, least_age_years=least, most_age_years=most)
    arms = trial.arms if patients is None else tuple(replace(arm, patients=None) for arm in trial.arms)
    return replace(
        trial,
        arms=arms,
        mix=mix,
        patients=trial.patients if patients is None else check_patients(patients, "--patients"),
        seed=trial.seed if seed is None else seed,
        visit_days=trial.visit_days if visits is None else parse_days(visits, "--visits"),
        draws=trial.draws if draws is None else check_draws(draws, "--draws"),
    )


def check_together(power: bool, path: Path | None, given: Mapping[str, object]) -> None:
    """Options that say nothing beside ``--power``, beside each other or without it are errors."""
    named = {option for option, value in given.items() if value is not None}
    if power and path is None:
        raise InputError("--power: needs TRIAL.toml with a [power] table, see examples/trial.toml; give the file")
    if power and named & {"--scheduler", "--endpoint"}:
        option = min(named & {"--scheduler", "--endpoint"})
        raise InputError(f"{option} beside --power: the [power] table says what is asked, and it is computed here; leave {option} out")
    if {"--scheduler", "--workers"} <= named:
        raise InputError("--workers beside --scheduler: the cluster has workers of its own; leave --workers out")
