"""Begin and end: make a ledger with the stock definitions, start and stop the embedded server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer

from ainarres.cli import access, onboarding, registration, samples
from ainarres.cli.people import Home, Json, Url  # noqa: TC001 - typer reads them
from ainarres.cli.shown import show
from ainarres.faults import Fault

if TYPE_CHECKING:
    from ainarres.cli.onboarding import Touched
    from ainarres.database.settings import Settings
    from ainarres.domain.commands import Command
    from ainarres.verbs.session import Session


def init(
    undo: Annotated[
        bool, typer.Option("--undo", help="Take away what it wrote here and nobody edited; the ledger stays")
    ] = False,
    json: Json = False,
    url: Url = None,
    home: Home = None,
) -> int:
    """Make a ledger, adopt the stock workflows, write sample files and a word to agents here; safe to repeat."""
    folder = Path.cwd()
    project = project_key(folder.name)
    if undo:
        return _undo(folder, samples.files(project, home=home), as_json=json)
    from ainarres.database.migrate import migrate  # noqa: PLC0415 - the table of commands needs no driver

    given = access.settings(url, home)
    applied = migrate(_owner(given))
    with access.session(_untrusted_token(given)) as session:
        found = None if applied else _in_use(session)
        ledger, adopted = _open(session)
    touched = onboarding.install(folder, samples.files(project, home=str(given.home) if home else None))
    commands = [
        "ainarres project adopt project.toml",
        "ainarres family adopt families.toml",
        f'ainarres create --lane {project}/dev --title "…"',
        "ainarres token issue --family FAMILY",
        "ainarres board --watch",
    ]
    if json:
        files = [{"path": str(one.path), "what": one.what} for one in touched]
        register = {"mcp": list(registration.lines(given.server)), "hooks": list(registration.hooks())}
        made = {"ledger": ledger, "found": found, "migrations": applied, "adopted": adopted, "files": files}
        return show({**made, "register": register, "next": commands})
    print(f"ledger {ledger}" + ("" if given.url else f" in {given.home}"))
    if found is not None:
        print(f"  found in use: {found['events']} events, projects: {', '.join(found['projects']) or 'none'}")
    for title, rows in (("migrated", applied), ("adopted", adopted)):
        for row in rows:
            print(f"  {title}: {row}")
    _tell_files(touched)
    print("next, once the two sample files say what you want:")
    print("\n".join(f"  {command}" for command in commands))
    print("to give a harness the tools (after `ainarres serve`; AINARRES_TOKEN is the agent's own), one of:")
    print("\n".join(f"  {line}" for line in registration.lines(given.server)))
    print("to have it reminded of its task, under `hooks` of .claude/settings.json:")
    print(",\n".join(f"  {line}" for line in registration.hooks()))
    return 0


def _undo(folder: Path, files: dict[str, str], *, as_json: bool) -> int:
    touched = onboarding.remove(folder, files)
    if as_json:
        return show({"files": [{"path": str(one.path), "what": one.what} for one in touched]})
    _tell_files(touched)
    print("the ledger stays; `ainarres down` stops its server" if touched else "nothing of `ainarres init` is here")
    return 0


def _tell_files(touched: list[Touched]) -> None:
    for one in touched:
        print(f"  {one.what}: {one.path}")


def _in_use(session: Session) -> dict[str, Any] | None:
    """Return what a ledger holds that somebody opened before; null for one that nobody did."""
    from ainarres.ledger.store import horizon  # noqa: PLC0415 - as above
    from ainarres.projections import declared  # noqa: PLC0415 - as above

    if declared.one(session.connection, "opened") is None:
        return None
    projects = [row["key"] for row in declared.rows(session.connection, "projects")]
    return {"events": horizon(session.connection), "projects": projects}


def up(json: Json = False, url: Url = None, home: Home = None) -> int:
    """Start the embedded server, if it is not running."""
    from ainarres.database import embedded  # noqa: PLC0415 - as above
    from ainarres.database.connect import redact  # noqa: PLC0415 - as above

    given = access.settings(url, home)
    if given.url:
        return _say(
            f"nothing to start: the url names {redact(given.url)}", {"running": True, "home": None}, as_json=json
        )
    running = embedded.status(given.home).running
    address = embedded.ensure(given.home)
    said = f"{'already running' if running else 'started'} in {given.home}: {address}"
    return _say(said, {"running": True, "home": str(given.home), "url": address}, as_json=json)


def down(json: Json = False, home: Home = None) -> int:
    """Stop the embedded server; the ledger stays."""
    from ainarres.database import embedded  # noqa: PLC0415 - as above

    given = access.settings(None, home)
    stopped = embedded.stop(given.home)
    said = f"stopped the server in {given.home}" if stopped else f"no server was running in {given.home}"
    return _say(said, {"running": False, "stopped": stopped, "home": str(given.home)}, as_json=json)


def project_key(folder: str) -> str:
    """Make a project's key of a folder's name."""
    return re.sub(r"[^a-z0-9._-]+", "-", folder.lower()).strip("-._")[:63] or "project"


def _owner(given: Settings) -> str:
    from ainarres.database import embedded  # noqa: PLC0415 - as above

    if given.url:
        return given.url
    embedded.ensure(given.home)
    return embedded.owner_url(given.home)


def _untrusted_token(given: Settings) -> Settings:
    # who makes a ledger holds its database; a token in the environment is of some other one, or of nobody yet
    from dataclasses import replace  # noqa: PLC0415 - as above

    return replace(given, token=None)


def _open(session: Session) -> tuple[str, list[str]]:
    """Open the ledger and adopt the stock; returns its id and what is new."""
    from ainarres import stock  # noqa: PLC0415 - as above
    from ainarres.domain import commands as c  # noqa: PLC0415 - as above

    opened = _do(session, c.OpenLedger())
    adopted = []
    for name in stock.names("role"):
        done = _do(session, c.AdoptCard(role=name, text=stock.read("role", name)))
        adopted += [f"role card {name} version {done['version']}"] if done["changed"] else []
    for name in stock.names("workflow"):
        done = _do(session, c.AdoptWorkflow(text=stock.read("workflow", name), source=f"{name}.toml"))
        adopted += [f"workflow {name} version {done['version']}"] if done["changed"] else []
    done = _do(session, c.AdoptPolicy(text=stock.read("policy", "sequential"), source="sequential.toml"))
    adopted += [f"policy sequential version {done['version']}"] if done["changed"] else []
    return str(opened["ledger"]), adopted


def _do(session: Session, command: Command) -> dict[str, Any]:
    envelope = session.execute(command, uuid4())
    if not envelope.ok:
        raise Fault(f"{type(command).__name__} was refused: {envelope.reason}")
    return dict(envelope.extra)


def _say(said: str, document: dict[str, Any], *, as_json: bool) -> int:
    if as_json:
        return show(document)
    print(said)
    return 0
