"""The small inline projections: definitions, families and their features, credentials, agents.

Each event that concerns them has one statement of its own name in ``registers.sql``; its parameters are the fields of
the body and a few stamps. A rebuild runs the very same statements against a fresh schema, so the two cannot differ.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from ainarres.database.queries import load
from ainarres.domain.events import REGISTRY, UsageReported
from ainarres.ledger import store
from ainarres.projections.facts import fact_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import LiteralString

    import psycopg

    from ainarres.domain.fact import Fact

SQL = load("ainarres.projections", "registers.sql")
_HUMP = re.compile(r"(?<!^)(?=[A-Z])")


@cache
def statement_of(event: str) -> str:
    """Name the statement of an event type: ``FeatureGranted`` is ``feature_granted``."""
    return _HUMP.sub("_", event).lower()


def concerns(fact: Fact) -> bool:
    """Tell whether some register follows from ``fact``."""
    return statement_of(type(fact.event).__name__) in SQL


def apply(connection: psycopg.Connection[Any], fact: Fact, statements: Mapping[str, LiteralString] = SQL) -> None:
    """Bring the registers to what ``fact`` says; safe in a pipeline."""
    statement = statements.get(statement_of(type(fact.event).__name__))
    category, _, of = fact.stream.partition("-")
    if statement is None or (category == "task" and isinstance(fact.event, UsageReported)):  # of no agent's stream
        return
    body = {name: _sql_value(value) for name, value in fact.event}
    if "version" in body:  # of the definition; the row's own version is its place in the stream
        body["adopted_version"] = body.pop("version")
    stamps = {"of": of, "category": category, "version": fact.version, "at": fact.recorded_at}
    stamps |= {"actor": fact.actor, "task": fact.task}
    if category == "agent":
        task = fact.task or ""
        stamps |= {"slot": f"{body.get('verb', '')}:{task}", "at_text": fact.recorded_at.isoformat()}
    connection.execute(statement, {**body, **stamps})


def replay(
    connection: psycopg.Connection[Any],
    statements: Mapping[str, LiteralString],
    after: int,
    upto: int,
    *,
    definitions: bool = False,
) -> None:
    """Apply all events of a settled span; of ``definitions`` only, not what agents' own streams make of them.

    Reads every event that concerns no task, so that one which cannot be read is noticed.
    """
    types = [name for name in REGISTRY if statement_of(name) in statements and name != UsageReported.__name__]
    if definitions:
        types = [name for name in types if REGISTRY[name].stream != "agent"]
    for page in store.stream_types(connection, after, upto, types, only=definitions):
        facts = [fact_of(stored) for stored in page]
        with connection.pipeline():
            for fact in facts:
                apply(connection, fact, statements)


def _sql_value(value: Any) -> Any:
    if isinstance(value, dict):
        return Jsonb(value)
    return list(value) if isinstance(value, tuple) else value
