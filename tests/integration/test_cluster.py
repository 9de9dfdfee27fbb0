"""A trial on a real Dask cluster of processes gives what it gives here, bit by bit, even when a worker is killed in the middle."""

import os
import pickle
import signal
import socket
import sys
import time
from contextlib import closing

import pytest
from click.testing import CliRunner
from distributed import Client, LocalCluster

from glabella import Arm, Trial
from glabella.cli import main
from glabella.errors import InputError
from glabella.population.library import _in_memory
from glabella.trial.cluster import dask_compute
from glabella.trial.run import arm_specs, block_tasks, run_block

ONA = "onabotulinumtoxinA"
SMALL = ("--product", ONA, "--patients", "1100", "--visits", "30", "--seed", "3", "--draws", "2")


@pytest.fixture(scope="module")
def cluster():
    """One worker of one thread that has no cache folder, so that it must use the faces that are sent."""
    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, dashboard_address=":0", env={"GLABELLA_CACHE": "", "OMP_NUM_THREADS": "1"}
    ) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def tasks():
    trial = Trial("small", (Arm.label(ONA),), patients=4500, visit_days=(30, 90), seed=5)
    return [task for spec in arm_specs(trial) for task in block_tasks(spec, trial.seed, trial.patients)]


@pytest.fixture(scope="module")
def local(tasks):
    return [pickle.dumps(run_block(task)) for task in tasks]


def follow(address, tasks, at_first=lambda: None):
    found = []
    with dask_compute(address) as compute:
        for summary in compute(run_block, tasks):
            if not found:
                at_first()
            found.append(pickle.dumps(summary))
    return found


def test_any_number_of_workers_and_a_killed_one_change_nothing(cluster, tasks, local):
    address = cluster.scheduler_address
    assert follow(address, tasks) == local
    with Client(address, set_as_default=False) as client:
        assert [*client.run(lambda: _in_memory.cache_info().currsize).values()] == [0], "a worker looked for faces of its own"
        cluster.scale(2)
        client.wait_for_workers(2, timeout=60)
        assert follow(address, tasks) == local
        victim = next(iter(cluster.workers.values())).pid
        assert follow(address, tasks, lambda: os.kill(victim, signal.SIGKILL)) == local
        assert victim not in client.run(os.getpid).values()


def test_the_command_gives_the_same_document(cluster):
    here, there = (
        CliRunner().invoke(main, ["trial", *SMALL, "--json", *more]) for more in ((), ("--scheduler", cluster.scheduler_address))
    )
    assert here.exit_code == there.exit_code == 0, (there.stderr, there.exception)
    assert here.stdout == there.stdout


def test_an_error_of_a_block_arrives_here_and_the_cluster_stays_usable(cluster, tasks, local):
    def fail(task):
        raise InputError("no such person")

    with dask_compute(cluster.scheduler_address) as compute, pytest.raises(InputError, match="no such person"):
        list(compute(fail, tasks[:3]))
    assert follow(cluster.scheduler_address, tasks[:1]) == local[:1]


def test_a_scheduler_without_workers_is_an_error():
    with (
        LocalCluster(n_workers=0, dashboard_address=":0") as empty,
        pytest.raises(InputError, match="has no workers"),
        dask_compute(empty.scheduler_address),
    ):
        pass


@pytest.mark.parametrize("listens", [False, True], ids=["nobody", "somebody silent"])
def test_a_scheduler_that_does_not_answer_is_one_line_soon_and_nothing_is_written(listens, tmp_path):
    with closing(socket.socket()) as there:
        there.bind(("127.0.0.1", 0))
        if listens:
            there.listen()
        address = f"tcp://127.0.0.1:{there.getsockname()[1]}"
        start = time.monotonic()
        result = CliRunner().invoke(main, ["trial", *SMALL, "--scheduler", address, "--out", str(tmp_path / "out")])
    assert time.monotonic() - start < 10
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert f"scheduler {address}: no Dask scheduler answers" in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "address", ["localhost:8786", "tcp://localhost", "http://localhost:8786", "tcp://localhost:0", "tcp://h:99999", ""]
)
def test_an_address_must_be_one(address):
    with pytest.raises(InputError, match=r"must be tcp://host:port"), dask_compute(address):
        pass


def test_a_missing_package_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"glabella\[cluster\]"), dask_compute("tcp://localhost:8786"):
        pass


def test_threads_here_and_there_are_not_mixed():
    result = CliRunner().invoke(main, ["trial", *SMALL, "--scheduler", "tcp://localhost:8786", "--workers", "2"])
    assert result.exit_code == 2
    assert "leave --workers out" in result.stderr
