"""A served scene: the small world of the tests behind a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.api.served import Served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.scene import Scene


@pytest.fixture
def served(scene: Scene) -> Iterator[Served]:
    """A server on the scene's database; it ends in peace, and without a traceback."""
    running = Served(scene.url, "--rate", "10000")
    yield running
    running.stop()
