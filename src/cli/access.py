"""From settings to an open database: which one, whether it holds a ledger of this version, who asks."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ainarres.cli import remote
from ainarres.database.settings import load
from ainarres.faults import InvalidInput, LedgerUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from ainarres.database.settings import Settings
    from ainarres.verbs.session import Session


def settings(url: str | None = None, home: str | None = None) -> Settings:
    """Return the settings of this process; arguments are what the command line said."""
    return load({"url": url, "home": home}, os.environ, Path.cwd())


def address(given: Settings) -> str:
    """Return the database's URL; an embedded server that was stopped is started, one never made is not.

    Raises ``LedgerUnavailable`` where there is no ledger yet, ``InvalidInput`` where settings name a server instead.
    """
    if remote.chosen(given):
        problem = "leads to a server, and this command reads the database itself"
        raise InvalidInput(given.origin["server"], problem, "give it --url, or ask the server (docs/http.md)")
    if given.url:
        return given.url
    if not (given.home / "postgres").is_dir():
        raise LedgerUnavailable(f"there is no ledger in {given.home}; make one with `ainarres init`")
    from ainarres.database import embedded  # noqa: PLC0415 - not needed beside a url

    return embedded.ensure(given.home)


def owner_address(given: Settings) -> str:
    """Return the URL of who owns the tables: the embedded server's owner, or whoever the given url names."""
    if given.url:
        return given.url
    address(given)
    from ainarres.database import embedded  # noqa: PLC0415 - as above

    return embedded.owner_url(given.home)


@contextmanager
def opened(url: str | None = None, home: str | None = None) -> Iterator[psycopg.Connection[Any]]:
    """Open the database and prove that it holds a ledger of this version."""
    with connection(settings(url, home)) as connected:
        yield connected


@contextmanager
def connection(given: Settings) -> Iterator[psycopg.Connection[Any]]:
    """Do the same for settings at hand."""
    from ainarres.database.connect import connect  # noqa: PLC0415 - a command that fails earlier needs no driver
    from ainarres.database.migrate import check  # noqa: PLC0415 - as above

    with connect(address(given)) as connected:
        check(connected)
        yield connected


@contextmanager
def session(given: Settings) -> Iterator[Session]:
    """Open a session for whoever the settings' token names, or for the person at the terminal."""
    from ainarres.verbs.session import Session  # noqa: PLC0415 - as above

    with connection(given) as connected:
        yield Session(connected, given.token)
