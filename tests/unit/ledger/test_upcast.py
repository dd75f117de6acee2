"""Old bodies are read as today's events, or the fault says which event and why not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel, ConfigDict

from ainarres.domain.events import REGISTRY
from ainarres.faults import CorruptEvent
from ainarres.ledger import upcast
from ainarres.ledger.event import StoredEvent
from ainarres.ledger.mapper import from_topic, topic
from ainarres.ledger.registry import unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Parcel(BaseModel):
    model_config = ConfigDict(extra="forbid")
    grams: int
    label: str


@dataclass(frozen=True)
class Kind:
    schema: int
    model: type[BaseModel]
    upcasters: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = field(default_factory=dict)


def label(body: dict[str, Any]) -> dict[str, Any]:
    body["label"] = f"no {body.pop('number')}"
    return body


LIFTED = {"Parcel": Kind(3, Parcel, {1: lambda body: body | {"grams": body["grams"] * 1000}, 2: label})}


def stored(schema: int, body: dict[str, Any] | None, kind: str = "Parcel") -> StoredEvent:
    return StoredEvent(position=17, stream="p", version=1, type=kind, schema=schema, body=body, recorded_at=NOON)


@pytest.mark.parametrize(
    ("schema", "body"),
    [(3, {"grams": 2000, "label": "no 7"}), (2, {"grams": 2000, "number": 7}), (1, {"grams": 2, "number": 7})],
)
def test_every_schema_reads_as_the_current_one(schema: int, body: dict[str, Any]) -> None:
    before = dict(body)
    assert upcast.event(LIFTED, stored(schema, body)) == Parcel(grams=2000, label="no 7")
    assert body == before


@pytest.mark.parametrize(
    ("registry", "event", "why"),
    [
        (LIFTED, stored(1, {}, "Letter"), "not registered"),
        (LIFTED, stored(1, None), "raw bytes"),
        (LIFTED, stored(4, {}), "up to 3: upgrade"),
        (LIFTED, stored(1, {}), "cannot be lifted from schema 1"),
        (LIFTED, stored(3, {"grams": "heavy", "label": "x"}), "grams: Input should be a valid integer"),
        ({"Parcel": Kind(2, Parcel)}, stored(1, {}), "nothing lifts schema 1 to 2"),
    ],
)
def test_what_cannot_be_read_is_named(registry: dict[str, Kind], event: StoredEvent, why: str) -> None:
    with pytest.raises(CorruptEvent, match=why) as caught:
        upcast.event(registry, event)
    assert "position 17" in str(caught.value)
    assert event.type in str(caught.value)


def test_holes_in_a_registry_are_named() -> None:
    assert unreadable(LIFTED) == []
    assert unreadable({"Parcel": Kind(3, Parcel, {2: label})}) == ["Parcel.v1"]


def test_the_domains_registry_reads_all_its_schemas() -> None:
    assert unreadable(REGISTRY) == []


@pytest.mark.parametrize(("name", "schema"), [("TaskCreated", 1), ("TaskCreated", 2), ("a.b:C.v1", 1), ("X", 32767)])
def test_a_topic_is_type_and_schema(name: str, schema: int) -> None:
    assert from_topic(topic(name, schema)) == (name, schema)
