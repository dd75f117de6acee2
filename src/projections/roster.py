"""The agents there are: what each may do now, what it holds, and what its family's work was worth so far.

An agent is whoever a credential of scope agent was issued to. A reputation is its family's first-pass yield at a role,
from the same evidence that governance judges by: agents come and go, families stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from ainarres.database.queries import load
from ainarres.domain.feature import key_of, kind_of
from ainarres.domain.refusal import Refusal
from ainarres.projections import declared, evidence
from ainarres.projections.wording import NONE, instant, percent, printable, short

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    import psycopg

    from ainarres.projections.intervals import Rate

SQL = load("ainarres.projections", "roster.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What an agent holds, its lease still running."""

    task: UUID
    lane: str
    stage: str
    title: str
    claimed_at: datetime
    lease_expires_at: datetime

    def to_json(self) -> dict[str, Any]:
        """Return the hold as plain JSON values."""
        times = {"claimed_at": instant(self.claimed_at), "lease_expires_at": instant(self.lease_expires_at)}
        return {"task": str(self.task), "lane": self.lane, "stage": self.stage, "title": self.title, **times}


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """One agent, as its credential and its family make it now."""

    name: str
    family: str
    maker: str
    state: str
    """Of its credential: ``live``, ``expired`` or ``revoked``."""
    expires_at: datetime
    features: tuple[str, ...]
    """Effective ones: granted, not narrowed away, not denied."""
    denied: tuple[str, ...]
    """Granted to the family and denied now."""
    holds: Held | None
    reputation: Mapping[str, Rate]
    """Of its family, role by role as far as it was judged."""

    def keys(self, kind: str) -> tuple[str, ...]:
        """Return the keys of its features of one kind, such as its roles."""
        return tuple(key_of(feature) for feature in self.features if kind_of(feature) == kind)

    @property
    def tier(self) -> int | None:
        """Its highest tier; null where it has none."""
        return max((int(key) for key in self.keys("tier")), default=None)

    def to_json(self) -> dict[str, Any]:
        """Return the agent as plain JSON values."""
        return {
            "agent": self.name,
            "family": self.family,
            "maker": self.maker,
            "state": self.state,
            "expires_at": instant(self.expires_at),
            "roles": list(self.keys("role")),
            "lanes": list(self.keys("lane")),
            "capabilities": list(self.keys("capability")),
            "skills": list(self.keys("skill")),
            "tier": self.tier,
            "denied": list(self.denied),
            "holds": self.holds.to_json() if self.holds else None,
            "reputation": {key_of(role): rate.to_json() for role, rate in sorted(self.reputation.items())},
        }


def read(
    connection: psycopg.Connection[Any],
    *,
    family: str | None = None,
    lanes: Collection[str] | None = None,
    gone: bool = False,
) -> tuple[Agent, ...] | Refusal:
    """Return the agents with a live credential, with ``gone`` the others as well, by family and name.

    ``lanes`` are all that the reader may see: who works elsewhere, and what is held there, stays out. Null is all.
    A family that nobody registered is refused.
    """
    if family is not None and isinstance(known := declared.family(connection, family), Refusal):
        return known
    seen = None if lanes is None else [f"lane:{lane}" for lane in lanes]
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(SQL["agents"], {"family": family, "lanes": seen, "all": gone}).fetchall()
    rates = {
        key: evidence.reputation(connection, key, roles)
        for key in sorted({row["family"] for row in rows})
        if (roles := {f for row in rows if row["family"] == key for f in row["features"] if kind_of(f) == "role"})
    }
    return tuple(_agent(row, rates.get(row["family"], {})) for row in rows)


def _agent(row: dict[str, Any], rates: Mapping[str, Rate]) -> Agent:
    held = ("task", "lane", "stage", "title", "claimed_at", "lease_expires_at")
    return Agent(
        name=row["agent"],
        features=tuple(row["features"]),
        denied=tuple(row["denied"]),
        holds=Held(**{name: row[name] for name in held}) if row["task"] is not None else None,
        reputation={role: rates[role] for role in row["features"] if role in rates},
        **{name: row[name] for name in ("family", "maker", "state", "expires_at")},
    )


def render(agents: Sequence[Mapping[str, Any]]) -> str:
    """Write agents, each in its JSON form, for a terminal."""
    held = [one["holds"]["task"] for one in agents if one["holds"] is not None]
    lines = []
    for one in agents:
        words = [", ".join(one["roles"]) or "no role", f"lanes {', '.join(one['lanes']) or 'none'}"]
        words += [f"tier {one['tier']}"] if one["tier"] is not None else []
        words += [f"skills {', '.join(one['skills'])}"] if one["skills"] else []
        words += [f"until {one['expires_at'][:19]}Z" if one["state"] == "live" else str(one["state"])]
        lines.append(f"- {printable(one['agent'])} ({printable(one['family'])}): {printable('; '.join(words))}")
        if (hold := one["holds"]) is not None:
            what = f"{short(hold['task'], held)} [{printable(hold['stage'])}] {printable(hold['title'], 80)}"
            lines.append(f"    holds {what}, until {hold['lease_expires_at'][:19]}Z")
        if one["denied"]:
            lines.append(f"    denied {printable(', '.join(one['denied']))}")
        for role, rate in one["reputation"].items():
            least = "" if rate["low"] is None else f", at least {percent(rate['low'])} with 95% confidence"
            lines.append(f"    {printable(role)}: {rate['hits']} of {rate['of']} passed first{least}")
    return "\n".join([f"agents ({len(agents)}):", *(lines or [NONE])])
