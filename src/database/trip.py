"""One round trip: several statements and their values as one text.

A verb is two or three trips, and what a trip costs beside the server's work is most of what a verb costs a client. One
text needs neither a preparation nor a pipeline, a pooler that gives each transaction another connection has nothing to
remember, and what a cursor could do besides is not paid for. Values are quoted by libpq; none is ever pasted in.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, LiteralString
from uuid import UUID

from psycopg import errors, generators
from psycopg.pq import Escaping, ExecStatus, TransactionStatus

from ainarres.database.queries import load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from psycopg import Connection
    from psycopg.abc import PQGen
    from psycopg.pq.abc import PGconn, PGresult

SQL = load("ainarres.database", "trip.sql")
_PLACE = re.compile(r"%\((\w+)\)s")
_FINE = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)


def run(
    connection: Connection[Any], statements: Sequence[LiteralString], parameters: Mapping[str, Any]
) -> bytes | None:
    """Send ``statements``, whose ``%(name)s`` are ``parameters``, and wait for the last of them.

    A parameter is text, a number, a truth, a UUID, an aware datetime, null, or a flat list of these. The first failure
    ends the trip and is raised, unless it stands behind a COMMIT that went through: what was asked for is done then.
    Outside of autocommit mode a transaction begins first, as with any statement.
    Returns the text of the one value that the first statement with a result gives; null where none gives any.
    """
    pgconn, text = connection.pgconn, bytearray()
    if not connection.autocommit and pgconn.transaction_status == TransactionStatus.IDLE:
        statements = (SQL["begin"], *statements)
    escape = Escaping(pgconn).escape_literal
    for statement in statements:
        for piece, name in _pieces(statement):
            text += piece
            if name is not None:
                text += _literal(escape, parameters[name])
        text += b";\n"
    with connection.lock:
        results = connection.wait(_exchange(pgconn, bytes(text)))
    found: bytes | None = None
    seen = False
    for result in results:
        if result.status not in _FINE:
            raise errors.error_from_result(result)
        if result.command_status == b"COMMIT":
            break
        if result.nfields and not seen:
            found, seen = result.get_value(0, 0), True
    return found


def _exchange(pgconn: PGconn, text: bytes) -> PQGen[list[PGresult]]:
    pgconn.send_query(text)
    results: list[PGresult] = yield from generators.execute(pgconn)
    return results


@lru_cache(maxsize=256)
def _pieces(statement: str) -> list[tuple[bytes, str | None]]:
    """Split a statement: pieces of text, each with the name of the parameter behind it."""
    *pairs, last = _PLACE.split(statement)
    return [*zip((text.encode() for text in pairs[0::2]), pairs[1::2], strict=True), (last.encode(), None)]


def _literal(escape: Callable[[bytes], bytes], given: Any) -> bytes:
    if given is None:
        return b"NULL"
    kind = type(given)
    if kind is bool:
        return b"true" if given else b"false"
    if kind is int:
        return b"%d" % given
    if kind is list or kind is tuple:
        given = "{" + ",".join(map(_element, given)) + "}"
    quoted = str(given).encode()
    if b"\0" in quoted:
        raise ValueError("a text with NUL has no literal; it would be cut off there")
    return escape(quoted)


def _element(given: Any) -> str:
    """Write one element of an array's text."""
    if given is None:
        return "NULL"
    if isinstance(given, (int, UUID, datetime)):
        return f'"{given}"'
    return '"' + str(given).replace("\\", "\\\\").replace('"', '\\"') + '"'
