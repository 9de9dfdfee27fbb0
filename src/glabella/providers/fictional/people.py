"""People who do not exist. Every surname says so, and every number begins with 2, which the registry has never given out."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from glabella.providers.centres import shipped_rows
from glabella.providers.npi import with_check_digit

FIRST = ("ADA", "BASIL", "CLEO", "DARIO", "EDDA", "FINN", "GITTA", "HUGO", "INES", "JORIS", "KAYA", "LEIF", "MIRA", "NILS", "OLGA", "PAVEL",
         "QUIRIN", "ROSA", "SVEN", "TILDA", "UGO", "VERA", "WIM", "YARA", "ZENO")  # fmt: skip
START = ("MOCK", "SAMPLE", "EXAMPLE", "FICTI", "PLACEHOLD", "INVENT", "IMAGIN", "PRETEND", "FABLE", "TESTER", "DUMMY", "FAUX", "PSEUDO",
         "NOTREAL", "MADEUP", "DEMO")  # fmt: skip
END = ("INGTON", "WOOD", "FORD", "WICZ", "ELLI", "SON", "BERG", "LEY", "MAN", "DOTTIR", "ESCU", "OPOULOS", "QUIST", "HURST", "BY", "'HARA")
STREETS = ("EXAMPLE", "SAMPLE", "FICTION", "PLACEHOLDER", "DEMONSTRATION")
CITIES = {  # a few real names, so that 'City, ST' can be tried; all others are invented
    "559": "ROCHESTER", "554": "MINNEAPOLIS", "551": "SAINT PAUL", "100": "NEW YORK", "606": "CHICAGO", "900": "LOS ANGELES",
    "770": "HOUSTON", "850": "PHOENIX", "191": "PHILADELPHIA", "782": "SAN ANTONIO", "921": "SAN DIEGO", "752": "DALLAS",
    "981": "SEATTLE", "802": "DENVER", "021": "BOSTON", "200": "WASHINGTON", "331": "MIAMI", "303": "ATLANTA", "972": "PORTLAND",
    "995": "ANCHORAGE",
    "968": "HONOLULU", "009": "SAN JUAN",
}  # fmt: skip
# code -> people per hundred thousand records: roughly the mix of the real file
MIX = {
    "207N00000X": 320, "207ND0101X": 40, "207NS0135X": 24, "207NP0225X": 10, "208200000X": 140, "2082S0099X": 8, "2086S0122X": 30,
    "207YS0123X": 16, "207YX0905X": 10, "207YX0007X": 12, "207WX0200X": 16, "2084N0400X": 360, "2084N0008X": 10, "208100000X": 280,
    "2081P2900X": 30, "208VP0014X": 40, "207W00000X": 330, "207Y00000X": 200, "208800000X": 220, "363LF0000X": 3400, "363L00000X": 2200,
    "363A00000X": 2400, "363AM0700X": 1200, "163WS0121X": 6, "207Q00000X": 2600, "207R00000X": 3100, "1223G0001X": 2000,
    "101YM0800X": 7000, "106S00000X": 9000, "225100000X": 6000, "163W00000X": 6600, "183500000X": 6000, "103TC0700X": 2800,
    "104100000X": 6400, "235Z00000X": 4600, "390200000X": 5000, "374U00000X": 2600, "152W00000X": 1200,
}  # fmt: skip
OF_ORGANISATIONS = ("261QM0801X", "332B00000X", "302F00000X", "207N00000X")
ORGANISATIONS, DEACTIVATED, REACTIVATED, SECOND_CODE = 0.20, 0.035, 0.12, 0.25
SPECIALISTS = ("207N", "2082", "2086", "207Y", "207WX", "2084")
CREDENTIALS = {"207": "M.D.", "208": "M.D.", "363L": "APRN", "363A": "PA-C", "163": "RN", "1223": "DDS"}
BATCH = 20_000
IN_CITIES = 0.6  # share of the people in the cities above


@dataclass(frozen=True, slots=True)
class Invented:
    """One record. Days are (year, month, day). ``zip`` as text, ``number`` the street's."""

    npi: str
    entity: str
    last: str
    first: str
    credential: str
    code: str
    second_code: str
    zip: str
    city: str
    state: str
    number: int
    street: str
    licence: str
    enumerated: tuple[int, int, int]
    updated_year: int
    alone: bool
    at_home: bool
    deactivated: bool
    reactivated: bool

    @property
    def is_person(self) -> bool:
        """Not an organisation, and not only a number that is no longer in use."""
        return self.entity == "1" and (not self.deactivated or self.reactivated)


