"""Look back: a task's life step by step, and what changed between two moments."""

from __future__ import annotations

from typing import Annotated

import typer

from ainarres.cli import access, trouble
from ainarres.cli.people import At, Home, Json, Lane, Url  # noqa: TC001 - typer reads them
from ainarres.cli.watch import Task, as_of, lane_of, show
from ainarres.domain.refusal import Refusal


def replay(task: Task, at: At = None, json: Json = False, url: Url = None, home: Home = None) -> int:
    """Step through a task's life: each event, and the state after it."""
    from ainarres.projections import declared  # noqa: PLC0415 - the table of commands needs no driver
    from ainarres.projections import replay as replaying  # noqa: PLC0415 - as above

    with access.opened(url, home) as connection, as_of(connection, at, as_json=json):
        which = declared.task(connection, task)
        if isinstance(which, Refusal):
            return trouble.refuse(which, as_json=json)
        steps = replaying.steps(connection, which)
    if json:
        return show({"task": str(which), "steps": [step.to_json() for step in steps]})
    print(replaying.render(which, steps))
    return 0


def diff(
    *,
    from_: Annotated[str, typer.Option("--from", metavar="POSITION|TIME", help="The earlier moment")],
    to: Annotated[
        str | None, typer.Option("--to", metavar="POSITION|TIME", help="The later one; now if left out")
    ] = None,
    lane: Lane = None,
    json: Json = False,
    url: Url = None,
    home: Home = None,
) -> int:
    """Compare the board at two moments, task by task."""
    from ainarres.projections import change, moments  # noqa: PLC0415 - as above

    with access.opened(url, home) as connection:
        full = lane_of(connection, lane)
        if isinstance(full, Refusal):
            return trouble.refuse(full, as_json=json)
        first = moments.resolve(connection, from_, "--from")
        second = moments.now(connection) if to is None else moments.resolve(connection, to, "--to")
        changes = change.between(connection, first, second, full)
    if json:
        return show({"from": first.to_json(), "to": second.to_json(), "changes": [one.to_json() for one in changes]})
    print(change.render(changes, first, second))
    return 0
