"""Named SQL: every statement lives in a ``.sql`` file beside the module that owns it.

A file holds blocks of a name line, a line of description, and the statement::

    -- append_events --
    -- Appends a block of events and returns its first position.
    SELECT ledger.append(...)
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, LiteralString, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"^-- ([a-z][a-z0-9_]*) --$", re.MULTILINE)


def parse(text: str) -> dict[str, LiteralString]:
    """Split a file's text into its statements by name; comments stay, psycopg and the server ignore them."""
    parts = _NAME.split(text)[1:]
    names, bodies = parts[0::2], parts[1::2]
    if len(set(names)) != len(names):
        raise ValueError("a statement name is used twice")
    return {name: cast("LiteralString", body.strip().rstrip(";")) for name, body in zip(names, bodies, strict=True)}


def load(package: str, name: str) -> Mapping[str, LiteralString]:
    """Read ``name`` (a ``.sql`` file) from ``package`` and return its statements by name."""
    return parse((files(package) / name).read_text(encoding="utf-8"))
