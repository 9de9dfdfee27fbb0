"""One small tree of errors. Each message is one line: what is wrong, where, what is allowed, what to do."""

import difflib
from collections.abc import Iterable


class GlabellaError(Exception):
    """Base of every error that glabella raises on purpose; the command line prints it and exits with 2."""


class InputError(GlabellaError):
    """A value, name or file that a person gave cannot be used."""


class RefusedError(GlabellaError):
    """The plan is readable but may not be simulated: a label rule forbids it for this purpose. Exit code 1."""


class SolverError(GlabellaError):
    """A numerical solve did not reach its tolerance."""


def nearest(name: str, valid: Iterable[str]) -> str:
    """The hint '; did you mean ...? valid: ...' for an unknown ``name``."""
    names = list(valid)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean '{close[0]}'? " if close else ""
    listed = ", ".join(names) if len(names) <= 24 else ", ".join(names[:24]) + ", ..."
    return f"{hint}valid: {listed}"
