"""Gathers what the watch is told, now or as of a moment, and asks it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ainarres.domain.context import Caller
from ainarres.domain.policy import Policy
from ainarres.projections import board, demand, watch
from ainarres.projections.catchup import rows, scalar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import psycopg

    from ainarres.domain.policy import Rule
    from ainarres.domain.task import Task
    from ainarres.projections.moments import Moment
    from ainarres.projections.reviews import Figures
    from ainarres.projections.track_record import TrackRecord
    from ainarres.projections.watch import Finding, World


def findings(connection: psycopg.Connection[Any], told: World) -> tuple[Finding, ...]:
    """Return what the watch finds in what it is told, by the policies in force."""
    return watch.judge(told, watch.thresholds(_rules(connection)))


def world(
    connection: psycopg.Connection[Any],
    moment: Moment,
    record: TrackRecord,
    reviewers: Sequence[Figures] = (),
    lane: str | None = None,
    *,
    live: bool = True,
) -> World:
    """Return what the watch is told. Where not ``live``, ``connection`` shows the past already (``moments.at``)."""
    upto = {"upto": moment.position}
    held = [board.from_row(row) for row in rows(connection, watch.SQL["held"], lane=lane)]
    granted = rows(connection, watch.SQL["granted"])
    contacts = rows(connection, watch.SQL["contacts" if live else "contacts_then"], **upto)
    return watch.World(
        now=moment.clock,
        held=held,
        progressed=_progressed(connection, held, moment),
        workflows=demand.definitions(connection),
        demands=demand.read(connection, lane),
        families=_families(connection, granted),
        granted=_capabilities(granted),
        contacts={row["family"]: row["at"] for row in contacts},
        record=record,
        reviewers=reviewers,
        wiped=bool(scalar(connection, watch.SQL["anything"], upto)),
    )


def _rules(connection: psycopg.Connection[Any]) -> Iterator[Rule]:
    for row in rows(connection, watch.SQL["policies"]):
        with suppress(ValidationError):  # one that cannot be read is shown as broken where policies are shown
            yield Policy.from_json(row["definition"]).rule


def _progressed(connection: psycopg.Connection[Any], held: Sequence[Task], moment: Moment) -> dict[Any, Any]:
    asked = {
        "tasks": [task.id for task in held],
        "claims": [task.hold.claimed_at if task.hold else None for task in held],
        "upto": moment.position,
    }
    found = rows(connection, watch.SQL["signs"], **asked)
    return {row["task"]: row["progressed_at"] for row in found if row["progressed_at"] is not None}


def _families(connection: psycopg.Connection[Any], granted: Sequence[dict[str, Any]]) -> tuple[Caller, ...]:
    effective: dict[str, set[str]] = {}
    for row in granted:
        if not row["denied"]:
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


def _capabilities(granted: Sequence[dict[str, Any]]) -> dict[str, frozenset[str]]:
    holders: dict[str, set[str]] = {}
    for row in granted:
        if row["feature"].partition(":")[0] in ("role", "capability"):
            holders.setdefault(row["feature"], set()).add(row["family"])
    return {feature: frozenset(families) for feature, families in holders.items()}
