"""The `eventsourcing` library's recorders over our one table: no table lock, no NOTIFY, the same ``ledger.append``.

What the library calls an originator is a stream, its notification id is a position, its topic is type and schema. State
that is a JSON object goes into ``body``, all else into ``raw``. Several applications on one ledger share one log, so an
application that follows the log and appends to it must read topics that are not its own, or append elsewhere.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    ListenNotifySubscription,
    Notification,
    ProcessRecorder,
    StoredEvent,
    Tracking,
)
from eventsourcing.postgres import PostgresTrackingRecorder
from psycopg.rows import tuple_row

from ainarres.faults import VersionConflict
from ainarres.ledger import store
from ainarres.ledger.event import NewEvent
from ainarres.ledger.mapper import from_topic, topic

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from psycopg import Connection
    from psycopg.rows import DictRow

    from ainarres.ledger.unit import UnitOfWorkDatastore


class LedgerApplicationRecorder(ApplicationRecorder):
    """Appends to the ledger and reads it, up to the horizon, for the library."""

    def __init__(self, datastore: UnitOfWorkDatastore, **names: Any) -> None:
        super().__init__(**names)
        self.datastore = datastore

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Append all or none and return their positions, None for no events.

        ``stamps`` (keyword, optional) gives stamps of ``NewEvent`` by name, the same for all. Raises the library's
        IntegrityError where a stream is further than the writer thought.
        """
        with self.datastore.get_connection() as connection:
            return self._append(connection, stored_events, kwargs.get("stamps") or {})

    def _append(
        self, connection: Connection[DictRow], stored_events: Sequence[StoredEvent], stamps: Mapping[str, Any]
    ) -> list[int] | None:
        if not stored_events:
            return None
        try:
            first = store.append(connection, [_new(event, stamps) for event in stored_events])
        except VersionConflict as error:
            raise IntegrityError(str(error)) from error
        return list(range(first, first + len(stored_events)))

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> list[StoredEvent]:
        """Read a stream's events with ``gt`` < version <= ``lte``, newest first if ``desc``."""
        parameters = {
            "stream": str(originator_id),
            "gt": -1 if gt is None else gt,
            "lte": store.END if lte is None else lte,
            "limit": limit,
        }
        statement = store.SQL["library_stream_back" if desc else "library_stream"]
        with self.datastore.get_connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
            return [
                StoredEvent(originator_id, version, topic(kind, schema), _state(body, raw))
                for version, kind, schema, body, raw in cursor.execute(statement, parameters, prepare=True)
            ]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> list[Notification]:
        """Read the log up to the horizon. A topic selects its type in every schema."""
        after = 0 if start is None else start - 1 if inclusive_of_start else start
        types = list({from_topic(each)[0] for each in topics}) or None
        with self.datastore.get_connection() as connection:
            safe = store.horizon(connection)
            upto = safe if stop is None else min(safe, stop)
            parameters = {"after": after, "upto": upto, "types": types, "limit": limit}
            with connection.cursor(row_factory=tuple_row) as cursor:
                return [
                    Notification(self._originator(stream), version, topic(kind, schema), _state(body, raw), position)
                    for position, stream, version, kind, schema, body, raw in cursor.execute(
                        store.SQL["library_log"], parameters, prepare=True
                    )
                ]

    def max_notification_id(self) -> int | None:
        """Return the last position up to the horizon."""
        with self.datastore.get_connection() as connection:
            upto = store.horizon(connection)
            with connection.cursor(row_factory=tuple_row) as cursor:
                row = cursor.execute(store.SQL["last_position"], {"upto": upto}, prepare=True).fetchone()
        assert row is not None
        position: int | None = row[0]
        return position

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> PollingSubscription:
        """Follow the log from after ``gt``."""
        return PollingSubscription(self, gt=gt, topics=topics)

    def _originator(self, stream: str) -> UUID | str:
        if self.datastore.originator_id_type == "uuid":
            try:
                return UUID(stream)
            except ValueError:
                return stream
        return stream


class PollingSubscription(ListenNotifySubscription[LedgerApplicationRecorder]):
    """Follows the log by looking every ``interval`` seconds; ``ring`` makes it look at once."""

    interval = 0.03

    def ring(self) -> None:
        """Look now: somebody has heard that there is something."""
        self._has_been_notified.set()

    def _loop_on_pull(self) -> None:
        try:
            self._pull()
            while not self._has_been_stopped:
                self._has_been_notified.wait(self.interval)
                self._pull()
        except BaseException as error:  # noqa: BLE001 - handed to the consumer, who raises it
            self._thread_error = self._thread_error or error
            self.stop()


class LedgerProcessRecorder(PostgresTrackingRecorder, LedgerApplicationRecorder, ProcessRecorder):
    """Appends events and the library's tracking record in one transaction."""

    datastore: UnitOfWorkDatastore

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Append, and record ``tracking`` (keyword) with it or not at all."""
        tracking: Tracking | None = kwargs.get("tracking")
        with self.datastore.get_connection() as connection, connection.transaction():
            if tracking is not None:
                with connection.cursor() as cursor:
                    self._insert_tracking(cursor, tracking)
            return self._append(connection, stored_events, kwargs.get("stamps") or {})


def _new(event: StoredEvent, stamps: Mapping[str, Any]) -> NewEvent:
    name, schema = from_topic(event.topic)
    body = _object(event.state)
    return NewEvent(
        stream=str(event.originator_id),
        version=event.originator_version,
        type=name,
        schema=schema,
        body=body,
        raw=bytes(event.state) if body is None else None,
        **stamps,
    )


def _object(state: bytes) -> dict[str, Any] | None:
    # Ciphertext and compressed state may begin with a brace by chance, so only a whole document counts.
    if not state.startswith(b"{"):
        return None
    try:
        document = json.loads(state)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _state(body: str | None, raw: bytes | None) -> bytes:
    if body is not None:
        return body.encode()
    assert raw is not None
    return raw
