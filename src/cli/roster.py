"""The registry of agents."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ainarres.cli import access, remote, trouble
from ainarres.cli.people import Home, Json, Url  # noqa: TC001 - typer reads them
from ainarres.cli.watch import show
from ainarres.domain.refusal import Refusal


def agents(
    *,
    family: Annotated[str | None, typer.Option("--family", metavar="FAMILY", help="Only agents of this family")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Those without a live credential too")] = False,
    json: Json = False,
    url: Url = None,
    home: Home = None,
) -> int:
    """List agents: roles, skills and tier as they stand now, what each holds, and how its family's work was judged."""
    from ainarres.projections import roster  # noqa: PLC0415 - the table of commands needs no driver

    given = access.settings(url, home)
    if remote.chosen(given):
        found = remote.read(given, "agents", family=family, all="true" if all_ else None)
        if "code" in found:
            return trouble.refuse(Refusal(found["code"], found["reason"]), as_json=json)
        return _tell(found, as_json=json)
    with access.connection(given) as connection:
        listed = roster.read(connection, family=family, gone=all_)
    if isinstance(listed, Refusal):
        return trouble.refuse(listed, as_json=json)
    return _tell({"agents": [one.to_json() for one in listed]}, as_json=json)


def _tell(found: dict[str, Any], *, as_json: bool) -> int:
    from ainarres.projections import roster  # noqa: PLC0415 - as above

    if as_json:
        return show(found)
    print(roster.render(found["agents"]))
    if not found["agents"]:
        print("one begins with a token: ainarres token issue --family FAMILY")
    return 0
