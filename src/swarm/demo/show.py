"""The demo from its first line to its report."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console


def run(*, directory: Path | None = None, keep: bool = True, console: Console | None = None) -> int:
    """Run the demo and return its exit status.

    ``directory`` is a new or empty folder for all that it makes, by default one named after the time beside the
    embedded server's default home; ``keep=False`` stops the server and removes the folder at the end. ``console``
    draws the board (standard error by default); the report goes to standard output.
    """
    raise AssertionError(directory, keep, console)
