"""See what goes on: status, timeline, one task and its history."""

from __future__ import annotations

import json as _json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ainarres.cli import access, trouble
from ainarres.cli.people import At, Home, Json, Lane, Url  # noqa: TC001 - typer reads them
from ainarres.domain.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

Limit = Annotated[int, typer.Option("--limit", min=1, max=100_000, metavar="N", help="At most so many events")]
Task = Annotated[str, typer.Argument(metavar="TASK", help="Task id; a unique prefix or suffix of it will do")]


def show(document: Any) -> int:
    """Print the one JSON document of a read."""
    from ainarres.verbs.envelope import plain_value  # noqa: PLC0415 - text needs none of it

    print(_json.dumps(document, ensure_ascii=False, default=plain_value))
    return 0


def status(
    *, lane: Lane = None, limit: Limit = 10, at: At = None, json: Json = False, url: Url = None, home: Home = None
) -> int:
    """Count tasks by stage; show who holds what, what is stuck, what happened last."""
    from ainarres.projections import glance  # noqa: PLC0415 - the table of commands needs no driver

    with access.opened(url, home) as connection, as_of(connection, at, as_json=json):
        full = lane_of(connection, lane)
        if isinstance(full, Refusal):
            return trouble.refuse(full, as_json=json)
        found = glance.read_status(connection, full, limit)
    if json:
        return show(found.to_json())
    print(found.text())
    return 0


def timeline(
    *,
    lane: Lane = None,
    task: Annotated[str | None, typer.Option("--task", metavar="TASK", help="Of this task only")] = None,
    family: Annotated[
        str | None, typer.Option("--family", metavar="FAMILY", help="By, for or against this family only")
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--type", metavar="TYPE", help="Of this type only, as `TaskRejected`")
    ] = None,
    limit: Limit = 50,
    json: Json = False,
    url: Url = None,
    home: Home = None,
) -> int:
    """Show the newest events, oldest first, each with its gist."""
    from ainarres.projections import declared, history  # noqa: PLC0415 - as above
    from ainarres.projections.timeline import render  # noqa: PLC0415 - as above

    if kind is not None:
        _check_type(kind)
    with access.opened(url, home) as connection:
        full = lane_of(connection, lane)
        which = declared.task(connection, task) if task is not None else None
        for refusal in (full, which):
            if isinstance(refusal, Refusal):
                return trouble.refuse(refusal, as_json=json)
        assert not isinstance(full, Refusal)
        assert not isinstance(which, Refusal)
        entries = history.newest(connection, limit=limit, lane=full, task=which, family=family, kind=kind)
    if json:
        return show({"limit": limit, "events": [entry.to_json() for entry in entries]})
    print(render(entries, limit))
    return 0


def history(task: Task, at: At = None, json: Json = False, url: Url = None, home: Home = None) -> int:
    """Tell everything that ever happened to a task."""
    from ainarres.projections import declared  # noqa: PLC0415 - as above
    from ainarres.projections import history as events  # noqa: PLC0415 - as above
    from ainarres.projections.timeline import story  # noqa: PLC0415 - as above

    with access.opened(url, home) as connection, as_of(connection, at, as_json=json):
        which = declared.task(connection, task)
        if isinstance(which, Refusal):
            return trouble.refuse(which, as_json=json)
        entries = events.of_task(connection, which)
    if json:
        return show({"task": str(which), "events": [entry.to_json() for entry in entries]})
    print(story(which, entries))
    return 0


def task(task: Task, at: At = None, json: Json = False, url: Url = None, home: Home = None) -> int:
    """Show one task as it stands: stage, hold, prerequisites, artifacts, payload."""
    from ainarres.projections import declared, glance  # noqa: PLC0415 - as above

    with access.opened(url, home) as connection, as_of(connection, at, as_json=json):
        which = declared.task(connection, task)
        if isinstance(which, Refusal):
            return trouble.refuse(which, as_json=json)
        portrait = glance.read_portrait(connection, which)
    if json:
        return show(portrait.to_json())
    print(portrait.text())
    return 0


@contextmanager
def as_of(connection: psycopg.Connection[Any], at: str | None, *, as_json: bool) -> Iterator[None]:
    """Show the past until the block ends, and say which; nothing to do for ``at`` null."""
    from ainarres.projections import moments  # noqa: PLC0415 - as above

    moment = None if at is None else moments.resolve(connection, at)
    if moment is not None and not as_json:
        print(moment)
    with moments.at(connection, moment):
        yield


def lane_of(connection: psycopg.Connection[Any], typed: str | None) -> str | Refusal | None:
    """Resolve the option ``--lane``; null is all lanes."""
    from ainarres.projections import declared  # noqa: PLC0415 - as above

    return None if typed is None else declared.lane(connection, typed)


def _check_type(name: str) -> None:
    from difflib import get_close_matches  # noqa: PLC0415 - only where a type is asked for

    from ainarres.domain.events import REGISTRY  # noqa: PLC0415 - as above
    from ainarres.faults import InvalidInput  # noqa: PLC0415 - as above

    if name not in REGISTRY:
        near = get_close_matches(name, REGISTRY, n=1)
        cure = f"did you mean {near[0]}?" if near else "types are named as in `ainarres timeline`"
        raise InvalidInput("--type", f"there is no event {name!r}", cure)
