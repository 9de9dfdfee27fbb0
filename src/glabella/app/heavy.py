"""Heavy work beside the event loop: two threads, a short queue, progress, cancelling. Whatever does not fit is refused at once."""

import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from glabella.errors import GlabellaError

RUNNING, WAITING, KEPT = 2, 16, 32


class BusyError(GlabellaError):
    """The queue is full."""


class StoppedError(GlabellaError):
    """The work was cancelled."""


class Job:
    """One piece of heavy work. ``state``: waiting, running, done, failed or cancelled; ``stage`` and ``share`` (0 to 1) tell progress."""

    def __init__(self, kind: str, work: Callable[["Job"], Any]) -> None:
        self.id = secrets.token_urlsafe(12)
        self.kind = kind
        self.state = "waiting"
        self.stage, self.share = "waiting", 0.0
        self.future: Future[Any] = Future()
        self.made = time.monotonic()
        self._work = work
        self._cancel = threading.Event()

    def cancelled(self) -> bool:
        """Whether somebody cancelled it: to be asked by the work now and then."""
        return self._cancel.is_set()

    def progress(self, stage: str, share: float) -> None:
        """Tell how far it is; raises StoppedError where it was cancelled, so that the work ends here."""
        if self._cancel.is_set():
            raise StoppedError(f"{self.kind}: cancelled")
        self.stage, self.share = stage, float(min(max(share, 0.0), 1.0))

    def run(self) -> None:
        """Do the work in the calling thread."""
        if self._cancel.is_set():
            self._end("cancelled", error=StoppedError(f"{self.kind}: cancelled"))
            return
        self.state = "running"
        try:
            result = self._work(self)
        except BaseException as error:
            stopped = self._cancel.is_set()
            self._end("cancelled" if stopped else "failed", error=StoppedError(f"{self.kind}: cancelled") if stopped else error)
        else:
            self._end("done", result=result)

    def cancel(self) -> None:
        """Ask it to end. One that waits ends at once, one that runs at its next step."""
        self._cancel.set()

    def _end(self, state: str, *, result: Any = None, error: BaseException | None = None) -> None:
        self.state, self._work = state, lambda job: None
        if error is None:
            self.stage, self.share = "done", 1.0
            self.future.set_result(result)
        else:
            self.future.set_exception(error)


class Heavy:
    """At most ``running`` jobs at once and ``waiting`` in the queue. The last ``KEPT`` ended jobs can still be asked for."""

    def __init__(self, running: int = RUNNING, waiting: int = WAITING) -> None:
        self._most_waiting = waiting
        self._queue: deque[Job] = deque()
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._changed = threading.Condition()
        self._stopping = False
        self._idle = 0
        self._running: set[Job] = set()
        for number in range(running):  # daemons: a long computation never holds up the end of the program
            threading.Thread(target=self._serve, name=f"glabella-heavy-{number}", daemon=True).start()

    def submit(self, kind: str, work: Callable[[Job], Any], *, keep: bool = False) -> Job:
        """Queue ``work(job)``. ``keep``: the job can be asked for by its id. Errors: BusyError where the queue is full."""
        job = Job(kind, work)
        with self._changed:
            if self._stopping or len(self._queue) >= self._most_waiting + self._idle:
                raise BusyError(f"{kind}: {len(self._queue)} jobs are waiting already; try again in a while, or cancel one")
            self._queue.append(job)
            if keep:
                self._jobs[job.id] = job
                self._forget()
            self._changed.notify()
        return job

    def job(self, name: str) -> Job | None:
        """A job that was kept, or None."""
        with self._changed:
            return self._jobs.get(name)

    def cancel(self, job: Job) -> None:
        """Cancel a job; what has ended stays as it is."""
        job.cancel()
        with self._changed:
            waiting = job in self._queue
            if waiting:
                self._queue.remove(job)
        if waiting:
            job.run()

    def stop(self) -> None:
        """Cancel everything; nothing is taken any more."""
        with self._changed:
            self._stopping = True
            jobs = [*self._queue, *self._running]
            self._queue.clear()
            self._changed.notify_all()
        for job in jobs:
            job.cancel()

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._idle += 1
                while not self._queue and not self._stopping:
                    self._changed.wait()
                self._idle -= 1
                if self._stopping:
                    return
                job = self._queue.popleft()
                self._running.add(job)
            job.run()
            with self._changed:
                self._running.discard(job)

    def _forget(self) -> None:
        ended = [name for name, job in self._jobs.items() if job.future.done()]
        for name in ended[: max(0, len(ended) - KEPT)]:
            del self._jobs[name]
