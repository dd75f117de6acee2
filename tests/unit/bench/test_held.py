"""What a held snapshot costs, judged from when claims ended and how long they took."""

from __future__ import annotations

from bench.crew import Worked
from bench.held import judged


def _worked(*phases: tuple[float, float, float, float]) -> Worked:
    """Return the stamps of phases: begin, end, claims a second, seconds a claim takes."""
    stamps: list[float] = []
    for begin, end, rate, took in phases:
        for number in range(round((end - begin) * rate)):
            stamps += (begin + number / rate, took)
    return Worked(stamps, phases[0][0], phases[-1][1])


def test_nothing_changes() -> None:
    found = judged(_worked((100, 260, 50, 0.01)), 140, 200)
    assert found["met"]
    assert (found["throughput_ratio"], found["p99_ratio"], found["recovered_s"]) == (1.0, 1.0, 0.0)
    assert found["held_between"] == [40, 100]


def test_too_few_claims_while_held() -> None:
    found = judged(_worked((100, 140, 50, 0.01), (140, 200, 44, 0.01), (200, 300, 50, 0.01)), 140, 200)
    assert not found["met"]
    assert found["throughput_ratio"] == 0.88


def test_claims_too_slow_while_held() -> None:
    found = judged(_worked((100, 140, 50, 0.01), (140, 200, 50, 0.031), (200, 300, 50, 0.01)), 140, 200)
    assert not found["met"]
    assert found["p99_ratio"] == 3.1


def test_recovery_is_when_a_window_is_as_before() -> None:
    found = judged(_worked((100, 140, 50, 0.01), (140, 230, 50, 0.02), (230, 300, 50, 0.01)), 140, 200)
    assert found["recovered_s"] == 30
    assert found["met"]


def test_who_never_recovers_has_not_met_the_gate() -> None:
    found = judged(_worked((100, 140, 50, 0.01), (140, 300, 50, 0.02)), 140, 200)
    assert found["recovered_s"] is None
    assert not found["met"]
