"""Licence lists of states about invented people, each with the columns and the oddities of the state's own file."""

import csv
import io
from collections.abc import Iterable

from glabella.providers.fictional.other_files import BIRTH_MARK
from glabella.providers.fictional.people import Invented

KINDS = {"363A": "Physician Assistant", "363L": "Advanced Practice Registered Nurse", "163": "Registered Nurse", "1223": "Dentist"}
NAMES = {
    "licences_WA": "Health_Care_Provider_Credential_Data_20260915.csv",
    "licences_CO": "Professional_and_Occupational_Licenses_20260915.csv",
    "licences_IL": "Professional_Licensing_20260915.csv", "licences_TX": "Texas_Medical_Board_20260915.csv",
    "licences_DE": "Delaware_Licensing_20260915.csv", "licences_CT": "State_Licenses_and_Credentials_20260915.csv",
    "licences_FL": "PROF_ALL_20260915.txt", "licences_MD": "doctor_list_revised_20260915.csv",
    "licences_MD_allied": "allied_health_list_20260915.csv", "actions_NY": "Professional_Medical_Conduct_Board_Actions_20260915.csv",
}  # fmt: skip


def licence_lists(people: Iterable[Invented]) -> dict[str, tuple[str, str]]:
    """Name of the file and text of every list that has anybody, by the name of the list."""
    of_state: dict[str, list[Invented]] = {}
    for one in people:
        of_state.setdefault(one.state, []).append(one)
    found = {}
    for name, file in NAMES.items():
        mine = [one for one in of_state.get(name.split("_")[1], ()) if _belongs(name, one)]
        if mine:
            found[name] = (file, _WRITERS[name](mine))
    return found


def kind_of(one: Invented) -> str:
    """What a state calls the licence."""
    return next((words for begin, words in KINDS.items() if one.code.startswith(begin)), "Physician and Surgeon")


def _belongs(name: str, one: Invented) -> bool:
    physician, nurse = kind_of(one) == "Physician and Surgeon", one.code.startswith(("363L", "163"))
    return {"licences_MD": physician, "licences_MD_allied": not physician, "actions_NY": one.number % 5 == 0 and not nurse}.get(name, True)


def _status(place: int) -> str:
    return "Expired" if place % 6 == 0 else "Active"


def _washington(people: list[Invented]) -> str:
    names = ("CredentialNumber", "LastName", "FirstName", "MiddleName", "CredentialType", "Status", "BirthYear", "CEDueDate",
             "FirstIssueDate", "LastIssueDate", "ExpirationDate", "ActionTaken")  # fmt: skip
    rows = [
        (f"MD.MD.{int(one.licence):08d}", one.last, one.first, "", f"{kind_of(one)} License", _status(place).upper(), BIRTH_MARK[:4], "",
         "20100101", "20240101", "20270930", "Yes" if place % 9 == 0 else "No")
        for place, one in enumerate(people)
    ]  # fmt: skip
    return _table(names, rows)


def _colorado(people: list[Invented]) -> str:
    """One row for each case of discipline, so some people come twice."""
    names = ("lastName", "firstName", "middleName", "suffix", "entityName", "city", "state", "mailZipCode", "licenseType", "licenseNumber",
             "licenseStatusDescription", "licenseExpirationDate", "caseNumber", "programAction")  # fmt: skip
    rows = []
    for place, one in enumerate(people):
        for case in ("", "Stipulation")[: 1 + (place % 7 == 0)]:
            rows.append((one.last, one.first, "", "", "", one.city, one.state, one.zip, kind_of(one), f"DR.{int(one.licence):07d}",
                         _status(place), "2027-04-30T00:00:00.000", case and "2024-1", case))  # fmt: skip
    return _table(names, rows)


def _illinois(people: list[Invented]) -> str:
    names = ("license_type", "description", "license_number", "license_status", "business", "title", "first_name", "middle", "last_name",
             "original_issue_date", "expiration_date", "city", "state", "ever_disciplined")  # fmt: skip
    rows = [
        ("MEDICAL BOARD", f"LICENSED {kind_of(one).upper()}", f"036.{one.licence}", _status(place).upper(), "N", "", one.first, "",
         one.last, "01/01/2010", "07/31/2027", one.city, one.state, "Y" if place % 9 == 0 else "N")
        for place, one in enumerate(people)
    ]  # fmt: skip
    return _table(names, rows)


def _texas(people: list[Invented]) -> str:
    names = ("License Number", "Last Name", "First Name", "License Type", "Registration Status", "License Status", "Birth Year",
             "License Expiration Date", "Disciplinary Status")  # fmt: skip
    rows = [
        (f"K{one.licence}", one.last, one.first, kind_of(one).upper(), _status(place).upper(), "ISSUED", BIRTH_MARK[:4], "05/31/2027",
         "UNDER BOARD ORDER" if place % 9 == 0 else "NONE")
        for place, one in enumerate(people)
    ]  # fmt: skip
    return _table(names, rows)


