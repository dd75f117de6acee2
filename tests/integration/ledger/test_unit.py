"""The library inside a unit of work, our events through its event store, and stamps that reach the columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from eventsourcing.application import Application
from eventsourcing.persistence import IntegrityError, PersistenceError
from eventsourcing.utils import clear_topic_cache, get_topic
from psycopg import Rollback, conninfo
from psycopg.rows import dict_row
from tests.integration.ledger.events import event

from ainarres.database.connect import connect
from ainarres.domain.events import REGISTRY, NoteAdded, TaskCancelled
from ainarres.ledger import store
from ainarres.ledger.factory import LedgerFactory
from ainarres.ledger.mapper import JsonMapper, StreamEvent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.database import Database


class DomainMapper(JsonMapper):
    """The mapper with the domain's types."""

    registry = REGISTRY


@pytest.fixture
def factory(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[LedgerFactory]:
    parts = conninfo.conninfo_to_dict(database.url)
    if options := parts.get("options"):
        monkeypatch.setenv("PGOPTIONS", str(options))
    names = {"DBNAME": "dbname", "HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password"}
    environment = {f"POSTGRES_{key}": str(parts.get(name) or "") for key, name in names.items()}
    with LedgerFactory(environment | {"ORIGINATOR_ID_TYPE": "text", "CREATE_TABLE": "no"}) as made:
        yield made


def note(version: int, text: str = "hi", stream: str = "task-1") -> StreamEvent:
    return StreamEvent(stream, version, NoteAdded(text=text))


def test_our_events_through_the_librarys_store(factory: LedgerFactory, database: Database) -> None:
    events = factory.event_store(mapper=factory.mapper(mapper_class=DomainMapper))
    events.put([note(1), StreamEvent("task-1", 2, TaskCancelled(reason="no"))], stamps={"actor": "a", "project": "web"})
    assert list(events.get("task-1")) == [note(1), StreamEvent("task-1", 2, TaskCancelled(reason="no"))]
    with connect(database.url) as connection:
        first, second = store.read(connection)
    assert (first.type, first.body, first.actor, second.project) == ("NoteAdded", {"text": "hi"}, "a", "web")


def test_the_librarys_calls_join_the_unit(factory: LedgerFactory, database: Database) -> None:
    recorder = factory.application_recorder()
    events = factory.event_store(mapper=factory.mapper(mapper_class=DomainMapper), recorder=recorder)
    with connect(database.url) as outside:
        with factory.units.unit_of_work() as connection:
            store.append(connection, [event("task-1", 1)])
            events.put([note(2)])
            assert [each.originator_version for each in events.get("task-1")] == [1, 2]
            assert store.stream_version(outside, "task-1") == 0
        assert store.stream_version(outside, "task-1") == 2
        with factory.units.unit_of_work():
            events.put([note(3)])
            raise Rollback
        assert store.stream_version(outside, "task-1") == 2


def test_a_transaction_of_our_own_is_joined(factory: LedgerFactory, database: Database) -> None:
    recorder = factory.application_recorder()
    events = factory.event_store(mapper=factory.mapper(mapper_class=DomainMapper), recorder=recorder)
    with connect(database.url, autocommit=False, row_factory=dict_row) as connection:
        with factory.units.joined(connection):
            events.put([note(1)])
        connection.rollback()
        assert list(events.get("task-1")) == []
    with connect(database.url) as connection, pytest.raises(ValueError, match="dict_row"):
        factory.units.joined(connection).__enter__()


def test_a_lost_race_in_a_unit_is_the_librarys_fault(factory: LedgerFactory) -> None:
    events = factory.event_store(mapper=factory.mapper(mapper_class=DomainMapper))
    with factory.units.unit_of_work():
        events.put([note(1)])
        with pytest.raises(IntegrityError, match="another writer"):
            events.put([note(1)])
        raise Rollback


def test_a_fault_in_a_unit_is_not_tried_again(factory: LedgerFactory) -> None:
    """The library repeats what raises OperationalError; here the transaction is spent, so its root is raised."""
    with factory.units.unit_of_work() as connection:
        connection.execute("SET LOCAL statement_timeout = '1ms'")
        with pytest.raises(PersistenceError) as caught, factory.units.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(1)")
        assert cursor.connection is connection
        raise Rollback
    assert type(caught.value) is PersistenceError


def test_a_row_of_a_later_schema_keeps_it(factory: LedgerFactory, database: Database) -> None:
    recorder = factory.application_recorder()
    with connect(database.url) as connection:
        store.append(connection, [event("task-1", 1, schema=2), event("task-1", 2)])
        assert [each.topic for each in recorder.select_notifications(1, 9)] == ["NoteAdded.v2", "NoteAdded"]
        found = recorder.select_notifications(1, 9, topics=["NoteAdded"])
        assert [each.originator_version for each in found] == [1, 2]
        recorder.insert_events([found[0].__class__("task-2", 1, "NoteAdded.v3", b'{"text":"x"}', 0)])
        assert store.read_stream(connection, "task-2")[0].schema == 3


def test_the_module_names_one_factory() -> None:
    clear_topic_cache()
    environment = {"PERSISTENCE_MODULE": "ainarres.ledger.factory", "POSTGRES_DBNAME": "x", "POSTGRES_HOST": "x"}
    application = Application[str]({**environment, "POSTGRES_USER": "x", "POSTGRES_PASSWORD": "", "CREATE_TABLE": "no"})
    assert get_topic(type(application.factory)) == "ainarres.ledger.factory:LedgerFactory"
    application.close()
