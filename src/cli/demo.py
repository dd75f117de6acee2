"""Run the demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    directory: Annotated[
        str | None, typer.Option("--directory", metavar="DIRECTORY", help="New folder for all that it makes")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Stop the server and remove the folder at the end")] = False,
) -> int:
    """Watch six families of agents ship a change to a small library, on a ledger of its own; needs no account."""
    from ainarres.swarm.demo import run  # noqa: PLC0415 - the table of commands needs no swarm

    return run(directory=None if directory is None else Path(directory), keep=not remove)
