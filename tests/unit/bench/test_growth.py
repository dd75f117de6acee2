"""Exponents over the axis that is each curve's own, and the tables."""

from __future__ import annotations

from typing import Any

from bench import growth


def _sizes() -> list[dict[str, Any]]:
    return [
        {
            "tasks": n,
            "events": 10 * n,
            "claim_p50_ms": 5.0,
            "status_p50_ms": n / 1000,
            "rebuild_s": n / 100,
            "tables": {},
        }
        for n in (1000, 10_000, 100_000)
    ]


def test_every_curve_that_was_measured_has_an_exponent() -> None:
    crowd = [
        {"claimers": n, "cycles_per_s": 100.0, "claim_p50_ms": n * 2.0, "claim_p99_ms": n * 3.0} for n in (1, 2, 4)
    ]
    found = growth.exponents(_sizes(), crowd)
    assert found == {
        "claim_p50_ms over tasks": 0.0,
        "status_p50_ms over tasks": 1.0,
        "rebuild_s over events": 1.0,
        "cycles_per_s over claimers": 0.0,
        "claim_p50_ms over claimers": 1.0,
        "claim_p99_ms over claimers": 1.0,
    }


def test_parts_that_were_left_out_are_not_reported() -> None:
    text = growth.report(
        {
            "machine": {"at": "now", "cores": 2, "processor": "some", "load": 0, "load_after": 1},
            "server": {"version": "18"},
            "sizes": _sizes(),
            "claimers": [],
            "exponents": {"status_p50_ms over tasks": 1.0},
        }
    )
    assert "| 1,000 | 10,000 | 5.0 |" in text
    assert "| status_p50_ms over tasks | 1.0 |" in text
    assert "snapshot" not in text
    assert "cycles_per_s" not in text
