"""Gathers what the watch is told, now or as of a moment, and asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ainarres.domain.context import Caller
from ainarres.projections import board, demand, watch
from ainarres.projections.catchup import rows, scalar

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from ainarres.domain.task import Task
    from ainarres.projections.moments import Moment
    from ainarres.projections.track_record import TrackRecord
    from ainarres.projections.watch import Finding, World


def findings(
    connection: psycopg.Connection[Any],
    moment: Moment,
    record: TrackRecord,
    lane: str | None = None,
    *,
    live: bool = True,
) -> tuple[Finding, ...]:
    """Return what the watch finds; where not ``live``, ``connection`` shows the past already (``moments.at``)."""
    return watch.judge(_world(connection, moment, record, lane, live=live))


def _world(
    connection: psycopg.Connection[Any], moment: Moment, record: TrackRecord, lane: str | None, *, live: bool
) -> World:
    upto = {"upto": moment.position}
    held = [board.from_row(row) for row in rows(connection, watch.SQL["held"], lane=lane)]
    said = rows(connection, watch.SQL["standings"], **upto)
    contacts = rows(connection, watch.SQL["contacts" if live else "contacts_then"], **upto)
    return watch.World(
        now=moment.clock,
        held=held,
        progressed=_progressed(connection, held, moment),
        workflows=demand.definitions(connection),
        demands=demand.read(connection, lane),
        families=_families(connection, said),
        granted=_granted(said),
        contacts={row["family"]: row["at"] for row in contacts},
        record=record,
        wiped=bool(scalar(connection, watch.SQL["anything"], upto)),
    )


def _progressed(connection: psycopg.Connection[Any], held: Sequence[Task], moment: Moment) -> dict[Any, Any]:
    asked = {
        "tasks": [task.id for task in held],
        "claims": [task.hold.claimed_at if task.hold else None for task in held],
        "upto": moment.position,
    }
    found = rows(connection, watch.SQL["signs"], **asked)
    return {row["task"]: row["progressed_at"] for row in found if row["progressed_at"] is not None}


def _families(connection: psycopg.Connection[Any], said: Sequence[dict[str, Any]]) -> tuple[Caller, ...]:
    effective: dict[str, set[str]] = {}
    for row in said:
        if row["granted"] and not row["denied"]:
            effective.setdefault(row["family"], set()).add(row["feature"])
    return tuple(
        Caller(
            actor="",
            scope="agent",
            family=row["key"],
            maker=row["maker"],
            features=frozenset(effective.get(row["key"], ())),
        )
        for row in rows(connection, watch.SQL["makers"])
    )


def _granted(said: Sequence[dict[str, Any]]) -> dict[str, frozenset[str]]:
    granted: dict[str, set[str]] = {}
    for row in said:
        if row["granted"] and row["feature"].partition(":")[0] in ("role", "capability"):
            granted.setdefault(row["feature"], set()).add(row["family"])
    return {feature: frozenset(families) for feature, families in granted.items()}
