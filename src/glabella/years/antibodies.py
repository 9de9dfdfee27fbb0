"""Loss of the effect by neutralising antibodies: a rare event, from published counts, the same chance at every session."""

from dataclasses import dataclass

from scipy.stats import beta, gamma

from glabella.evidence.immunogenicity import AntibodyCount, load_antibody_counts

LIMITS = 0.05, 0.95
Band = tuple[float, float, float]


@dataclass(frozen=True)
class AntibodyChance:
    """Chances as (value, low, high), the ends a 90 % interval of the counts; for ``loss_of_effect`` two such intervals multiplied.

    ``observed``: antibodies within ``observed_sessions``, as many of them as were studied. ``antibodies`` and ``loss_of_effect``: over all
    ``sessions``, an extrapolation with the same chance at each. ``basis`` says what the counts are.
    """

    sessions: float
    observed_sessions: int
    observed: Band
    antibodies: Band
    loss_of_effect: Band
    sources: tuple[str, ...]
    basis: str


def antibody_chance(sessions: float) -> AntibodyChance:
    """From the people treated for glabellar lines with a known number of sessions, and the share of all positives who stopped responding.

    Every product takes these counts, since no other tells the sessions of its people; a shorter interval changes nothing but the
    number of sessions, since no figure was found for it.
    """
    counts = load_antibody_counts()
    seen = next(row for row in counts if row.indication == "glabellar" and row.sessions_each is not None and row.most_sessions is not None)
    lost = next(row for row in counts if row.lost_effect is not None)
    most = seen.most_sessions or 1
    rate = antibodies_per_session(seen)
    share = share_that_loses(lost)
    antibodies = _within(rate, sessions)
    basis = (
        f"{seen.positive} of {seen.people} people treated for glabellar lines ({seen.product}, {seen.sessions_each:g} sessions each on "
        f"average, at most {most}) had antibodies at any time and none of them at the end; {lost.lost_effect} of {lost.positive} people "
        f"with antibodies in all indications stopped responding; beyond {most} sessions the same chance at each is assumed; the "
        f"interval of the loss multiplies the ends of both intervals, of getting antibodies and of losing the effect with them"
    )
    loss = tuple(one * other for one, other in zip(share, antibodies, strict=True))
    return AntibodyChance(
        sessions,
        int(min(sessions, most)),
        _within(rate, min(sessions, most)),
        antibodies,
        (loss[0], loss[1], loss[2]),
        (seen.source, lost.source),
        basis,
    )


def antibodies_per_session(seen: AntibodyCount) -> Band:
    """Antibodies per session, with the exact (Poisson) 90 % interval."""
    exposure = seen.people * (seen.sessions_each or 1.0)
    low = float(gamma.ppf(LIMITS[0], seen.positive)) if seen.positive else 0.0
    return seen.positive / exposure, low / exposure, float(gamma.ppf(LIMITS[1], seen.positive + 1)) / exposure


def share_that_loses(lost: AntibodyCount) -> Band:
    """Share of people with antibodies whose treatment stopped working, with the exact (binomial) 90 % interval."""
    count, of = lost.lost_effect or 0, lost.positive
    low = float(beta.ppf(LIMITS[0], count, of - count + 1)) if count else 0.0
    high = float(beta.ppf(LIMITS[1], count + 1, of - count)) if count < of else 1.0
    return count / of, low, high


def _within(rate: Band, sessions: float) -> Band:
    value, low, high = (1 - (1 - each) ** sessions for each in rate)
    return value, low, high
