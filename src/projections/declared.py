"""What was declared and what stands: families, credentials, definitions, lanes, one task; rows as plain mappings.

Names that people type are resolved here for the reads, with a refusal that names the cure where they stand for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg.rows import dict_row

from ainarres.database.queries import load
from ainarres.domain.feature import ALWAYS_KNOWN, kind_of
from ainarres.domain.refusal import Refusal
from ainarres.projections.wording import printable, short

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

SQL = load("ainarres.projections", "declared.sql")
Row = dict[str, Any]

Sees = Callable[[str], bool]
"""Tells whether the tasks of a lane are shown to a reader, as ``Caller.sees`` does."""

_EDGE = frozenset({"task", "side", "met", "cancelled"})
_WHOLE = 32
"""Digits of an id."""
_ID = re.compile(r"[0-9a-f]{4,32}")


def rows(connection: psycopg.Connection[Any], statement: str, **parameters: Any) -> list[Row]:
    """Return the rows of one of this module's statements."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL[statement], parameters).fetchall()


def one(connection: psycopg.Connection[Any], statement: str, **parameters: Any) -> Row | None:
    """Return the first row of one of this module's statements."""
    found = rows(connection, statement, **parameters)
    return found[0] if found else None


def neighbour(row: Row, sees: Sees) -> Row:
    """Return a task at the other end of an edge, as far as a reader may see it: of one on a lane that is not shown,
    there is its id and whether it is done or cancelled, which is what its neighbour waits for.
    """
    shown = sees(row["lane"])
    return {name: value if shown or name in _EDGE else None for name, value in row.items() if name != "lane"}


def lane(connection: psycopg.Connection[Any], typed: str) -> str | Refusal:
    """Resolve a lane: its full key ``project/lane``, or its last part where that is unique."""
    found = [row["key"] for row in rows(connection, "lanes_named", lane=typed)]
    if found and (found[0] == typed or len(found) == 1):
        return str(found[0])
    if found:
        return Refusal("not_found", f"lane {typed!r} is ambiguous: {', '.join(found)}; write it in full")
    known = [row["key"] for row in rows(connection, "lanes")]
    near = get_close_matches(typed, known, n=1)
    cure = f"did you mean {near[0]}?" if near else f"lanes are {', '.join(known) or 'none yet: adopt a project first'}"
    return Refusal("not_found", f"no lane {printable(typed)!r}; {cure}", {"field": "lane"})


def family(connection: psycopg.Connection[Any], typed: str) -> str | Refusal:
    """Resolve a family by its key."""
    known = [row["key"] for row in rows(connection, "family_keys")]
    if typed in known:
        return typed
    cure = _near(typed, known, "`ainarres families` lists them, `ainarres family adopt FILE` registers one")
    return Refusal("not_found", f"no family {printable(typed)!r}; {cure}", {"field": "family"})


def feature(connection: psycopg.Connection[Any], typed: str, field: str) -> str | Refusal:
    """Resolve a feature that means something here; ``field`` is where it was typed. Any tier does: it is a number."""
    known = {row["feature"] for row in rows(connection, "features")} | ALWAYS_KNOWN
    if typed in known or kind_of(typed) == "tier":
        return typed
    cure = _near(typed, sorted(known), "`ainarres families` shows who holds what")
    text = f"{field}: no workflow, lane or family knows {printable(typed)!r}; {cure}"
    return Refusal("not_found", text, {"field": field})


def _near(typed: str, known: Sequence[str], otherwise: str) -> str:
    near = get_close_matches(typed, known, n=2)
    return f"did you mean {' or '.join(near)}?" if near else otherwise


def task(connection: psycopg.Connection[Any], typed: str) -> UUID | Refusal:
    """Resolve a task: its id, or a unique prefix or suffix of it; hyphens and a leading ``…`` do not matter."""
    digits = typed.strip().lstrip("….").replace("-", "").lower()
    if not _ID.fullmatch(digits):
        cure = "a task id is 32 hexadecimal digits, of which 4 or more will do, as `ainarres status` shows them"
        reason = f"no task {printable(typed)!r}; {cure}"
        return Refusal("not_found", reason, {"field": "task"})
    if len(digits) == _WHOLE:  # parts of one are sought from end to end: no index on the board is worth that
        found = [row["task"] for row in rows(connection, "task", task=UUID(digits))]
    else:
        found = [row["task"] for row in rows(connection, "tasks_named", typed=digits)]
    if len(found) == 1:
        return UUID(str(found[0]))
    if found:
        names = ", ".join(short(each, found) for each in found)
        return Refusal("invalid", f"task: {typed!r} fits more than one ({names}); type more of it", {"field": "task"})
    return Refusal("not_found", f"no task {typed!r}; `ainarres status` lists them", {"field": "task"})
