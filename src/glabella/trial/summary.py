"""A block of people reduced to counts and sums: small, and added up in the order of the blocks, so that sums are the same bit by bit."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass

import numpy as np

from glabella.evidence.parameters import stream
from glabella.population.block import MILD, ONSET_DAYS, Block
from glabella.population.endpoints import ENDPOINTS, FAILURES, LATER, RESPONSE_DAY

KEYS = tuple((endpoint, rater) for endpoint, raters in ENDPOINTS.items() for rater in raters)
RESPONSE_FROM_DAYS = 28.0  # duration is that of people who respond at the first visit this long after the last session


@dataclass(frozen=True, eq=False)
class Attendance:
    """Who came (people, visits), and who had not yet left the trial."""

    came: np.ndarray
    stays: np.ndarray


@dataclass(frozen=True, eq=False)
class BlockSummary:
    """Counts and sums over some of the people of one arm; rows of the first axis are ``KEYS`` where there is one.

    ``met``, ``counted`` (keys, visits): who met an endpoint, of how many. ``strain`` (3, visits): people seen, sum and sum of squares of
    the share of strain lost. ``noticed`` (onset days,): who had noticed an effect by then. ``responded`` (keys,), ``lost`` and ``left``
    (keys, visits): who responded when duration begins to count, whose response was gone, and who was last seen, at each visit.
    """

    people: int
    women: int
    severe: int
    age_years: float
    met: np.ndarray
    counted: np.ndarray
    strain: np.ndarray
    noticed: np.ndarray
    responded: np.ndarray
    lost: np.ndarray
    left: np.ndarray

    @property
    def responder_share(self) -> np.ndarray:
        """Share (keys, visits) of those counted who met an endpoint."""
        return self.met / np.maximum(self.counted, 1)

    @property
    def strain_share(self) -> np.ndarray:
        """Mean over people (visits,) of the share of strain lost."""
        return self.strain[1] / np.maximum(self.strain[0], 1)

    @property
    def noticed_share(self) -> np.ndarray:
        """Share of people (onset days,) who had noticed an effect."""
        return self.noticed / self.people

    @property
    def keeping_share(self) -> np.ndarray:
        """Share (keys, visits) of those who responded who still do, after Kaplan and Meier."""
        curves = (kaplan_meier(int(n), lost, left) for n, lost, left in zip(self.responded, self.lost, self.left, strict=True))
        return np.array(list(curves))

    def __add__(self, other: "BlockSummary") -> "BlockSummary":
        return BlockSummary(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


def attend(days: np.ndarray, people: int, seed: int, block: int, missed_share: float, leave_per_day: float) -> Attendance:
    """Who comes to which visit: people leave at a constant rate, and those who stay miss some visits."""
    leaves = stream(seed, "leaves", block).exponential(1.0, people) / max(leave_per_day, 1e-300)
    comes = stream(seed, "comes", block).random((people, len(days))) >= missed_share
    stays = leaves[:, None] > days
    return Attendance(stays & comes, stays)


def summarise_block(
    block: Block, found: Mapping[tuple[str, str], np.ndarray], days: np.ndarray, attendance: Attendance, missing: str,
    last_session_day: float, people: int,
) -> BlockSummary:  # fmt: skip
    """Counts of the first ``people`` of a block; ``found``: who meets which endpoint at which visit, had all come."""
    came = attendance.came[:people]
    met = {key: value[:people] for key, value in found.items()}
    nobody_left_out = missing == "non_response"
    counted = np.full(len(days), people) if nobody_left_out else came.sum(0)
    for endpoint, rater in KEYS:
        if endpoint in LATER:
            met[endpoint, rater] = _maintained(met[MILD, rater], came, days, nobody_left_out)
    by_key = [(met[key] & came) | (~came if nobody_left_out and key[0] in FAILURES else False) for key in KEYS]
    duration = [_follow_response(met[key] ^ (key[0] in FAILURES), came, days - last_session_day) for key in KEYS]
    reduction = np.where(came, block.strain_reduction[:people], 0.0)
    noticed = np.maximum.accumulate(block.onset_reduction[:people], axis=1) >= block.notices[:people, None]
    return BlockSummary(
        people,
        int((~block.people.male[:people]).sum()),
        int((block.entry_grades["investigator"][:people] == 3).sum()),
        float(block.people.age_years[:people].sum()),
        np.array([value.sum(0) for value in by_key]),
        np.tile(counted, (len(KEYS), 1)),
        np.array([came.sum(0), reduction.sum(0), (reduction**2).sum(0)]),
        noticed.sum(0),
        np.array([responded for responded, _, _ in duration]),
        np.array([lost for _, lost, _ in duration]),
        np.array([left for _, _, left in duration]),
    )


def _maintained(mild: np.ndarray, came: np.ndarray, days: np.ndarray, must_come: bool) -> np.ndarray:
    """Still mild at every visit from the first that counts on; a visit not made breaks that only where it counts as no response."""
    first = np.flatnonzero(days >= RESPONSE_DAY)
    maintained = np.ones_like(mild)
    maintained[:, first] = np.logical_and.accumulate((mild & came if must_come else mild | ~came)[:, first], axis=1)
    return maintained


def _follow_response(holds: np.ndarray, came: np.ndarray, days: np.ndarray) -> tuple[int, np.ndarray, np.ndarray]:
    """Number who respond at the first visit that counts; of these, per visit, who is first found without response, and who was last seen
    with it. A visit not made tells nothing: the loss is recorded at the next."""
    lost, left = np.zeros(len(days), int), np.zeros(len(days), int)
    later = np.flatnonzero(days >= RESPONSE_FROM_DAYS)
    if not len(later):
        return 0, lost, left
    start = later[0]
    who = holds[:, start] & came[:, start]
    seen, gone = came[who, start:], came[who, start:] & ~holds[who, start:]
    loses = gone.any(1)
    np.add.at(lost, start + gone[loses].argmax(1), 1)
    last = seen.shape[1] - 1 - seen[~loses, ::-1].argmax(1)
    np.add.at(left, start + last, 1)
    return int(who.sum()), lost, left


def kaplan_meier(responded: int, lost: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Share (visits,) who still respond, from those who lost the response and those last seen with it at each visit."""
    return np.cumprod(1 - lost / np.maximum(_at_risk(responded, lost, left), 1))


def kaplan_meier_error(responded: int, lost: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Standard error (visits,) of that share by Greenwood's formula; 0 where all respond or nobody does."""
    at_risk = _at_risk(responded, lost, left)
    share = np.cumprod(1 - lost / np.maximum(at_risk, 1))
    terms = np.divide(lost, at_risk * (at_risk - lost), out=np.zeros(len(lost)), where=at_risk > lost)
    return share * np.sqrt(np.cumsum(terms))


def _at_risk(responded: int, lost: np.ndarray, left: np.ndarray) -> np.ndarray:
    """People (visits,) who still respond and are still seen just before each visit."""
    return responded - np.concatenate([[0], np.cumsum(lost + left)[:-1]])


def median_day(days: np.ndarray, share: np.ndarray, half: float = 0.5) -> float | None:
    """First day on which at most half are left; None if that does not happen."""
    reached = np.flatnonzero(share <= half)
    return float(days[reached[0]]) if len(reached) else None


__all__ = [
    "KEYS", "ONSET_DAYS", "Attendance", "BlockSummary", "attend", "kaplan_meier", "kaplan_meier_error", "median_day", "summarise_block",
]  # fmt: skip
