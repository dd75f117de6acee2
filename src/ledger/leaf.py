"""A leaf of the Merkle tree: the stored row of one event in canonical JSON.

Members are the row's columns, null ones left out (a column added later changes no old leaf), ``recorded_at`` in UTC
with six digits, and in place of the body ``body_sha256``: the SHA-256 in hexadecimal of its canonical bytes, or of
``raw``. Nothing is upcast: a leaf is what was written.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ainarres.ledger import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

COLUMNS = (
    *("position", "stream", "version", "type", "schema", "body", "raw"),
    *("actor", "family", "capability", "credential", "subject_agent", "subject_family"),
    *("project", "task", "command", "request", "causation", "correlation", "recorded_at"),
)
"""The columns of ``ledger.event``, in its order."""
Row = tuple[Any, ...]
"""Values of ``COLUMNS``: ``body`` the text of its jsonb, ``raw`` bytes, ids and ``recorded_at`` as text."""
POSITION, STREAM, VERSION, TYPE, SCHEMA, BODY, RAW = range(7)
_MEMBERS = sorted((name, index) for index, name in enumerate(COLUMNS) if name not in ("body", "raw"))
_AFTER = [(name, index) for name, index in _MEMBERS if name > "body_sha256"]
_BEFORE = [(name, index) for name, index in _MEMBERS if name < "body_sha256"]


def data(row: Row) -> bytes:
    """Return the leaf's input. Raises ``canonical.Misspelt`` for a body whose numbers the ledger did not write."""
    content = row[RAW] if row[BODY] is None else canonical.from_jsonb(row[BODY])
    return of(row, content)


def of(row: Row, content: bytes) -> bytes:
    """Return the leaf's input for a row whose canonical body, or raw bytes, are ``content``."""
    members = {name: row[index] for name, index in _BEFORE if row[index] is not None}
    members["body_sha256"] = sha256(content).hexdigest()
    for name, index in _AFTER:
        if row[index] is not None:
            members[name] = row[index]
    return canonical.quick(members)


def digest(leaf: bytes) -> bytes:
    """Return the leaf's hash: RFC 9162, section 2.1.1."""
    return sha256(b"\0" + leaf).digest()


def row_of(members: Mapping[str, Any]) -> Row:
    """Return the row whose columns are ``members``; what is missing is null."""
    return tuple(members.get(name) for name in COLUMNS)
