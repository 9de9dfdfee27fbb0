"""Keeping a page in step with what is asked of it: the newest wish wins, curves first, their bands when there is quiet."""

import asyncio
import datetime
import gzip
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import orjson

from glabella.app.kept import Kept
from glabella.app.months import months_document
from glabella.app.workbench import Cancelled, Result, Workbench
from glabella.errors import GlabellaError
from glabella.patient import Patient
from glabella.plan import Plan

QUIET_SECONDS = 0.6  # without a new wish before bands are computed
BAND_SAMPLES = 40
KEPT_DOCUMENTS, FASTEST = 32, 1
FACE, COURSE, BANDS = "Building the face: some seconds", "Computing", "Computing how sure this is"
T = TypeVar("T")


class Documents:
    """Months documents of the latest results: made once, read by the page's words and, as compressed text, by its pictures."""

    def __init__(self) -> None:
        self._kept: Kept[dict[str, Any]] = Kept(KEPT_DOCUMENTS)
        self._texts: Kept[bytes] = Kept(KEPT_DOCUMENTS)

    def of(self, result: Result, treatment_date: datetime.date | None) -> dict[str, Any]:
        """The document of a result; ``treatment_date`` turns its days into dates."""
        return self._kept.get((result.key, treatment_date), lambda: months_document(result, treatment_date))

    def text_of(self, result: Result, treatment_date: datetime.date | None) -> bytes:
        """The document as JSON, compressed quickly: it never leaves this computer."""

        def write() -> bytes:
            return gzip.compress(orjson.dumps(self.of(result, treatment_date), option=orjson.OPT_SERIALIZE_NUMPY), FASTEST)

        return self._texts.get((result.key, treatment_date), write)


@dataclass(frozen=True)
class Hands:
    """Threads that do the work of all pages: two for what someone waits for, one each for bands, for what takes long, and for the file."""

    quick: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(2, "glabella-quick"))
    slow: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "glabella-slow"))
    bands: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "glabella-bands"))
    disk: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "glabella-disk"))
    documents: Documents = field(default_factory=Documents)

    async def soon(self, work: Callable[[], T]) -> T:
        """The result of quick work."""
        return await asyncio.get_running_loop().run_in_executor(self.quick, work)

    async def later(self, work: Callable[[], T]) -> T:
        """The result of long work."""
        return await asyncio.get_running_loop().run_in_executor(self.slow, work)

    async def keep(self, work: Callable[[], T]) -> T:
        """The result of work on the file of notes."""
        return await asyncio.get_running_loop().run_in_executor(self.disk, work)


class Follower:
    """Computes for one page. ``show`` gets every result, ``fail`` the line that says why there is none.

    ``doing``: what is under way, empty for nothing; ``share``: how far it is, None where nobody knows. ``on_doing`` hears of changes.
    """

    def __init__(
        self, workbench: Workbench, hands: Hands, show: Callable[[Result], Awaitable[None]], fail: Callable[[str], None],
        samples: int = BAND_SAMPLES, on_doing: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self.doing, self.share, self._on_doing = "", None, on_doing
        self._workbench, self._hands, self._show, self._fail, self._samples = workbench, hands, show, fail, samples
        self._wish: tuple[Patient, Plan | None, datetime.date | None] | None = None
        self._number = 0
        self._task: asyncio.Task[None] | None = None
        self._bands: asyncio.Task[None] | None = None  # held here, since a loop forgets tasks that nobody holds

    def want(self, patient: Patient, plan: Plan | None, date: datetime.date | None = None) -> None:
        """Ask for a person and a plan; an older wish that is not answered yet is dropped."""
        self._wish = (patient, plan, date)
        self._number += 1
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._answer())

    def stop(self) -> None:
        """No more answers, such as when the page was closed."""
        self._number += 1
        self._wish = None

    async def _answer(self) -> None:
        answered = 0
        while self._wish is not None and answered != self._number:
            number, (patient, plan, date) = self._number, self._wish
            self._do(COURSE if self._workbench.is_built(patient) else FACE)
            try:
                found = await self._hands.soon(partial(self._workbench.course, patient, plan, on=date))
                if number == self._number:
                    await self._show(found)
                    if plan is not None:
                        self._bands = asyncio.get_running_loop().create_task(self._band(patient, plan, date, number))
            except Exception as error:
                self._complain(error, number)
            answered = number
        if self.doing in (FACE, COURSE):
            self._do("")

    async def _band(self, patient: Patient, plan: Plan, date: datetime.date | None, number: int) -> None:
        await asyncio.sleep(QUIET_SECONDS)
        if number != self._number:
            return
        self._do(BANDS)
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._hands.bands, partial(self._banded, patient, plan, date, number))
            if number == self._number:
                await self._show(found)
        except Cancelled:
            pass
        except Exception as error:
            self._complain(error, number)
        if number == self._number:
            self._do("")

    def _do(self, what: str) -> None:
        self.doing, self.share = what, None
        self._on_doing()

    def _complain(self, error: Exception, number: int) -> None:
        if not isinstance(error, GlabellaError):
            logging.getLogger("glabella.app").exception("a page's wish could not be answered", exc_info=error)
        if number == self._number:
            self._fail(str(error) if isinstance(error, GlabellaError) else f"something went wrong inside: {error}; the terminal has more")

    def _banded(self, patient: Patient, plan: Plan, date: datetime.date | None, number: int) -> Result:
        def stale() -> bool:
            return number != self._number

        def tell(stage: str, share: float) -> None:
            if stage == "samples":
                self.share = share

        if stale():
            raise Cancelled
        return self._workbench.banded(patient, plan, samples=self._samples, progress=tell, cancelled=stale, on=date)
