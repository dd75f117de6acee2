"""``ainarres`` alone: the live state for whoever asks, and what to type next; for beginners, how to begin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ainarres.cli import access, question, remote
from ainarres.cli.shown import show
from ainarres.faults import LedgerUnavailable, SchemaMismatch

if TYPE_CHECKING:
    from ainarres.cli.table import Entry
    from ainarres.database.settings import Settings

BEGIN = ("ainarres init", "ainarres demo", "ainarres --help")


def here(entry: Entry, fields: dict[str, Any], given: Settings, *, as_json: bool) -> int:
    """Show what goes on."""
    form = "json" if as_json else "text"
    if remote.chosen(given):
        return question.tell(question.ask(entry, fields, given, form), as_json=as_json)
    if not given.url and not (given.home / "postgres").is_dir():
        return _tell_beginner(f"no ledger in {given.home} yet", as_json=as_json)
    try:
        if not _opened(given):
            return _tell_beginner("the database holds no opened ledger", as_json=as_json)
    except (LedgerUnavailable, SchemaMismatch) as error:
        if "init" not in str(error):
            raise
        return _tell_beginner(str(error), as_json=as_json)
    return question.tell(question.ask(entry, fields, given, form), as_json=as_json)


def _opened(given: Settings) -> bool:
    from ainarres.projections import declared  # noqa: PLC0415 - through a server no driver is needed

    with access.connection(given) as connection:
        return declared.one(connection, "opened") is not None


def _tell_beginner(why: str, *, as_json: bool) -> int:
    if as_json:
        return show({"you": None, "status": None, "reason": why, "next": list(BEGIN)})
    print(f"{why}. To begin:")
    print("  ainarres init     make a ledger here")
    print("  ainarres demo     see one at work first; needs no account")
    print("  ainarres --help   see every command")
    return 0
