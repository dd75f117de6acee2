"""Verdicts: what counts, what resets, what never helps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ainarres.domain.policy import Rule, Sequential, Spend, Strikes
from ainarres.policy.judging import Evidence, judge

START = datetime(2026, 1, 1, tzinfo=UTC)
WALD = Rule(sequential=Sequential())


def history(marks: str) -> list[Evidence]:
    """One piece of evidence a mark: ``x`` a fault, ``.`` a pass; a minute and a position apart."""
    return [Evidence(n, START + timedelta(minutes=n), mark == "x", n) for n, mark in enumerate(marks, 1)]


@pytest.mark.parametrize(
    ("marks", "suspend", "cause"),
    [
        ("", False, ()),
        ("xxx", False, (1, 2, 3)),
        ("xxxx", True, (1, 2, 3, 4)),
        ("........xxxx", True, (9, 10, 11, 12)),  # cleared after eight: what was good is no credit either
        ("x.x.x.x.x.x.", True, (1, 3, 5, 7, 9)),
        ("." * 300, False, ()),
    ],
)
def test_walds_test(marks: str, suspend: bool, cause: tuple[int, ...]) -> None:
    verdict = judge(WALD, history(marks), START)
    assert (verdict.suspend, verdict.cause) == (suspend, cause)


def test_good_work_counts() -> None:
    assert not judge(WALD, history("x......" * 100), START).suspend


def test_strikes_never_forget_unless_they_have_a_window() -> None:
    spread = history("x" + "." * 500 + "x" + "." * 500 + "x")
    now = spread[-1].at
    assert judge(Rule(strikes=Strikes()), spread, now).suspend
    assert not judge(Rule(strikes=Strikes(window=timedelta(hours=2))), spread, now).suspend


def test_what_does_not_judge_submissions_says_so() -> None:
    with pytest.raises(ValueError, match="spend"):
        judge(Rule(spend=Spend()), [], START)
