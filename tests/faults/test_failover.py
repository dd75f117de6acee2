"""Failover, short: a standby promoted under load. The long run is `make failover`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.faults import brief

if TYPE_CHECKING:
    from pathlib import Path

SIZE = ("--rounds", "2", "--agents", "6", "--load", "2")


def test_with_a_synchronous_standby_nothing_that_was_acknowledged_is_missing(tmp_path: Path) -> None:
    found = brief.run("failover", tmp_path, *SIZE)
    assert found["wrong"] == []
    assert found["failovers"] == 2
    assert found["acknowledged"] > 50
    assert found["back_seconds"]["longest"] <= 10


def test_with_an_asynchronous_one_something_is_and_the_checker_says_so(tmp_path: Path) -> None:
    found = brief.run("failover", tmp_path, *SIZE, "--asynchronous")
    assert found["missing"] > 0
    assert found["mode"] == "asynchronous"
