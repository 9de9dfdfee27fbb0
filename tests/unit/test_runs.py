"""Samples of a plan: once they are no longer wanted, no other one is begun."""

from threading import Event, Lock

import pytest

import glabella as g
from glabella.evidence import load_parameters
from glabella.runs import run_samples


class Enough(Exception):
    pass


def test_when_stop_raises_what_runs_ends_and_nothing_is_begun():
    begun, enough, lock = [], Event(), Lock()

    def run(drawn, offsets):
        with lock:
            begun.append(len(begun))
            if len(begun) == 5:
                enough.set()
        return {}

    def stop():
        if enough.is_set():
            raise Enough

    plan = g.Plan.label("onabotulinumtoxinA", "glabellar")
    with pytest.raises(Enough):
        run_samples(run, plan, load_parameters(), 500, 0, 2, lambda stage, share: None, stop)
    assert 5 <= len(begun) <= 6  # the other worker may have asked just before
