"""The other public files about invented people, with the oddities that the real ones have."""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

import numpy as np

from glabella.providers.centres import shipped_rows
from glabella.providers.fictional.people import Invented

CLAIM_COLUMNS = (
    "Rndrng_NPI", "Rndrng_Prvdr_Last_Org_Name", "Rndrng_Prvdr_First_Name", "Rndrng_Prvdr_MI", "Rndrng_Prvdr_Crdntls", "Rndrng_Prvdr_Ent_Cd",
    "Rndrng_Prvdr_St1", "Rndrng_Prvdr_St2", "Rndrng_Prvdr_City", "Rndrng_Prvdr_State_Abrvtn", "Rndrng_Prvdr_State_FIPS",
    "Rndrng_Prvdr_Zip5", "Rndrng_Prvdr_RUCA", "Rndrng_Prvdr_RUCA_Desc", "Rndrng_Prvdr_Cntry", "Rndrng_Prvdr_Type",
    "Rndrng_Prvdr_Mdcr_Prtcptg_Ind", "HCPCS_Cd", "HCPCS_Desc", "HCPCS_Drug_Ind", "Place_Of_Srvc", "Tot_Benes", "Tot_Srvcs",
    "Tot_Bene_Day_Srvcs", "Avg_Sbmtd_Chrg", "Avg_Mdcr_Alowd_Amt", "Avg_Mdcr_Pymt_Amt", "Avg_Mdcr_Stdzd_Amt",
)  # fmt: skip
EXCLUSION_COLUMNS = (
    "LASTNAME", "FIRSTNAME", "MIDNAME", "BUSNAME", "GENERAL", "SPECIALTY", "UPIN", "NPI", "DOB", "ADDRESS", "CITY", "STATE", "ZIP",
    "EXCLTYPE", "EXCLDATE", "REINDATE", "WAIVERDATE", "WVRSTATE",
)  # fmt: skip
CLINICIAN_COLUMNS = (
    "NPI", "Ind_PAC_ID", "Ind_enrl_ID", "Provider Last Name", "Provider First Name", "gndr", "Cred", "Med_sch", "Grd_yr", "pri_spec",
    "sec_spec_1", "Facility Name", "org_pac_id", "adr_ln_1", "City/Town", "State", "ZIP Code", "Telephone Number",
)  # fmt: skip
SECOND_COLUMNS = (
    "NPI", "Provider Secondary Practice Location Address- Address Line 1", "Provider Secondary Practice Location Address-  Address Line 2",
    "Provider Secondary Practice Location Address - City Name", "Provider Secondary Practice Location Address - State Name",
    "Provider Secondary Practice Location Address - Postal Code",
    "Provider Secondary Practice Location Address - Country Code (If outside U.S.)",
    "Provider Secondary Practice Location Address - Telephone Number", "Provider Secondary Practice Location Address - Telephone Extension",
    "Provider Practice Location Address - Fax Number",
)  # fmt: skip
BIRTH_MARK = "19610203"  # every birth day in the fictional files, so that a test can look for it in the database
TREATING = ("207N", "2084", "2081", "207Y", "207W", "363L")


def claims(people: Iterable[Invented], seed: int, year: int) -> str:
    """Medicare counts: drug and procedure of the same visits, at two places of service, beside visits that are no treatments."""
    rng = np.random.default_rng([seed, year])
    rows = []
    for one in people:
        rows.append(_claim(one, "99213", "N", "O", 240, 260))
        if not one.code.startswith(TREATING) or rng.random() < 0.5:
            continue
        days = int(rng.integers(11, 400))
        procedure = "64615" if one.code.startswith("2084") else "64612"
        rows.append(_claim(one, "J0585", "Y", "O", days * 120, days))
        rows.append(_claim(one, procedure, "N", "O", days, days))
        if rng.random() < 0.2:
            rows.append(_claim(one, procedure, "N", "F", 15, 15))
    return _table(CLAIM_COLUMNS, rows)


