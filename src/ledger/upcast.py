"""Read a stored body as its type means it today. Rows are never rewritten: bodies are lifted, one schema at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ainarres.faults import CorruptEvent

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ainarres.ledger.event import StoredEvent
    from ainarres.ledger.registry import Registry


def event(registry: Registry, stored: StoredEvent) -> BaseModel:
    """Return the event that ``stored`` holds. Raises CorruptEvent, which names position, type and why."""
    try:
        return lift(registry, stored.type, stored.schema, stored.body, where=f"position {stored.position}")
    except CorruptEvent as error:
        error.position = stored.position
        raise


def lift(registry: Registry, name: str, schema: int, body: dict[str, Any] | None, *, where: str) -> BaseModel:
    """Lift ``body`` of ``schema`` to the current one and return it as the model of type ``name``.

    ``where`` says in messages which event it is. Raises CorruptEvent.
    """
    kind = registry.get(name)
    if kind is None:
        raise _corrupt(where, name, schema, "its type is not registered")
    if body is None:
        raise _corrupt(where, name, schema, "it has raw bytes where a body belongs")
    if schema > kind.schema:
        raise _corrupt(where, name, schema, f"this ainarres knows schemas up to {kind.schema}: upgrade it")
    for step in range(schema, kind.schema):
        upcaster = kind.upcasters.get(step)
        if upcaster is None:
            raise _corrupt(where, name, schema, f"nothing lifts schema {step} to {step + 1}")
        try:
            body = upcaster(dict(body))
        except (LookupError, TypeError, ValueError) as error:
            raise _corrupt(where, name, schema, f"it cannot be lifted from schema {step}: {error!r}") from error
    try:
        return kind.model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "body"
        raise _corrupt(where, name, schema, f"{place}: {first['msg']}") from error


def _corrupt(where: str, name: str, schema: int, why: str) -> CorruptEvent:
    return CorruptEvent(f"the event at {where} ({name}, schema {schema}) cannot be read: {why}")
