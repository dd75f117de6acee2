"""The fixtures themselves: what they promise to every other test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ainarres.database.connect import connect

if TYPE_CHECKING:
    from tests.database import Clock, Database


def role(url: str) -> str:
    with connect(url) as connection:
        row = connection.execute("SELECT current_user").fetchone()
    assert row is not None
    return str(row[0])


def test_each_url_acts_as_its_role(database: Database) -> None:
    assert role(database.url) == "ainarres_app"
    assert role(database.owner_url) == "ainarres_owner"
    assert role(database.reader_url) == "ainarres_reader"


@pytest.mark.parametrize("turn", [1, 2])
def test_databases_are_not_shared(database: Database, turn: int) -> None:
    with connect(database.owner_url) as connection:
        connection.execute("CREATE SCHEMA once")


def test_clock_runs_until_it_is_set_and_moves_when_told(clock: Clock) -> None:
    began = clock.now()
    clock.advance(3600)
    assert timedelta(hours=1) <= clock.now() - began < timedelta(hours=1, minutes=5)
    moment = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    clock.set(moment)
    clock.advance(0.5)
    assert clock.now() == moment + timedelta(seconds=0.5)


def test_the_ledger_reads_the_tests_clock(database: Database, clock: Clock) -> None:
    moment = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    clock.set(moment)
    with connect(database.url) as connection:
        assert connection.execute("SELECT ledger.clock()").fetchone() == (moment,)