def _claim(one: Invented, code: str, drug: str, place: str, services: int, days: int) -> tuple[str, ...]:
    return (
        one.npi, one.last, one.first, "", one.credential, "I", f"{one.number} {one.street} ST", "", one.city, one.state, "27", one.zip, "1",
        "Metropolitan", "US", "Invented", "Y", code, "Café visit, invented", drug, place, str(max(11, days // 2)), str(services), str(days),
        "100", "80", "60", "60",
    )  # fmt: skip


def exclusions(excluded: Sequence[Invented], namesakes: Sequence[Invented]) -> str:
    """Excluded people by number, businesses without one, and people without a number who share a name with somebody else."""
    rows = [("", "", "", "INVENTED HOME CARE LLC", "OTHER BUSINESS", "", "", "0000000000", "", "1 FICTION ST", "NOWHERE", "MN", "55901",
             "1128b8", "20190320", "00000000", "00000000", "")]  # fmt: skip
    for one in excluded:
        rows.append((one.last[:20], one.first, "", "", "INDIVIDUAL", "PHYSICIAN", "", one.npi, BIRTH_MARK, "2 FICTION ST", one.city,
                     one.state, one.zip, "1128a1", "20200119", "00000000", "00000000", ""))  # fmt: skip
    for one in namesakes:
        rows.append((one.last[:20], one.first, "", "", "INDIVIDUAL", "PHYSICIAN", "", "0000000000", BIRTH_MARK, "3 FICTION ST", one.city,
                     one.state, one.zip, "1128a1", "20200119", "00000000", "00000000", ""))  # fmt: skip
    return _table(EXCLUSION_COLUMNS, rows)


def clinicians(people: Iterable[Invented]) -> str:
    """Year of school; two addresses for some, no year for others."""
    rows = []
    for place, one in enumerate(people):
        year = "" if place % 7 == 0 else str(max(1955, one.enumerated[0] - 1 - one.number % 20))
        for _ in range(1 + (place % 5 == 0)):
            rows.append((one.npi, str(place), "", one.last, one.first, "F", one.credential, "OTHER", year, "INVENTED", "",
                         "INVENTED CLINIC", "", f"{one.number} {one.street} ST", one.city, one.state, one.zip, ""))  # fmt: skip
    return _table(CLINICIAN_COLUMNS, rows)


def opt_outs(people: Iterable[Invented]) -> str:
    """Opt-out affidavits."""
    names = ("First Name", "Last Name", "NPI", "Specialty", "Optout Effective Date", "Optout End Date", "Eligible to Order and Refer")
    return _table(names, [(one.first, one.last, one.npi, "Invented", "01/01/2024", "01/01/2028", "Y") for one in people])


def second_places(people: Iterable[Invented]) -> str:
    """A second practice place a few ZIP codes away."""
    zips = [f"{code:05d}" for code, *_ in shipped_rows()]
    at = {code: place for place, code in enumerate(zips)}
    rows = []
    for one in people:
        other = zips[min(at[one.zip] + 2, len(zips) - 1)]
        rows.append((one.npi, f"{one.number} SECOND ST", "", f"{one.city} BRANCH", one.state, f"{other}1234", "US", "5550100000", "", ""))
    return _table(SECOND_COLUMNS, rows, csv.QUOTE_ALL)


def gazetteer() -> str:
    """A few ZIP centres with the wide columns of the Gazetteer, one at 0,0."""
    lines = ["GEOID\tALAND\tAWATER\tALAND_SQMI\tAWATER_SQMI\tINTPTLAT\tINTPTLONG                "]
    for code, _, latitude, longitude in shipped_rows():
        if 55901 <= code <= 55906:
            lines.append(f"{code:05d}\t1\t1\t1\t1\t{latitude:.6f}\t{longitude:.6f}             ")
    return "\n".join([*lines, "55999\t1\t1\t1\t1\t0\t0", ""])


def deactivations(people: Iterable[Invented]) -> bytes:
    """The report as a workbook with a title row, as published: one sheet, texts in the cells."""
    rows = [["NPPES Deactivated NPI Report as of Sep 14 2026"], ["NPI", "NPPES Deactivation Date"]]
    rows += [[one.npi, "09/01/2026"] for one in people]
    cells = "".join(
        f'<row r="{number}">'
        + "".join(f'<c r="{chr(65 + place)}{number}" t="inlineStr"><is><t>{escape(value)}</t></is></c>' for place, value in enumerate(row))
        + "</row>"
        for number, row in enumerate(rows, 1)
    )
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("xl/workbook.xml"), f'<workbook xmlns="{space}"/>')
        archive.writestr(
            zipfile.ZipInfo("xl/worksheets/sheet1.xml"), f'<worksheet xmlns="{space}"><sheetData>{cells}</sheetData></worksheet>'
        )
    return held.getvalue()


def _table(names: Sequence[str], rows: Iterable[Sequence[str]], quoting: int = csv.QUOTE_MINIMAL) -> str:
    text = io.StringIO()
    writer = csv.writer(text, quoting=quoting, lineterminator="\n")  # type: ignore[arg-type]
    writer.writerow(names)
    writer.writerows(rows)
    return text.getvalue()
