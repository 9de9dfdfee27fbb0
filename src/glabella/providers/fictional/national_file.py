"""The national file: its 330 columns in order, and records as they are published, all values quoted."""

from collections.abc import Iterable, Iterator

from glabella.providers.fictional.people import Invented

MAILING_MARK = "MAILING-ONLY"  # in every mailing address, so that a test can look for it in the database
PARTS = ("City Name", "State Name", "Postal Code", "Country Code (If outside U.S.)", "Telephone Number", "Fax Number")


def columns() -> list[str]:
    """Names of all columns in the order of the file (facts of the layout in use since 2025)."""
    names = ["NPI", "Entity Type Code", "Replacement NPI", "Employer Identification Number (EIN)"]
    names += ["Provider Organization Name (Legal Business Name)", "Provider Last Name (Legal Name)"]
    names += [f"Provider {part}" for part in ("First Name", "Middle Name", "Name Prefix Text", "Name Suffix Text", "Credential Text")]
    names += ["Provider Other Organization Name", "Provider Other Organization Name Type Code"]
    names += [f"Provider Other {part}" for part in ("Last Name", "First Name", "Middle Name", "Name Prefix Text", "Name Suffix Text")]
    names += ["Provider Other Credential Text", "Provider Other Last Name Type Code"]
    for kind in ("Mailing", "Practice Location"):
        names += [f"Provider {line} Line Business {kind} Address" for line in ("First", "Second")]
        names += [f"Provider Business {kind} Address {part}" for part in PARTS]
    names += [
        "Provider Enumeration Date",
        "Last Update Date",
        "NPI Deactivation Reason Code",
        "NPI Deactivation Date",
        "NPI Reactivation Date",
    ]
    names += ["Provider Sex Code"]
    names += [f"Authorized Official {part}" for part in ("Last Name", "First Name", "Middle Name", "Title or Position", "Telephone Number")]
    for number in range(1, 16):
        names += [f"Healthcare Provider Taxonomy Code_{number}", f"Provider License Number_{number}"]
        names += [f"Provider License Number State Code_{number}", f"Healthcare Provider Primary Taxonomy Switch_{number}"]
    for number in range(1, 51):
        names += [f"Other Provider Identifier{part}_{number}" for part in ("", " Type Code", " State", " Issuer")]
    names += ["Is Sole Proprietor", "Is Organization Subpart", "Parent Organization LBN", "Parent Organization TIN"]
    names += [f"Authorized Official {part} Text" for part in ("Name Prefix", "Name Suffix", "Credential")]
    names += [f"Healthcare Provider Taxonomy Group_{number}" for number in range(1, 16)]
    return [*names, "Certification Date"]


def header_line() -> str:
    """The header as published."""
    return quoted(columns())


def quoted(values: Iterable[str]) -> str:
    """One line; quotes inside values become apostrophes, as the publisher does it."""
    return '"' + '","'.join(value.replace('"', "'") for value in values) + '"\n'


def lines(people: Iterable[Invented]) -> Iterator[str]:
    """A line for each."""
    for one in people:
        yield _ended(one) if one.deactivated and not one.reactivated else _line(one)


def _us(day: tuple[int, int, int]) -> str:
    year, month, number = day
    return f"{month:02d}/{number:02d}/{year}"


def _ended(one: Invented) -> str:
    """Of a number that is no longer in use only the number and the day are published."""
    year, month, day = one.enumerated
    return quoted([one.npi, *[""] * 38, _us((min(2026, year + 3), month, day)), *[""] * 290])


def _line(one: Invented) -> str:
    person = one.entity == "1"
    street = f"{one.number} {one.street} ST"
    mailing = street if one.alone and one.at_home else f"PO BOX {one.number} {MAILING_MARK}"
    phone = f"55501{one.number % 100:02d}000"[:10]
    values = [
        one.npi, one.entity, "", "" if person else "<UNAVAIL>", "" if person else f"{one.last} INVENTED CLINIC LLC",
        one.last if person else "",
        one.first if person else "", "", "", "", one.credential, *[""] * 9,
        mailing, "", one.city, one.state, f"{one.zip}0000", "US", "9995550199", "",
        street, "STE 100" if one.number % 3 == 0 else "", one.city, one.state, f"{one.zip}{one.number:04d}"[:9], "US", phone, "",
        _us(one.enumerated), _us((one.updated_year, *one.enumerated[1:])), "",
        _us((2015, *one.enumerated[1:])) if one.reactivated else "", _us((2016, *one.enumerated[1:])) if one.reactivated else "",
        ("F" if one.number % 2 else "M") if person else "", *[""] * 5,
        one.code, one.licence if person else "", one.state if person else "", "Y",
    ]  # fmt: skip
    if one.second_code:
        values += [one.second_code, f"{one.licence}7", one.state, "N"]
    values += [""] * (307 - len(values))
    values += [("Y" if one.alone else "N") if person else ""]
    return quoted([*values, *[""] * 21, "03/01/2024"])
