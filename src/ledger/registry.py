"""What the ledger must know of an event's type to read it; the types themselves belong to the domain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from pydantic import BaseModel

Upcaster: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]


class EventType(Protocol):
    """A type of event, as the domain's registry describes it."""

    @property
    def schema(self) -> int:
        """The current version of the body."""

    @property
    def model(self) -> type[BaseModel]:
        """What the current body means."""

    @property
    def upcasters(self) -> Mapping[int, Upcaster]:
        """From a schema number to the function that lifts a body of it to the next number."""


Registry: TypeAlias = Mapping[str, EventType]


def unreadable(registry: Registry) -> list[str]:
    """Name each older schema that the registry could not read, as ``TaskCreated.v1``; empty for a sound registry."""
    return [
        f"{name}.v{schema}"
        for name, kind in sorted(registry.items())
        for schema in range(1, kind.schema)
        if schema not in kind.upcasters
    ]