def invent(count: int, seed: int, first: int = 0, *, often: float = 1.0) -> Iterator[Invented]:
    """``count`` records; the same seed and place in the row give the same ones, whatever the count. ``first``: number of the first.

    ``often``: how many times as frequent as in the real file the specialties are that treat with botulinum toxin.
    """
    for start in range(first - first % BATCH, first + count, BATCH):
        batch = _batch(start, np.random.default_rng([seed, start]), often)
        for place, one in enumerate(batch, start):
            if first <= place < first + count:
                yield one


@cache
def _zips() -> tuple[tuple[str, str, str], ...]:
    """ZIP code, city and state; few hundred codes carry half of the people, as towns do."""
    return tuple((f"{code:05d}", CITIES.get(f"{code:05d}"[:3], f"INVENTED {_word(code)}"), state) for code, state, _, _ in shipped_rows())


def _word(code: int) -> str:
    return f"{START[code % 97 % len(START)]}{('VILLE', 'TOWN', 'FALLS', 'CREEK', 'HEIGHTS')[code // 100 % 5]}"


@cache
def _weights() -> np.ndarray:
    """Share of the people in each ZIP code: heavy-tailed, the cities above first."""
    draws = np.random.default_rng(5).pareto(1.3, len(_zips())) + 0.05
    known = np.array([code[:3] in CITIES for code, _, _ in _zips()])
    for own, share in ((known, IN_CITIES), (~known, 1 - IN_CITIES)):
        draws[own] *= share / draws[own].sum()
    return draws


def _batch(start: int, rng: np.random.Generator, often: float) -> Iterator[Invented]:
    codes = tuple(MIX)
    mix = np.array([many * (often if code.startswith(SPECIALISTS) else 1.0) for code, many in MIX.items()])
    places = rng.choice(len(_zips()), BATCH, p=_weights())
    chosen = rng.choice(len(codes), (BATCH, 2), p=mix / mix.sum())
    shares = rng.random((BATCH, 6))
    names = rng.integers(0, [len(FIRST), len(START), len(END), len(STREETS)], (BATCH, 4))
    numbers = rng.integers([1, 10_000, 2005, 1, 1, 2012], [9999, 999_999, 2026, 13, 29, 2026], (BATCH, 6))
    for n in range(BATCH):
        code, city, state = _zips()[places[n]]
        organisation, ended, back, two, alone, home = (float(share) for share in shares[n])
        is_person = organisation >= ORGANISATIONS
        kind = codes[chosen[n, 0]] if is_person else OF_ORGANISATIONS[int(numbers[n, 0]) % len(OF_ORGANISATIONS)]
        f, s, e, t = (int(index) for index in names[n])
        street_number, licence, year, month, day, updated = (int(number) for number in numbers[n])
        deactivated = ended < DEACTIVATED
        yield Invented(
            with_check_digit(str(200_000_000 + start + n)), "1" if is_person else "2", START[s] + END[e], FIRST[f],
            next((words for begin, words in CREDENTIALS.items() if kind.startswith(begin)), "") if is_person else "", kind,
            codes[chosen[n, 1]] if is_person and two < SECOND_CODE else "", code, city, state, street_number, STREETS[t], str(licence),
            (year, month, day), max(year, updated), is_person and alone < 0.3, home < 0.4, deactivated, deactivated and back < REACTIVATED,
        )  # fmt: skip
