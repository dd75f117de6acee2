"""The unit of work, for the `eventsourcing` library: its calls join the transaction that is open around them.

Every recorder of the library takes its connection from its datastore. This datastore hands out the connection of the
unit that the current context has open, and a pooled one where there is none.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import psycopg
from eventsourcing import persistence
from eventsourcing.postgres import PostgresDatastore

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from psycopg import Connection
    from psycopg.rows import DictRow

# By datastore, because two ledgers may be open in one context.
_OPEN: ContextVar[Mapping[int, Connection[Any]] | None] = ContextVar("open units of work", default=None)


class UnitOfWorkDatastore(PostgresDatastore):
    """The library's datastore, aware of open units of work."""

    @contextmanager
    def get_connection(self) -> Iterator[Connection[DictRow]]:
        """Yield the connection of the unit that is open in this context, else one from the pool."""
        ambient = (_OPEN.get() or {}).get(id(self))
        if ambient is None:
            with super().get_connection() as connection:
                yield connection
        else:
            with _faults_of_a_unit():
                yield ambient

    @contextmanager
    def unit_of_work(self) -> Iterator[Connection[DictRow]]:
        """Open a transaction on a pooled connection; what the library does inside belongs to it, up to its end."""
        with super().get_connection() as connection, connection.transaction(), self.joined(connection):
            yield connection

    @contextmanager
    def joined(self, connection: Connection[Any]) -> Iterator[None]:
        """Make library calls use ``connection``, whose transaction the caller opened and will end."""
        if connection.row_factory is not psycopg.rows.dict_row:
            raise ValueError("the library's recorders read rows as dicts: connect with row_factory=dict_row")
        token = _OPEN.set({**(_OPEN.get() or {}), id(self): connection})
        try:
            yield
        finally:
            _OPEN.reset(token)


@contextmanager
def _faults_of_a_unit() -> Iterator[None]:
    # The library repeats a call that met an InterfaceError or OperationalError. Inside a unit that cannot help, because
    # the transaction is spent; so these become the root of its faults, which nothing repeats.
    try:
        yield
    except psycopg.IntegrityError as error:
        raise persistence.IntegrityError(str(error)) from error
    except psycopg.ProgrammingError as error:
        raise persistence.ProgrammingError(str(error)) from error
    except psycopg.Error as error:
        raise persistence.PersistenceError(str(error)) from error
