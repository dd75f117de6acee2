"""The state of the board at a glance: how many tasks stand where, who holds what, what is stuck, what happened last.

``gather`` asks the tables; everything after it is pure, with the time as an argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ainarres.domain.duration import show
from ainarres.projections.wording import NONE, UNKNOWN, clock, count, instant, moment, printable, short

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from ainarres.projections.governed import Governance, Unread
    from ainarres.projections.timeline import Entry


@dataclass(frozen=True, slots=True)
class Notable:
    """A task that is held, parked or waiting for a higher tier."""

    task: UUID
    lane: str
    stage: str
    title: str
    holder: str | None = None
    holder_family: str | None = None
    claimed_at: datetime | None = None
    lease_expires_at: datetime | None = None
    blocked: bool = False
    blocked_reason: str | None = None
    tier: int | None = None

    def live(self, now: datetime) -> bool:
        """Tell whether somebody's lease still runs."""
        return self.lease_expires_at is not None and self.lease_expires_at > now

    def to_json(self, now: datetime) -> dict[str, Any]:
        """Return the task as JSON, with the age of the hold in seconds."""
        return {
            "task": str(self.task),
            "lane": self.lane,
            "stage": self.stage,
            "title": self.title,
            "holder": self.holder,
            "family": self.holder_family,
            "age_seconds": None if self.claimed_at is None else (now - self.claimed_at).total_seconds(),
            "lease_expires_at": None if self.lease_expires_at is None else instant(self.lease_expires_at),
            "blocked_reason": self.blocked_reason,
            "tier": self.tier,
        }


@dataclass(frozen=True, slots=True)
class Status:
    """What ``status`` shows."""

    lane: str | None
    now: datetime
    counts: Mapping[str, int]
    """Tasks by stage; ``cancelled`` counts those given up, wherever they stood."""
    notable: tuple[Notable, ...]
    recent: tuple[Entry, ...]
    """Newest events, oldest first."""
    limit: int
    governance: Governance | Unread | None = None
    """What is denied, halted, flagged and recommended, on all lanes; null where nobody asked."""

    @property
    def held(self) -> tuple[Notable, ...]:
        """Tasks with a holder, live or not."""
        return tuple(one for one in self.notable if one.holder is not None)

    @property
    def active(self) -> tuple[Notable, ...]:
        """Tasks whose lease runs."""
        return tuple(one for one in self.held if one.live(self.now))

    @property
    def abandoned(self) -> tuple[Notable, ...]:
        """Tasks whose lease ran out and that nobody has asked for since."""
        return tuple(one for one in self.held if not one.live(self.now))

    @property
    def blocked(self) -> tuple[Notable, ...]:
        """Parked tasks."""
        return tuple(one for one in self.notable if one.blocked)

    @property
    def escalated(self) -> tuple[Notable, ...]:
        """Tasks that wait for a higher tier."""
        return tuple(one for one in self.notable if one.tier is not None and one.holder is None and not one.blocked)

    def to_json(self) -> dict[str, Any]:
        """Return the status as plain JSON values."""
        parts = {name: getattr(self, name) for name in ("active", "abandoned", "blocked", "escalated")}
        return {
            "lane": self.lane,
            "as_of": instant(self.now),
            "stages": dict(self.counts),
            "total": sum(self.counts.values()),
            "claimed": len(self.held),
            **{name: [one.to_json(self.now) for one in rows] for name, rows in parts.items()},
            "recent": [entry.to_json() for entry in self.recent],
            "governance": None if self.governance is None else self.governance.to_json(),
        }

    def text(self) -> str:
        """Write the status."""
        total = sum(self.counts.values())
        lines = [f"status — {'lane ' + printable(self.lane) if self.lane else 'all lanes'} ({count(total, 'task')})"]
        lines += [f"  {printable(stage)}: {count}" for stage, count in sorted(self.counts.items())]
        lines.append(f"  total: {total}" if total else "  (no tasks)")
        lines.append(f"  blocked: {len(self.blocked)}")
        lines += [f"  - {self._short(one)}" for one in self.blocked]
        lines.append(f"  claimed: {len(self.held)}")
        lines += self._active_lines() + self._abandoned_lines() + self._escalated_lines()
        if self.governance is not None:
            lines += ["governance:", *self.governance.lines()]
        lines.append(f"recent events (showing up to {self.limit}):")
        lines += [self._event_line(entry) for entry in self.recent] or ["  (no events)"]
        return "\n".join(lines)

    def _active_lines(self) -> list[str]:
        if not self.active:
            return []
        return [f"active ({len(self.active)}):", *map(self._active_line, self.active)]

    def _active_line(self, one: Notable) -> str:
        assert one.claimed_at is not None
        who = printable(one.holder_family or one.holder or UNKNOWN)
        return f"- {self._short(one)} [{printable(one.stage)}] {who} age {show(self.now - one.claimed_at)}"

    def _abandoned_lines(self) -> list[str]:
        lines = [self._abandoned_line(one) for one in self.abandoned]
        return [f"abandoned ({len(lines)}):", *(lines or [NONE])]

    def _abandoned_line(self, one: Notable) -> str:
        assert one.claimed_at is not None
        who = f"claimed_by={printable(one.holder or UNKNOWN)} family={printable(one.holder_family or UNKNOWN)}"
        return f"  - {self._short(one)} [{printable(one.stage)}] {who} age={clock(self.now - one.claimed_at)}"

    def _escalated_lines(self) -> list[str]:
        if not self.escalated:
            return []
        lines = [f"  - {self._short(one)} → tier:{one.tier} (waiting for a higher tier)" for one in self.escalated]
        return [f"escalated ({len(self.escalated)}):", *lines]

    def _event_line(self, entry: Entry) -> str:
        fact = entry.fact
        task = short(fact.task, self._ids()) if fact.task else UNKNOWN
        return f"  - {moment(fact.recorded_at)} {type(fact.event).__name__} {task} by {entry.who}"

    def _short(self, one: Notable) -> str:
        return short(one.task, self._ids())

    def _ids(self) -> list[UUID]:
        return [one.task for one in self.notable] + [e.fact.task for e in self.recent if e.fact.task]


def build(
    *,
    lane: str | None,
    now: datetime,
    counts: Mapping[str, int],
    notable: Sequence[Mapping[str, Any]],
    recent: Sequence[Entry],
    limit: int,
    governance: Governance | Unread | None = None,
) -> Status:
    """Put rows together; ``notable`` are rows of the statement of that name."""
    return Status(lane, now, counts, tuple(Notable(**row) for row in notable), tuple(recent), limit, governance)
