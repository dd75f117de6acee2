"""Events for the ledger's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ainarres.ledger.event import NewEvent

if TYPE_CHECKING:
    from collections.abc import Iterable


def event(stream: str, version: int, **columns: Any) -> NewEvent:
    """An event of no particular meaning."""
    plain: dict[str, Any] = {"stream": stream, "version": version, "type": "NoteAdded", "body": {"text": "hi"}}
    return NewEvent(**(plain | columns))


def events(stream: str, versions: Iterable[int], **columns: Any) -> list[NewEvent]:
    """One event a version."""
    return [event(stream, version, **columns) for version in versions]
