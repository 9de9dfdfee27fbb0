"""Blocks of a trial on the workers of a Dask scheduler: the same numbers as here, for any number of workers, even when some die.

The typical faces are solved once, here, and go to every worker that there is or that joins, so a cluster needs no shared disk.
"""

import asyncio
import logging
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from importlib.metadata import version
from typing import Any
from uuid import uuid4

from glabella.errors import GlabellaError, InputError
from glabella.trial.run import ArmSpec, BlockTask, Compute, Prepared, hold, prepare
from glabella.trial.summary import BlockSummary

ADDRESS = re.compile(r"(?:tcp|tls)://(?:\[[0-9a-fA-F:.]+\]|[^\s/:\[\]]+):(\d{1,5})")
ANSWER_S = 4.0  # who does not answer within this, twice, is an error in under ten seconds
PATIENCE_S = 60.0  # how long a cluster may be without any worker
LEAST_WAITING, WAITING_PER_THREAD = 32, 4  # blocks sent ahead: few enough that memory stays flat, enough that nobody waits
RETRIES = 2
SAME = ("glabella", "numpy", "scipy")  # versions that must be the same on every worker for the numbers to be


@contextmanager
def dask_compute(address: str) -> Iterator[Compute]:
    """An ordered map over tasks on the cluster of the scheduler at ``address`` (tcp://host:port), for ``run_trial(compute=...)``."""
    _check_address(address)
    try:
        from distributed import Client
    except ImportError:
        raise InputError("--scheduler needs the package distributed; install it with: pip install 'glabella[cluster]'") from None
    try:
        with ThreadPoolExecutor(1) as pool:  # in a thread of its own, for a notebook has a running loop in this one
            pool.submit(asyncio.run, _greet(address)).result()
        client = Client(address, timeout=ANSWER_S, set_as_default=False)
    except Exception:  # nobody, somebody silent, or somebody who speaks of other things
        raise InputError(
            f"scheduler {address}: no Dask scheduler answers within {ANSWER_S:g} s; start one with: dask scheduler, or correct the address"
        ) from None
    with _quiet("distributed.client"), client:
        try:
            client.wait_for_workers(1, timeout=ANSWER_S)
        except TimeoutError:
            raise InputError(f"scheduler {address}: has no workers; start some with: dask worker {address}") from None
        yield partial(_compute, client, address)


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """No log of a lost connection beside the one line that says it."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def _check_address(address: str) -> None:
    match = ADDRESS.fullmatch(address)
    if not match or not 0 < int(match[1]) < 2**16:
        raise InputError(f"scheduler '{address}': must be tcp://host:port with a port from 1 to 65535, such as tcp://127.0.0.1:8786")


async def _greet(address: str) -> None:
    """Ask who is there; a client by itself waits without end for someone who is silent."""
    from distributed import Security, rpc

    async with rpc(address, timeout=ANSWER_S, connection_args=Security().get_connection_args("client")) as there:
        who: Any = await asyncio.wait_for(there.identity(), ANSWER_S)
    if who.get("type") != "Scheduler":
        raise ValueError(who)


def _compute(
    client: Any, address: str, function: Callable[[BlockTask], BlockSummary], tasks: Sequence[BlockTask]
) -> Iterator[BlockSummary]:
    """Results in the order of the tasks, a bounded number of them under way."""
    name = f"glabella-arms-{uuid4()}"
    most = max(LEAST_WAITING, WAITING_PER_THREAD * sum(client.nthreads().values()))
    waiting: deque[Any] = deque()
    try:
        _send_arms(client, address, name, {task.spec: prepare(task.spec) for task in tasks})
        for task in tasks:
            waiting.append(client.submit(function, task, pure=False, retries=RETRIES))
            if len(waiting) == most:
                yield _result(client, address, waiting.popleft())
        while waiting:
            yield _result(client, address, waiting.popleft())
    finally:
        if client.status == "running":
            client.cancel(list(waiting), force=True)
            with suppress(Exception):  # a scheduler that has gone meanwhile needs no clearing up
                client.unregister_worker_plugin(name)


def _send_arms(client: Any, address: str, name: str, prepared: Mapping[ArmSpec, Prepared]) -> None:
    from distributed import WorkerPlugin

    wanted = {package: version(package) for package in SAME}

    class Arms(WorkerPlugin):
        """What the blocks of each arm share; every worker gets it when it joins."""

        def setup(self, worker: Any) -> None:
            """Called on each worker."""
            found = {package: version(package) for package in wanted}
            if found != wanted:
                raise InputError(f"it has {_listed(found)}, here are {_listed(wanted)}")
            hold(prepared)

    try:
        client.register_plugin(Arms(), name)
    except Exception as error:
        raise InputError(f"scheduler {address}: a worker cannot run this trial ({error}); install the same packages on all") from None


def _listed(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{package} {number}" for package, number in versions.items())


def _result(client: Any, address: str, future: Any) -> BlockSummary:
    """The result of one block, waited for as long as there are workers. A worker that dies costs the time of its blocks alone."""
    from distributed import KilledWorker

    while True:
        try:
            return future.result(timeout=PATIENCE_S)
        except GlabellaError:
            raise
        except KilledWorker as error:
            raise InputError(f"scheduler {address}: worker after worker died of the same block ({error}); give them more memory") from None
        except TimeoutError:
            if not client.nthreads():
                raise InputError(f"scheduler {address}: has lost all its workers; start some with: dask worker {address}") from None
        except (CancelledError, OSError):
            raise InputError(f"scheduler {address}: has stopped answering in the middle; start it again and repeat the run") from None


__all__ = ["dask_compute"]
