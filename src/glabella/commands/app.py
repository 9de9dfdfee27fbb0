"""``glabella app``: the web app, for this computer only."""

import sys
from pathlib import Path

import click

from glabella.commands.common import PATH


@click.command()
@click.option("--port", metavar="N", type=click.IntRange(0, 65535), help="Port; the first free one from 8017 unless given.")
@click.option("--no-browser", is_flag=True, help="Print the address only.")
@click.option("--data", metavar="DIR", type=PATH, help="Folder of the notes; the user's data folder unless given.")
@click.option("--host", default="127.0.0.1", hidden=True, help="Loopback only.")
def app(port: int | None, no_browser: bool, data: Path | None, host: str) -> None:
    """Open the app: a face you can treat, and watch through the months. For this computer only."""
    from glabella.app.server import check_host, check_installed, data_folder, serve

    host = check_host(host)
    check_installed()
    serve(data or data_folder(), host, port, not no_browser, tell=click.echo)
    _leave()


def _leave() -> None:
    """End without waiting for computations whose result nobody can see any more."""
    import os
    import threading

    sys.stdout.flush()
    sys.stderr.flush()
    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        os._exit(0)
