"""``ainarres`` alone: the live state for whoever asks, and what to type next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ainarres.cli import access, trouble
from ainarres.cli.people import Home, Json, Url  # noqa: TC001 - typer reads them
from ainarres.cli.watch import show
from ainarres.domain.refusal import Refusal
from ainarres.faults import LedgerUnavailable, SchemaMismatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ainarres.database.settings import Settings
    from ainarres.domain.context import Caller
    from ainarres.projections.status import Status

BEGIN = ("ainarres init", "ainarres demo", "ainarres --help")


def here(json: Json = False, url: Url = None, home: Home = None) -> int:
    """Show what goes on, for whoever the token names, and what to type next."""
    given = access.settings(url, home)
    if not given.url and not (given.home / "postgres").is_dir():
        return _tell_beginner(f"no ledger in {given.home} yet", as_json=json)
    try:
        return _here(given, as_json=json)
    except (LedgerUnavailable, SchemaMismatch) as error:
        if "init" not in str(error):
            raise
        return _tell_beginner(str(error), as_json=json)


def _here(given: Settings, *, as_json: bool) -> int:
    from ainarres.projections import declared, glance  # noqa: PLC0415 - the table of commands needs no driver
    from ainarres.verbs.asking import whoami  # noqa: PLC0415 - as above

    with access.connection(given) as connection:
        if declared.one(connection, "opened") is None:
            return _tell_beginner("the database holds no opened ledger", as_json=as_json)
        found = whoami(connection, given.token)
        if isinstance(found, Refusal):
            return trouble.refuse(found, as_json=as_json)
        held = declared.one(connection, "held_by", agent=found[0].actor)
        lanes = declared.rows(connection, "lanes")
        status = glance.read_status(connection, limit=5)
    commands = list(_commands(found[0], held, status, lanes=bool(lanes)))
    if as_json:
        you = {"agent": found[0].actor, "family": found[0].family, "scope": found[0].scope, "holds": held}
        return show({"you": you, "status": status.to_json(), "next": commands})
    print(_you(found[0], held))
    print(status.text())
    print("next:")
    print("\n".join(f"  {command}" for command in commands))
    return 0


def _you(caller: Caller, held: Mapping[str, Any] | None) -> str:
    from ainarres.projections.wording import printable, short  # noqa: PLC0415 - as above

    you = f"you are {printable(caller.actor)}" + (f" of {printable(caller.family)}" if caller.family else "")
    if held is None:
        return you
    return f"{you}, holding {short(held['task'])} [{printable(held['stage'])}] {printable(held['title'], 80)}"


def _commands(caller: Caller, held: Mapping[str, Any] | None, status: Status, *, lanes: bool) -> Iterator[str]:
    if held is not None:
        task = f"{held['task'].hex[-8:]} --fence {held['fence']}"
        yield f"ainarres done {task}"
        yield f'ainarres progress {task} --note "…"'
        yield f'ainarres release {task} --reason "…"'
    elif caller.scope == "agent":
        yield "ainarres next"
    elif not lanes:
        yield "ainarres project adopt project.toml"
        yield "ainarres family adopt families.toml"
    else:
        for one in status.blocked[:3]:
            yield f'ainarres unblock {one.task.hex[-8:]} --reason "…"'
        yield 'ainarres create --lane LANE --title "…"'
        yield "ainarres board --watch"
        yield "ainarres report"


def _tell_beginner(why: str, *, as_json: bool) -> int:
    if as_json:
        return show({"you": None, "status": None, "reason": why, "next": list(BEGIN)})
    print(f"{why}. To begin:")
    print("  ainarres init     make a ledger here")
    print("  ainarres demo     see one at work first; needs no account")
    print("  ainarres --help   see every command")
    return 0
