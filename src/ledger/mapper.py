"""Between the domain's events and what the `eventsourcing` library stores: JSON by our registry, never a Python path.

The library knows one text for the kind of an event, its topic. Ours is ``TaskCreated``, and ``TaskCreated.v2`` from the
second schema on; the recorder takes the two apart for their columns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from eventsourcing.persistence import Mapper, StoredEvent

from ainarres.faults import CorruptEvent
from ainarres.ledger import body, upcast

if TYPE_CHECKING:
    from eventsourcing.domain import DomainEventProtocol
    from pydantic import BaseModel

    from ainarres.ledger.registry import Registry

_LATER_SCHEMA = re.compile(r"(.+)\.v([2-9]|[1-9]\d{1,4})")


def topic(name: str, schema: int) -> str:
    """Spell type and schema as one text."""
    return name if schema == 1 else f"{name}.v{schema}"


def from_topic(text: str) -> tuple[str, int]:
    """Take a topic apart into type and schema."""
    match = _LATER_SCHEMA.fullmatch(text)
    return (match[1], int(match[2])) if match else (text, 1)


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """An event of the domain and its place, in the shape that the library expects of a domain event."""

    originator_id: str
    """The stream."""
    originator_version: int
    event: BaseModel


class JsonMapper(Mapper[str]):
    """Maps ``StreamEvent`` by a registry; a subclass names the registry and is named by ``MAPPER_TOPIC``."""

    registry: ClassVar[Registry] = {}

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        """Return what the recorder stores. Raises KeyError for a type that is not registered."""
        assert isinstance(domain_event, StreamEvent)
        name = type(domain_event.event).__name__
        state = body.encode(body.normalise(domain_event.event.model_dump(mode="json"))).encode()
        if self.compressor:
            state = self.compressor.compress(state)
        if self.cipher:
            state = self.cipher.encrypt(state)
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=topic(name, self.registry[name].schema),
            state=state,
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """Return the ``StreamEvent``, its body lifted to the current schema. Raises CorruptEvent."""
        name, schema = from_topic(stored_event.topic)
        where = f"version {stored_event.originator_version} of {stored_event.originator_id}"
        state = stored_event.state
        try:
            if self.cipher:
                state = self.cipher.decrypt(state)
            if self.compressor:
                state = self.compressor.decompress(state)
            stored = body.decode(state.decode())
        except Exception as error:  # ciphers and compressors fail each in its own way
            raise CorruptEvent(f"the event at {where} ({name}) cannot be read: {error}") from error
        event = upcast.lift(self.registry, name, schema, stored, where=where)
        return StreamEvent(str(stored_event.originator_id), stored_event.originator_version, event)
