"""All files of an invented country's registry into a folder, under the names that the publishers give them."""

import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from glabella.providers.fictional import national_file, other_files
from glabella.providers.fictional.licence_lists import licence_lists
from glabella.providers.fictional.people import Invented, invent
from glabella.providers.tables import specialty_of

NATIONAL = "npidata_pfile_20050523-20260913.csv"
SECOND = "pl_pfile_20050523-20260913.csv"
SHARE_SECOND, SHARE_EXCLUDED, SHARE_REPORTED = 8, 200, 150  # every so many


@dataclass(frozen=True)
class Written:
    """Paths of the files by source; ``excluded`` and ``reported`` are the numbers that no search may show."""

    files: dict[str, Path]
    excluded: tuple[str, ...]
    reported: tuple[str, ...]

    @property
    def paths(self) -> list[Path]:
        """All files."""
        return list(self.files.values())


def write_files(folder: Path, count: int = 20_000, seed: int = 7, *, zipped: bool = True, often: float = 1.0) -> Written:
    """``count`` invented records of the national file and everything that belongs to them; ``often`` as in ``invent``."""
    folder.mkdir(parents=True, exist_ok=True)
    everybody = list(invent(count, seed, often=often))
    ours = [one for one in everybody if one.is_person and specialty_of(one.code) is not None]
    excluded, reported = ours[:: len(ours) // max(1, len(ours) // SHARE_EXCLUDED)], ours[1::SHARE_REPORTED]
    doctors = [one for one in ours if one.code.startswith("20")]
    files = {
        "claims_2022": ("MUP_PHY_R24_P05_V10_D22_Prov_Svc.csv", other_files.claims(ours, seed, 2022).encode("cp1252")),
        "claims_2023": ("MUP_PHY_R25_P05_V20_D23_Prov_Svc.csv", other_files.claims(ours, seed, 2023).encode("cp1252")),
        "exclusions": ("UPDATED.csv", other_files.exclusions(excluded, ours[2:12]).encode()),
        "clinicians": ("DAC_NationalDownloadableFile.csv", other_files.clinicians(doctors).encode()),
        "opt_outs": ("OptOut_2026-09-01.csv".replace("-", ""), other_files.opt_outs(doctors[::11]).encode()),
        "zip_centres": ("2021_Gaz_zcta_national.txt", other_files.gazetteer().encode()),
        "deactivations": ("NPPES_Deactivated_NPI_Report_091426_V2.xlsx", other_files.deactivations(reported)),
    }  # fmt: skip
    files |= {source: (name, text.encode()) for source, (name, text) in licence_lists(ours).items()}
    paths = {}
    for source, (name, content) in files.items():
        paths[source] = folder / name
        paths[source].write_bytes(content)
    second = other_files.second_places(ours[::SHARE_SECOND])
    paths["national"] = _national(folder, everybody, second, zipped)
    if not zipped:
        paths["second_places"] = folder / SECOND
        paths["second_places"].write_text(second)
    return Written(paths, tuple(one.npi for one in excluded), tuple(one.npi for one in reported))


def write_records(path: Path, people: Iterable[Invented]) -> None:
    """The national file alone, as text, whole or a week by its name."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write(national_file.header_line())
        written = national_file.lines(people)
        while some := "".join(islice(written, 2000)):
            stream.write(some)


def _national(folder: Path, everybody: list[Invented], second: str, zipped: bool) -> Path:
    if not zipped:
        write_records(folder / NATIONAL, everybody)
        return folder / NATIONAL
    path = folder / "NPPES_Data_Dissemination_September_2026_V2.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open(NATIONAL, "w", force_zip64=True) as stream, io.TextIOWrapper(stream, "utf-8", newline="") as text:
            text.write(national_file.header_line())
            text.writelines(national_file.lines(everybody))
        archive.writestr(NATIONAL.replace(".csv", "_fileheader.csv"), national_file.header_line())
        archive.writestr(SECOND, second)
        archive.writestr(
            "othername_pfile_20050523-20260913.csv",
            '"NPI","Provider Other Organization Name","Provider Other Organization Name Type Code"\n',
        )
        archive.writestr("NPPES_Data_Dissemination_Readme.txt", "invented")
    return path
