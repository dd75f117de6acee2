"""Events as lines of JSON, each a CloudEvent (1.0) in canonical spelling, with all that an import needs.

``id`` is the position, ``source`` the ledger, ``subject`` the stream, ``type`` the event's type and schema, ``data``
the body as stored (``data_base64`` what is not a JSON object); the other columns are extension attributes, whose names
hold neither capitals nor underscores and whose integers may have 32 bits only, so ours are text. Null is left out.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ainarres.faults import CorruptEvent, InvalidInput
from ainarres.ledger import audit, body, canonical, chain, leaf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from psycopg import Connection

    from ainarres.ledger.chain import Chain
    from ainarres.ledger.leaf import Row

TYPE = "org.ainarres."
_TEXT = {
    name: name.replace("_", "")
    for name in (
        *("actor", "family", "capability", "credential", "subject_agent", "subject_family"),
        *("project", "task", "command", "request", "correlation"),
    )
}
_NUMBER = re.compile("0|[1-9][0-9]{0,18}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_REQUIRED = frozenset({"specversion", "id", "source", "type", "subject", "time", "streamversion"})
_KNOWN = _REQUIRED | {"causation", "data", "data_base64", "datacontenttype", *_TEXT.values()}
_AT = {name: index for index, name in enumerate(leaf.COLUMNS)}


class Exported(NamedTuple):
    """A line read back: the row, with its body as the ledger spells it, and the leaf's content."""

    row: Row
    content: bytes


def line(row: Row, origin: str) -> bytes:
    """Return the line of a row, without its end. Raises ``canonical.Misspelt`` for a body the ledger did not write."""
    members: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(row[leaf.POSITION]),
        "source": f"/{origin}",
        "type": f"{TYPE}{row[leaf.TYPE]}.v{row[leaf.SCHEMA]}",
        "subject": row[leaf.STREAM],
        "time": row[_AT["recorded_at"]],
        "streamversion": str(row[leaf.VERSION]),
        **{said: row[_AT[name]] for name, said in _TEXT.items() if row[_AT[name]] is not None},
    }
    if row[_AT["causation"]] is not None:
        members["causation"] = str(row[_AT["causation"]])
    if row[leaf.BODY] is None:
        members["data_base64"] = base64.b64encode(row[leaf.RAW]).decode()
        return canonical.quick(members)
    # the body is canonical already, and "data" has a place among the names: after "correlation", before the rest
    content = canonical.from_jsonb(row[leaf.BODY])
    members |= {"datacontenttype": "application/json", "data": 0}
    head, mark, tail = canonical.quick(members).partition(b'"data":0')
    return head + mark[:-1] + content + tail


def lines(connection: Connection[Any], upto: int, after: int = 0) -> Iterator[bytes]:
    """Yield the lines of the events after a position up to a horizon read before; each ends in a newline."""
    origin = audit.chain_of(connection, upto).origin
    for row in audit.rows_of(connection, upto, after):
        try:
            yield line(row, origin) + b"\n"
        except canonical.Misspelt as error:
            raise CorruptEvent(f"the event at position {row[leaf.POSITION]} was altered: {error}") from error


def parse(text: bytes) -> Exported:
    """Read a line. Raises ValueError, ``canonical.Misspelt`` included, saying what is wrong with it."""
    members = canonical.from_line(text)
    missing, unknown = _REQUIRED - members.keys(), members.keys() - _KNOWN
    if missing or unknown:
        raise ValueError(f"it lacks {min(missing)!r}" if missing else f"the attribute {min(unknown)!r} is unknown")
    if odd := [one for one, value in members.items() if one != "data" and not isinstance(value, str)]:
        raise ValueError(f"the attribute {odd[0]!r} is not text")
    name, mark, schema = members["type"].removeprefix(TYPE).rpartition(".v")
    if members["specversion"] != "1.0" or not mark or not members["type"].startswith(TYPE):
        raise ValueError(f"{members['type']!r} in CloudEvents {members['specversion']} is no event of a ledger")
    row = {own: members.get(said) for own, said in _TEXT.items()}
    row |= {
        "position": _whole(members["id"]),
        "stream": members["subject"],
        "version": _whole(members["streamversion"]),
        "type": name,
        "schema": _whole(schema),
        "recorded_at": members["time"],
        "causation": _whole(members["causation"]) if "causation" in members else None,
    }
    ids = (row[name] for name in ("task", "command", "correlation"))
    if not _MOMENT.fullmatch(members["time"]) or not all(one is None or _ID.fullmatch(one) for one in ids):
        raise ValueError("its time or one of its ids is not spelt as the ledger spells it")
    if ("data" in members) == ("data_base64" in members):
        raise ValueError("it has neither data nor data_base64, or both")
    if "data" not in members:
        row["raw"] = content = base64.b64decode(members["data_base64"], validate=True)
    elif isinstance(members["data"], dict):
        content = canonical.of(members["data"])
        row["body"] = body.encode(members["data"])
    else:
        raise ValueError("its data is not a JSON object")
    return Exported(leaf.row_of(row), content)


def _whole(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no whole number")
    return int(text)


def read(path: Path) -> Iterator[Exported]:
    """Yield the events of an export. Raises InvalidInput naming the line that is not one."""
    try:
        with path.open("rb") as file:
            for number, text in enumerate(file, 1):
                try:
                    yield parse(text.removesuffix(b"\n"))
                except ValueError as error:
                    said = str(error).partition("\n")[0]
                    raise InvalidInput(f"line {number}", said, f"{path} is not as `ainarres export` wrote it") from None
    except OSError as error:
        raise InvalidInput("file", f"{path}: {error.strerror}", "name a file that `ainarres export` wrote") from None


def chain_of(path: Path) -> Chain:
    """Read what an export says of its ledger. Lines that are no events are left to ``read``."""
    mark = b'"subject":"ledger"'

    def rows() -> Iterator[tuple[int, str, dict[str, Any]]]:
        for text in file:
            if mark in text:
                try:
                    row = parse(text.removesuffix(b"\n")).row
                except ValueError:
                    continue
                if row[leaf.STREAM] == chain.STREAM:
                    content = row[leaf.BODY]
                    yield row[leaf.POSITION], row[leaf.TYPE], {} if content is None else body.decode(content)

    try:
        with path.open("rb") as file:
            return chain.read(rows())
    except OSError as error:
        raise InvalidInput("file", f"{path}: {error.strerror}", "name a file that `ainarres export` wrote") from None
