"""What the tools need of whatever executes verbs: the server's own parts, a database, or another server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID


class Door(Protocol):
    """Executes for one caller; replies are plain JSON values."""

    async def say(self, verb: str, fields: Mapping[str, Any], key: UUID | None) -> dict[str, Any]:
        """Say a verb and return its envelope."""

    async def read(self, question: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Ask a question, by its model's name; an envelope with ``ok`` false where that was refused."""
