"""The story that the figures are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.integration.projections.story import Story

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.database import Clock, Database


@pytest.fixture
def story(database: Database, clock: Clock) -> Iterator[Story]:
    """The story, told; when the test ends, the tables must be what the ledger gives."""
    told = Story(database, clock)
    yield told
    told.scene.close()
