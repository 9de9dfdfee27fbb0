"""Writing a report folder, whole or not at all."""

import tempfile
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from glabella.effects_text import effects_document
from glabella.errors import InputError
from glabella.files import check_folder
from glabella.outcome import Outcome, outcome_text
from glabella.report.charts import draw_charts
from glabella.report.faces import draw_dose_on_face, start_faces
from glabella.report.frequencies import draw_frequencies
from glabella.report.page import GENERATOR, render_page
from glabella.report.section import draw_sections
from glabella.report.style import Picture, styled

PAGE, DATA, PICTURES = "report.html", "outcome.json", "pictures"
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class FolderKind:
    """Names in a folder of results, and the mark of the page by which a folder of ours is known; ``more`` files it may hold."""

    page: str
    data: str
    generator: str
    more: tuple[str, ...] = ()


OUTCOME_FOLDER = FolderKind(PAGE, DATA, GENERATOR)


def write_report(outcome: Outcome, folder: str | Path, progress: Progress | None = None) -> Path:
    """Write ``report.html``, ``outcome.json`` and the pictures as PNG into ``folder``; gives the path of the page.

    Everything is written beside ``folder`` and put in its place at the end: after an error or Ctrl-C the folder is as it was.
    An existing folder is replaced only if it is empty or an earlier report. ``progress(what, share)`` is told each step.
    """
    folder = check_report_folder(folder)
    tell = progress or (lambda what, share: None)
    pictures = []
    count = 9 + (len(outcome.scene.sections) + len(outcome.scene.displacement) * len(outcome.scene.picture_days) if outcome.scene else 0)
    with closing(draw_pictures(outcome)) as drawing:
        for picture in drawing:
            pictures.append(picture)
            tell("pictures", min(1.0, len(pictures) / count))
    tell("page", 0.0)
    write_folder(folder, OUTCOME_FOLDER, render_page(outcome, pictures), outcome_text(outcome.to_json()), pictures)
    tell("page", 1.0)
    return folder / PAGE


def write_folder(
    folder: Path, kind: FolderKind, page: str, data: str, pictures: Iterable[Picture], more: Mapping[str, str] | None = None
) -> None:
    """Put page, data, pictures and the text of ``more`` files by name in place of ``folder``, all or nothing."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.", suffix=".partial") as beside:
            new = Path(beside) / "new"
            (new / PICTURES).mkdir(parents=True)
            (new / kind.page).write_text(page, "utf-8")
            for name, text in {kind.data: data, **(more or {})}.items():
                (new / name).write_text(text, "utf-8")
            for picture in pictures:
                (new / PICTURES / f"{picture.name}.png").write_bytes(picture.png)
            _put_in_place(new, folder, Path(beside) / "old")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"output folder {folder}: cannot be written ({reason}); choose a new folder in a place you may write to") from None


def draw_pictures(outcome: Outcome) -> Generator[Picture, None, None]:
    """Every picture of the report, each with its own name. A second thread paints the faces meanwhile."""
    painter = ThreadPoolExecutor(1)
    try:
        faces = start_faces(outcome, painter)
        with styled():
            yield from draw_charts(outcome)
            yield from draw_cuts(outcome)
            frequencies = draw_frequencies(effects_document(outcome)["effects"], outcome.watermark)
            yield from [frequencies] if frequencies else []
            yield from draw_dose_on_face(outcome)
        for face in faces:
            yield face.result()
    finally:
        painter.shutdown(cancel_futures=True)


def draw_cuts(outcome: Outcome) -> Iterable[Picture]:
    """The sections of the scene, if there is one."""
    return draw_sections(outcome.scene, outcome.watermark) if outcome.scene is not None else ()


def check_report_folder(folder: str | Path, kind: FolderKind = OUTCOME_FOLDER) -> Path:
    """Make sure, before any computing, that a report can be put at ``folder``: writable, and new, empty or an earlier report."""
    folder = check_folder(folder).resolve()
    if folder == Path.cwd() or folder in Path.cwd().parents:
        raise InputError(f"output folder {folder}: holds the folder that you are in, and a report replaces it; give --out a new folder")
    if not folder.exists():
        return folder
    foreign = sorted(entry.name for entry in folder.iterdir() if not _is_ours(entry, kind))
    if foreign:
        named = ", ".join(foreign[:3]) + (", ..." if len(foreign) > 3 else "")
        raise InputError(f"output folder {folder}: holds {named}, not written by a report; give --out a new or empty folder")
    return folder


def _is_ours(entry: Path, kind: FolderKind) -> bool:
    if entry.name == kind.page:
        return entry.is_file() and f'content="{kind.generator}"' in entry.read_text("utf-8", errors="replace")[:2000]
    if entry.name == kind.data or entry.name in kind.more:
        return entry.is_file() and (entry.parent / kind.page).is_file()
    if entry.name == PICTURES:
        return entry.is_dir() and (entry.parent / kind.page).is_file() and all(p.suffix == ".png" and p.is_file() for p in entry.iterdir())
    return False


def _put_in_place(new: Path, folder: Path, old: Path) -> None:
    """Rename ``new`` to ``folder``; what was there goes to ``old``, and back again if the second step fails."""
    if not folder.exists():
        new.rename(folder)
        return
    folder.rename(old)
    try:
        new.rename(folder)
    except BaseException:
        old.rename(folder)
        raise


__all__ = ["FolderKind", "check_report_folder", "draw_pictures", "write_folder", "write_report"]