def _delaware(people: list[Invented]) -> str:
    names = ("last_name", "first_name", "combined_name", "license_no", "profession_id", "license_type", "city", "state", "zip_code",
             "country", "issue_date", "expiration_date", "disciplinary_action", "license_status")  # fmt: skip
    rows = [
        (one.last, one.first, f"{one.first} {one.last}", f"C1-{int(one.licence):07d}", "1", kind_of(one), one.city, one.state, one.zip,
         "US", "2010-01-01", "2027-03-31T00:00:00.000", "Y" if place % 9 == 0 else "N", _status(place))
        for place, one in enumerate(people)
    ]  # fmt: skip
    return _table(names, rows)


def _connecticut(people: list[Invented]) -> str:
    """One column for the whole name; firms among the people."""
    names = ("credentialid", "name", "type", "businessname", "fullcredentialcode", "credentialnumber", "credentialtype", "credential",
             "status", "statusreason", "issuedate", "expirationdate", "city", "state")  # fmt: skip
    rows = [
        (str(place), f"{one.first} Q {one.last.replace(chr(39), '')}", "INDIVIDUAL", "", f"1.{int(one.licence):06d}", one.licence, "PROF",
         kind_of(one).replace(" and ", "/"), "ACTIVE" if place % 6 else "INACTIVE", "", "01/01/2010", "08/31/2027", one.city, one.state)
        for place, one in enumerate(people)
    ]  # fmt: skip
    firm = ("900001", "", "BUSINESS", "INVENTED PHARMACY LLC", "PCY.0000001", "1", "PCY", "PHARMACY", "ACTIVE", "", "", "", "", "CT")
    return _table(names, [firm, *rows])


def _florida(people: list[Invented]) -> str:
    """Bars between values, one more at the end of every record, nothing quoted, a stray quote in a name."""
    names = ("pro_cde", "Profession-Name", "lic_id", "License-Number", "Expire-Date", "License-Status-Description", "Last-Name",
             "First-Name", "Mailing-Address-Line1", "Board-Action-Indicator")  # fmt: skip
    lines = ["|".join(names)]
    lines.append('1501|Medical Doctor|1|ME1|01/31/2028|CLEAR|NOBODY|"QUOTED|1 FICTION ST MAILING-ONLY|N|')
    for place, one in enumerate(people):
        kind = kind_of(one).replace("Physician and Surgeon", "Medical Doctor")
        status = "DELINQUENT ACTIVE" if place % 6 == 0 else "CLEAR ACTIVE"
        values = ("1501", kind, str(place), f"ME{one.licence}", "01/31/2028", status, one.last, one.first, "PO BOX 1 MAILING-ONLY")
        lines.append("|".join((*values, "Y" if place % 9 == 0 else "N", "")))
    return "\n".join((*lines, ""))


def _maryland(people: list[Invented]) -> str:
    """Rows of a title before the header, and one row for each field of practice."""
    names = ("License #", "Last Name", "First Name", "License Status", "Expiration Date", "Discipline", "Area of Practice")
    rows = []
    for place, one in enumerate(people):
        for field in ("Invented A", "Invented B")[: 1 + place % 2]:
            rows.append((f"D{int(one.licence):07d}", one.last, one.first, "Active", "9/30/2027", "Y" if place % 9 == 0 else "N", field))
    return "Maryland Board of Physicians\n09/01/2026\n" + _table(names, rows)


def _maryland_allied(people: list[Invented]) -> str:
    names = ("Profession", "License #", "Last Name", "First Name", "Status", "Expire Date", "Discipline")
    rows = [
        (kind_of(one), f"C{int(one.licence):07d}", one.last, one.first, _status(place), "9/30/2027", "N")
        for place, one in enumerate(people)
    ]
    return "Maryland Board of Physicians\n" + _table(names, rows)


def _new_york(people: list[Invented]) -> str:
    """What the board did, with a row about somebody without a licence and the birth year of everybody."""
    names = ("Last Name", "First Name", "Middle Name", "Name Suffix", "Address", "License Number", "License Type", "Year of Birth",
             "Effective Date", "Action", "Misconduct Description", "Date Updated")  # fmt: skip
    rows = [("NOBODY", "NO", "", "", "", "000000", "MD", BIRTH_MARK[:4], "01/02/2001", "Order", "Invented", "01/02/2001")]
    for one in people:
        kind = {"Physician Assistant": "PA"}.get(kind_of(one), "MD")
        rows.append((one.last, one.first, "", "", "", f"{int(one.licence):06d}", kind, BIRTH_MARK[:4], "03/04/2015",
                     "Censure and reprimand", "Invented description", "03/05/2015"))  # fmt: skip
    return _table(names, rows)


def _table(names: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(list(names))
    writer.writerows([list(row) for row in rows])
    return text.getvalue()


_WRITERS = {
    "licences_WA": _washington, "licences_CO": _colorado, "licences_IL": _illinois, "licences_TX": _texas, "licences_DE": _delaware,
    "licences_CT": _connecticut, "licences_FL": _florida, "licences_MD": _maryland, "licences_MD_allied": _maryland_allied,
    "actions_NY": _new_york,
}  # fmt: skip
