"""Figures in words: amounts, shares, sections that are cut, charts."""

from __future__ import annotations

from uuid import UUID

import pytest

from ainarres.projections import charts
from ainarres.projections.wording import amount, percent, section, short, shortener


def test_a_shortener_says_what_short_says() -> None:
    tasks = [UUID(int=number) for number in (0x1D25D, 0x2D25D, 0x2BC64, 0x9, 0xABCDE12, 0xFBCDE12)]
    shorten = shortener(tasks)
    assert [shorten(task) for task in tasks] == [short(task, tasks) for task in tasks]


@pytest.mark.parametrize(
    ("number", "said"),
    [(None, "unknown"), (0, "0"), (999, "999"), (1200, "1.2k"), (999_960, "1.0M"), (1_240_000, "1.2M")],
)
def test_amounts(number: float | None, said: str) -> None:
    assert amount(number) == said


def test_unknown_is_not_zero() -> None:
    assert (percent(None), percent(0)) == ("unknown", "0%")


def test_a_section_counts_what_it_does_not_show() -> None:
    assert section("shipped", ["- b"], 3) == ["shipped (3):", "  (and 2 before these)", "- b"]
    assert section("shipped", []) == ["shipped (0):", "  (none)"]


def test_charts_escape_what_agents_wrote() -> None:
    evil = '<svg onload="x">&'
    drawn = (
        charts.bars("t", [(evil, 1, evil), ("unmeasured", None, "unknown")])
        + charts.intervals("t", [(evil, 0.5, (0.1, 0.9), evil)])
        + charts.matrix("t", {(evil, evil): (None, evil)})
        + charts.columns("t", [(evil, 1)])
    )
    assert evil not in drawn
    assert "onload=&quot;x&quot;" in drawn
