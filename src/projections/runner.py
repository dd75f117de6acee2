"""The live tail: the `eventsourcing` library's projection runner over our recorder, one runner a projection.

The runner tells of each event; the view takes in everything up to the horizon at once, in batches with the tracking
record of each, so that the events after it are known already. Two followers of a projection take turns by its lock:
who comes second finds the mark moved and does nothing.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from eventsourcing.application import Application
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection as LibraryProjection
from eventsourcing.projection import ProjectionRunner
from psycopg import conninfo

from ainarres.domain.events import REGISTRY
from ainarres.ledger.mapper import JsonMapper
from ainarres.projections import catchup
from ainarres.projections.following import PROJECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from eventsourcing.persistence import Tracking

    from ainarres.projections.catchup import Projection

Runner = ProjectionRunner[Any, Any]
_BESIDE = {"options": "PGOPTIONS", "target_session_attrs": "PGTARGETSESSIONATTRS"}


class DomainMapper(JsonMapper):
    """Reads the ledger's events by the domain's registry."""

    registry = REGISTRY


class View(PostgresTrackingRecorder):
    """The library's tracking recorder on ``statistics.tracking``, whatever projection it serves."""

    def __init__(self, *arguments: Any, **names: Any) -> None:
        super().__init__(*arguments, **{**names, "tracking_table_name": "tracking"})

    def absorb(self, projection: Projection, position: int) -> None:
        """Take in everything up to the horizon, at least up to ``position``, unless somebody else has."""
        with self.datastore.get_connection() as connection:
            if catchup.tracked(connection, projection) < position:
                catchup.catch_up(connection, projection)


@contextmanager
def following(url: str, projections: Sequence[Projection] = tuple(PROJECTIONS.values())) -> Iterator[list[Runner]]:
    """Run a runner of the library for each projection on the ledger at ``url`` until the block ends."""
    with ExitStack() as stack:
        yield [stack.enter_context(_runner(url, one)) for one in projections]


def _runner(url: str, projection: Projection) -> Runner:
    def process_event(self: LibraryProjection[View], _: Any, tracking: Tracking) -> None:
        self.view.absorb(projection, tracking.notification_id)

    # The library names tracking records after the application, and ours are named after the projection.
    application = type("Ledger", (Application,), {"name": projection.name})
    follower = type("Follower", (LibraryProjection,), {"name": projection.name, "process_event": process_event})
    return ProjectionRunner(
        application_class=application, projection_class=follower, view_class=View, env=environment(url)
    )


def environment(url: str) -> dict[str, str]:
    """Return the library's settings for the ledger at ``url``.

    Its pool has no place for libpq's options and for which of several hosts is wanted, so these travel in libpq's own
    variables.
    """
    parts = conninfo.conninfo_to_dict(url)
    for parameter, variable in _BESIDE.items():
        if said := parts.get(parameter):
            os.environ[variable] = str(said)
    return {
        "PERSISTENCE_MODULE": "ainarres.ledger.factory:LedgerFactory",
        "MAPPER_TOPIC": "ainarres.projections.runner:DomainMapper",
        "POSTGRES_DBNAME": str(parts["dbname"]),
        "POSTGRES_HOST": str(parts.get("host") or ""),
        "POSTGRES_PORT": str(parts.get("port") or 5432),
        "POSTGRES_USER": str(parts.get("user") or ""),
        "POSTGRES_PASSWORD": str(parts.get("password") or ""),
        "POSTGRES_SCHEMA": "statistics",
        "POSTGRES_POOL_SIZE": "1",
        "CREATE_TABLE": "false",
    }
