"""An agent's own matters: who it is, the card of its role, its process."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ainarres.cli import access, remote, trouble
from ainarres.cli.people import Home, Json, Url  # noqa: TC001 - typer reads them
from ainarres.cli.watch import show
from ainarres.domain.refusal import Refusal
from ainarres.verbs.envelope import instant

if TYPE_CHECKING:
    from ainarres.domain.context import Caller
    from ainarres.verbs.identity import Credential


def whoami(json: Json = False, url: Url = None, home: Home = None) -> int:
    """Say who the token stands for, what it may do, and what it holds."""
    given = access.settings(url, home)
    if remote.chosen(given):
        return _tell_who(remote.read(given, "whoami"), as_json=json)
    from ainarres.projections import declared  # noqa: PLC0415 - the table of commands needs no driver
    from ainarres.verbs.asking import whoami as ask  # noqa: PLC0415 - as above

    with access.connection(given) as connection:
        found = ask(connection, given.token)
        if isinstance(found, Refusal):
            return trouble.refuse(found, as_json=json)
        caller, credential = found
        held = declared.one(connection, "held_by", agent=caller.actor)
    return _tell_who({**_described(caller, credential), "holds": held}, as_json=json)


def _tell_who(found: dict[str, Any], *, as_json: bool) -> int:
    from ainarres.projections.wording import printable, short  # noqa: PLC0415 - as above

    if "code" in found:
        return trouble.refuse(Refusal(found["code"], found["reason"]), as_json=as_json)
    if as_json:
        return show(found)
    held = found["holds"]
    for name, value in found.items():
        shown = ", ".join(value) or "none" if isinstance(value, list) else value
        if shown is not None and name != "holds":
            print(f"{name.replace('_', ' ')}: {printable(str(shown))}")
    if held is not None:
        print(f"holds: {short(held['task'])} [{printable(held['stage'])}] {printable(held['title'], 80)}")
    return 0


def card(
    role: Annotated[str, typer.Argument(metavar="ROLE", help="Role, as in `reviewer`")],
    version: Annotated[
        int | None, typer.Option("--version", min=1, metavar="N", help="An older version of the card")
    ] = None,
    json: Json = False,
    url: Url = None,
    home: Home = None,
) -> int:
    """Print the role card: the text from which an agent of that role works."""
    given = access.settings(url, home)
    if remote.chosen(given):
        return _tell_card(remote.read(given, "cards", role, version=version), as_json=json)
    from ainarres.projections import declared  # noqa: PLC0415 - as above

    with access.connection(given) as connection:
        row = declared.one(connection, "card", role=role, version=version)
        known = [each["role"] for each in declared.rows(connection, "cards")]
    if row is None:
        which = f"no role card {role!r}" + (f" of version {version}" if version else "")
        refusal = Refusal("not_found", f"{which}; cards are {', '.join(known) or 'none: adopt one'}", {"field": "role"})
        return trouble.refuse(refusal, as_json=json)
    return _tell_card(row, as_json=json)


def _tell_card(found: dict[str, Any], *, as_json: bool) -> int:
    from ainarres.projections.wording import printable_block  # noqa: PLC0415 - as above

    if "code" in found:
        return trouble.refuse(Refusal(found["code"], found["reason"]), as_json=as_json)
    if as_json:
        return show(found)
    print(printable_block(found["text"]))
    return 0


def run(
    program: Annotated[list[str], typer.Argument(metavar="-- PROGRAM [ARGUMENT…]", help="What works on each task")],
    *,
    family: Annotated[
        str | None, typer.Option("--family", metavar="FAMILY", help="Issue a token of this family; not beside a token")
    ] = None,
    roles: Annotated[
        str, typer.Option("--roles", metavar="ROLE[,ROLE…]", help="Only these of the family's roles")
    ] = "",
    lanes: Annotated[
        str, typer.Option("--lane", metavar="LANE[,LANE…]", help="Only these lanes, as `project/lane`")
    ] = "",
    repository: Annotated[
        str, typer.Option("--repository", metavar="DIRECTORY", help="Git repository of the work")
    ] = ".",
    workspaces: Annotated[
        str | None,
        typer.Option(
            "--workspaces", metavar="DIRECTORY", help="Folder for worktrees; beside the repository if left out"
        ),
    ] = None,
    main: Annotated[str, typer.Option("--main", metavar="BRANCH", help="Branch that work begins at")] = "main",
    standing: Annotated[bool, typer.Option("--standing", help="Stay when nothing is left")] = False,
    limit: Annotated[
        float, typer.Option("--limit", min=1, metavar="SECONDS", help="For one run of the program")
    ] = 3600,
    url: Url = None,
    home: Home = None,
) -> int:
    """Be one independent agent: claim, run PROGRAM on the task, see what it did, repeat until nothing is left."""
    from ainarres.swarm import agent, process  # noqa: PLC0415 - as above
    from ainarres.swarm.script import Script  # noqa: PLC0415 - as above
    from ainarres.swarm.workspace import Workspaces  # noqa: PLC0415 - as above

    place = Path(repository).absolute()
    root = Path(workspaces).absolute() if workspaces else place.with_name(f"{place.name}.workspaces")
    return process.start(
        access.settings(url, home),
        adapter=Script([found(program[0]), *program[1:]]),
        workspaces=Workspaces(repository=place, root=root, main=main),
        lanes=[one for one in lanes.split(",") if one],
        family=family,
        roles=[one for one in roles.split(",") if one],
        until="standing" if standing else "drained",
        limits=agent.Limits(attempt=limit),
    )


def found(program: str) -> str:
    """Return a program named by its path as the shell would find it here; it is started in the task's worktree."""
    here = Path(program).absolute()
    return str(here) if "/" in program and here.is_file() else program


def _described(caller: Caller, credential: Credential | None) -> dict[str, Any]:
    return {
        "agent": caller.actor,
        "family": caller.family,
        "maker": caller.maker,
        "scope": caller.scope,
        "features": sorted(caller.features),
        "suspended": sorted(caller.kept),
        "credential": credential.id if credential else None,
        "expires_at": instant(credential.expires_at) if credential else None,
    }
