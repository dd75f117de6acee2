"""The registry: one table that says of every event where it belongs, and the base of their bodies.

A body is a frozen model named in the past participle. Who appended it, of which family, by which credential, and whom
it credits or charges are stamps of the ledger's row, not of the body. A changed body needs a new ``schema`` number, an
upcaster from the old one and a new golden file; stored rows are never rewritten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


class Event(BaseModel):
    """Base of all bodies."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


@dataclass(frozen=True, slots=True)
class EventType:
    """One row of the registry."""

    name: str
    stream: str
    """Category of the stream, the part before the first ``-``."""
    schema: int
    model: type[Event]
    verb: str
    """The verb (or act of the ledger) that appends it."""
    projections: tuple[str, ...]
    upcasters: Mapping[int, Upcaster] = field(default_factory=dict)
    """From a schema number to a function that lifts a body to the next one."""


REGISTRY: dict[str, EventType] = {}
_E = TypeVar("_E", bound=type[Event])


def registered(
    stream: str, *, verb: str, projections: str = "history", upcasters: Mapping[int, Upcaster] | None = None
) -> Callable[[_E], _E]:
    lifts = upcasters or {}

    def register(model: _E) -> _E:
        read_by, schema = tuple(projections.split()), max(lifts, default=0) + 1
        REGISTRY[model.__name__] = EventType(model.__name__, stream, schema, model, verb, read_by, lifts)
        return model

    return register
