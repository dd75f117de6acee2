"""What every test may ask for; the database fixtures tell their own story in ``tests/database.py``."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.database import Database

pytest_plugins = ["tests.database"]

if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
):  # a shell's background job, which would hand it down to what we start
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def scene(database: Database) -> Iterator[Scene]:
    """A small world; when the test ends, the tables must be what the ledger gives."""
    made = Scene(database)
    yield made
    made.close()
