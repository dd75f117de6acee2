"""The registry: every type has a golden body for each of its schemas, and a page of its own making."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ainarres.domain import catalogue
from ainarres.domain.events import REGISTRY
from ainarres.ledger import body, upcast
from ainarres.ledger.registry import unreadable

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden" / "events"
SCHEMAS = [(name, schema) for name, kind in REGISTRY.items() for schema in range(1, kind.schema + 1)]


def golden(name: str, schema: int) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((GOLDEN / f"{name}.v{schema}.json").read_text(encoding="utf-8"))
    return document


def test_each_schema_of_each_type_has_its_golden_file_and_no_file_is_left_over() -> None:
    assert sorted(path.name for path in GOLDEN.iterdir()) == sorted(f"{n}.v{s}.json" for n, s in SCHEMAS)


@pytest.mark.parametrize(("name", "schema"), SCHEMAS)
def test_a_golden_body_is_read_as_its_type(name: str, schema: int) -> None:
    event = upcast.lift(REGISTRY, name, schema, golden(name, schema), where="the golden file")
    assert type(event) is REGISTRY[name].model


@pytest.mark.parametrize("name", REGISTRY)
def test_a_body_of_the_current_schema_is_written_as_the_golden_file_has_it(name: str) -> None:
    """Red when a body changed under the same number: give the type a new one, an upcaster and a new golden file."""
    kind = REGISTRY[name]
    document = golden(name, kind.schema)
    written = kind.model.model_validate(document).model_dump(mode="json")
    assert written == document
    assert list(written) == list(document)
    assert body.decode(body.encode(body.normalise(written))) == document


def test_every_older_schema_can_be_lifted() -> None:
    assert unreadable(REGISTRY) == []


def test_a_type_is_registered_under_its_own_name_with_words() -> None:
    for name, kind in REGISTRY.items():
        assert (name, kind.name) == (kind.model.__name__, kind.model.__name__)
        assert kind.model.__doc__
        assert kind.projections


def test_the_page_of_events_is_what_the_registry_says() -> None:
    """Run ``make reference`` after a change."""
    assert (ROOT / "docs" / "events.md").read_text(encoding="utf-8") == catalogue.page()
