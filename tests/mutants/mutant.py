"""A guard switched off, and where guards and their tests are."""

from __future__ import annotations

from dataclasses import dataclass

LEDGER, TABLES = "database/migrations/0001_ledger.sql", "database/migrations/0002_projections.sql"
WAYS = "database/migrations/0005_verbs.sql"
UNIT, VERBS, PROPERTY = "tests/unit/domain", "tests/integration/verbs", "tests/property"
PROJECTIONS, GOVERNANCE = "tests/integration/projections", "tests/integration/governance"


@dataclass(frozen=True)
class Mutant:
    """One guard switched off."""

    name: str
    file: str
    """Below ``src``."""
    old: str
    """Stands there exactly once."""
    new: str
    test: str
    """The one test that must kill it."""
