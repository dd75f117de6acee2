"""Gates and tables of the race: what is missed or absent is said so."""

from __future__ import annotations

from typing import Any

import pytest
from bench import contestants, crew, layouts, race


def _found(**medians: float) -> dict[str, Any]:
    return {name: {"median": one, "least": one, "greatest": one, "note": "how"} for name, one in medians.items()}


def _everybody(two: float, one: float) -> dict[str, Any]:
    return _found(
        **{
            contestants.TWO: two,
            contestants.ONE: one,
            contestants.FLOOR: 2000,
            "Procrastinate": 400,
            "PGQueuer": 700,
            "Graphile Worker": 1500,
        }
    )


def _met(cycles: dict[str, Any], appends: dict[str, Any]) -> list[tuple[str, bool]]:
    return [(one["kind"], one["met"]) for one in race.gates(cycles, appends)]


def test_all_gates_can_be_met() -> None:
    met = _met(_everybody(1300, 1700), _found(**{contestants.STOCK: 100, contestants.RECORDER: 500}))
    assert met == [("gate", True)] * 4 + [("goal", True)] * 3


def test_each_gate_can_be_missed() -> None:
    met = _met(_everybody(399, 400), _found(**{contestants.STOCK: 100, contestants.RECORDER: 499}))
    assert met == [("gate", False)] * 4 + [("goal", False)] * 3


def test_a_gate_without_its_other_side_is_not_met() -> None:
    found = race.gates(_found(**{contestants.TWO: 5000, contestants.ONE: 5000}), {})
    assert [one["met"] for one in found] == [True] + [False] * 6
    assert [one["measured"] for one in found] == [5000] + [None] * 6


def test_the_table_names_who_is_absent_and_what_is_missed() -> None:
    cycles = _found(**{contestants.TWO: 900})
    text = race.report(
        {
            "machine": {"at": "now", "cores": 2, "processor": "some", "load": 0, "load_after": 1},
            "server": {"version": "18", "fsync": "on", "synchronous_commit": "on"},
            "how": {"rounds": 5, "seconds": 6.0},
            "cycles": cycles,
            "appends": {},
            "absent": {"PGQueuer": "Traceback\nnot installed: python"},
            "gates": race.gates(cycles, {}),
        }
    )
    assert "| ainarres, two verbs | 900 | 900 … 900 |  | how |" in text
    assert "- absent: PGQueuer: not installed: python" in text
    assert "| gate | cycles a second, two verbs, every rule on | 1000 | 900.0 | MISSED |" in text
    assert "| gate | two verbs against PGQueuer, unbatched | 1 | absent | MISSED |" in text


def test_work_that_runs_out_is_no_rate() -> None:
    with pytest.raises(crew.Failed, match="ran out: 2 pieces"):
        _ = crew.Worked([1.0, 2.0], 0.0, 10.0).rate
    with pytest.raises(crew.Failed, match="ran out: 0 pieces"):
        _ = crew.Worked([], 0.0, 10.0).rate
    assert crew.Worked([1.0, 9.5], 0.0, 10.0).rate == 0.2


def test_the_fastest_layout_by_its_median_is_chosen() -> None:
    found = layouts.chosen({"PGQueuer": {1: [100, 900, 110], 2: [300, 200, 250], 4: [240, 240, 240]}})
    assert found == {"PGQueuer": {"processes": 2, "medians": {1: 110, 2: 250, 4: 240}}}
