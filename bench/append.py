"""Appends by 16 writers through the `eventsourcing` library: its stock recorder, ours, and our ledger's own door.

Run by ``bench.race`` as ``python -m bench.append stock|recorder|door URL WRITERS FILE``. Each call appends one event to
the writer's own stream, one durable transaction, and the state is the same JSON for all: about 230 bytes.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg import conninfo

from ainarres.database.connect import connect
from ainarres.ledger import store
from ainarres.ledger.event import NewEvent
from ainarres.ledger.recorder import LedgerApplicationRecorder
from ainarres.ledger.unit import UnitOfWorkDatastore
from bench import crew

if TYPE_CHECKING:
    from collections.abc import Callable

BODY = {
    "stage": "implementing", "note": "half of it is done, the tests are next and then the documentation", "attempt": 1,
    "artifacts": [{"type": "commit", "ref": "0" * 40}], "lease_expires_at": "2027-01-01T00:00:00Z", "progress": 50,
}  # fmt: skip
STATE = json.dumps(BODY).encode()
KIND = "ProgressReported"


def library(recorder: LedgerApplicationRecorder | PostgresApplicationRecorder, left: Callable[[], bool]) -> list[float]:
    """Append through a recorder of the library until the time is up."""
    stream, version, stamps = uuid4(), 1, []
    recorder.insert_events([StoredEvent(stream, version, f"{KIND}:1", STATE)])
    while left():
        version += 1
        recorder.insert_events([StoredEvent(stream, version, f"{KIND}:1", STATE)])
        stamps.append(time.monotonic())
    return stamps


def door(url: str, left: Callable[[], bool]) -> list[float]:
    """Append through the ledger's own function, as verbs do."""
    stream, version, stamps = f"task-{uuid4()}", 0, []
    with connect(url) as connection:
        while left():
            version += 1
            store.append(connection, [NewEvent(stream=stream, version=version, type=KIND, schema=1, body=BODY)])
            stamps.append(time.monotonic())
    return stamps


def datastore(of: type[PostgresDatastore], url: str, size: int) -> Any:
    """Return a datastore of the library with a connection for each writer."""
    given = {name: str(value) for name, value in conninfo.conninfo_to_dict(url).items()}
    return of(given["dbname"], given["host"], given["port"], given["user"], "", pool_size=size, max_overflow=0)


def prepare(url: str) -> None:
    """Make the table of the stock recorder."""
    with datastore(PostgresDatastore, url, 1) as made:
        PostgresApplicationRecorder(made).create_table()


def main() -> None:
    """Be a worker process, one thread a writer."""
    way, url, writers, file = sys.argv[1:]

    def appending(recorder: Any) -> None:
        crew.serve(file, int(writers), lambda _, left: library(recorder, left))

    if way == "door":
        crew.serve(file, int(writers), lambda _, left: door(url, left))
    elif way == "recorder":
        with datastore(UnitOfWorkDatastore, url, int(writers)) as made:
            appending(LedgerApplicationRecorder(made))
    else:
        with datastore(PostgresDatastore, url, int(writers)) as made:
            appending(PostgresApplicationRecorder(made))


if __name__ == "__main__":
    main()
