"""What a back-test replays: evidence and people's acts, read from one ledger in the order of positions."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from ainarres.policy.backtest import Act, Judged
from ainarres.policy.judging import Evidence
from ainarres.projections import governed

if TYPE_CHECKING:
    import psycopg

    from ainarres.domain.policy import Policy


def start(connection: psycopg.Connection[Any], policy: Policy, since: int | datetime | None) -> int:
    """Return the position after which history is replayed: as asked, or where the very policy came into force."""
    if isinstance(since, int):
        return since
    if since is not None:
        return int(governed.rows(connection, "upto", at=since)[0]["position"])
    same = (row["after"] for row in governed.rows(connection, "standing") if row["digest"] == policy.digest())
    return next(same, 0)


def evidence(connection: psycopg.Connection[Any], after: int) -> list[Judged]:
    """Return all evidence after a position."""
    return [
        Judged(
            Evidence(row["position"], row["at"], row["fault"], row["submission"], row["task"]),
            row["family"],
            row["capability"],
            row["workflow"],
            row["claimed_at"],
        )
        for row in governed.rows(connection, "replay", after=after)
    ]


def acts(connection: psycopg.Connection[Any]) -> list[Act]:
    """Return what people did to families' capabilities; what policies did is left out."""
    return [act for row in governed.rows(connection, "acts") if (act := _act(row)) is not None]


def _act(row: dict[str, Any]) -> Act | None:
    said, who = row["body"], (row["position"], row["at"], row["family"], row["body"]["feature"])
    if row["type"] == "CapabilityRevoked":
        return Act(*who, "revoked")
    if row["type"] == "DenialLifted":
        return Act(*who, "lifted")
    if said["policy"] is not None:
        return None
    return Act(*who, "suspended", until=datetime.fromisoformat(said["until"]), after=said["after"])
