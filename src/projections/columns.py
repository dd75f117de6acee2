"""The board as people picture it: a column a stage, a card a task, with who holds it, since when and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ainarres.domain.duration import show
from ainarres.projections.wording import UNKNOWN, instant, printable, short

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Card:
    """A task as it stands in its column."""

    task: UUID
    title: str
    priority: int
    state: str
    """``held``, ``abandoned``, ``blocked``, ``waiting``, ``done`` or ``open``."""
    holder: str | None
    family: str | None
    age: float
    """Seconds since it was claimed, or since it entered the stage where nobody holds it."""
    lease_left: float | None
    tier: int | None
    attempts: int
    reason: str | None

    def lines(self, among: Iterable[UUID] = ()) -> list[str]:
        """Return the card's words, safe to print: what it is, and who has it or what it waits for."""
        first = f"{short(self.task, among)} {printable(self.title, 60)}"
        match self.state:
            case "held":
                left = show(self.lease_left or 0)
                second = f"{printable(self.family or self.holder or UNKNOWN)} {show(self.age)}, {left} left"
            case "abandoned":
                second = f"abandoned by {printable(self.family or self.holder or UNKNOWN)}"
            case "blocked":
                second = f"blocked: {printable(self.reason or '?', 80)}"
            case "waiting":
                second = "waits on prerequisites"
            case "done":
                second = ""
            case _:
                second = f"open {show(self.age)}" + (f", tier:{self.tier}" if self.tier else "")
        return [first, second] if second else [first]


@dataclass(frozen=True, slots=True)
class Column:
    """A stage and its cards; ``count`` may be more than are shown."""

    stage: str
    count: int
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane's columns, left to right."""

    key: str
    paused: bool
    columns: tuple[Column, ...]

    def to_json(self, now: datetime) -> dict[str, Any]:
        """Return the lane as plain JSON values."""
        return {
            "lane": self.key,
            "paused": self.paused,
            "as_of": instant(now),
            "columns": [
                {"stage": c.stage, "count": c.count, "cards": [_card_json(card) for card in c.cards]}
                for c in self.columns
            ],
        }


def build(stages: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]], now: datetime) -> tuple[Lane, ...]:
    """Put rows of the statements ``stages`` and ``columns`` together; a stage of an older version comes last."""
    return tuple(_lane(lane, [row for row in rows if row["lane"] == lane["lane"]], now) for lane in stages)


def parse(document: Mapping[str, Any]) -> Lane:
    """Return the lane that ``to_json`` wrote."""
    columns = (
        Column(column["stage"], column["count"], tuple(_card_of(card) for card in column["cards"]))
        for column in document["columns"]
    )
    return Lane(document["lane"], document["paused"], tuple(columns))


def text(lanes: Sequence[Lane]) -> str:
    """Write lanes line by line, for readers without a terminal."""
    lines = []
    for lane in lanes:
        among = [card.task for column in lane.columns for card in column.cards]
        lines.append(f"lane {printable(lane.key)}" + (" (paused)" if lane.paused else ""))
        for column in lane.columns:
            lines.append(f"  {printable(column.stage)} ({column.count})")
            for card in column.cards:
                first, *rest = card.lines(among)
                lines += [f"    {first}", *(f"      {line}" for line in rest)]
            if column.count > len(column.cards):
                lines.append(f"    and {column.count - len(column.cards)} more")
    return "\n".join(lines or ["no lanes yet: ainarres project adopt FILE"])


def _card_of(document: Mapping[str, Any]) -> Card:
    names = ("title", "priority", "state", "holder", "family", "tier", "attempts", "reason")
    return Card(
        task=UUID(str(document["task"])),
        age=document["age_seconds"],
        lease_left=document["lease_seconds_left"],
        **{name: document[name] for name in names},
    )


def _lane(lane: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], now: datetime) -> Lane:
    by_stage: dict[str, list[Mapping[str, Any]]] = {stage: [] for stage in lane["stages"]}
    for row in rows:
        by_stage.setdefault(row["stage"], []).append(row)
    columns = (
        Column(stage, mine[0]["of"] if mine else 0, tuple(_card(row, now) for row in mine))
        for stage, mine in by_stage.items()
    )
    return Lane(lane["lane"], lane["paused"], tuple(columns))


def _card(row: Mapping[str, Any], now: datetime) -> Card:
    left = None if row["lease_expires_at"] is None else (row["lease_expires_at"] - now).total_seconds()
    return Card(
        task=row["task"],
        title=row["title"],
        priority=row["priority"],
        state=_state(row, left),
        holder=row["holder"],
        family=row["holder_family"],
        age=(now - (row["claimed_at"] or row["entered_stage_at"])).total_seconds(),
        lease_left=left,
        tier=row["tier"],
        attempts=row["attempts"],
        reason=row["blocked_reason"],
    )


def _state(row: Mapping[str, Any], left: float | None) -> str:
    if row["terminal"]:
        return "done"
    if left is not None:
        return "held" if left > 0 else "abandoned"
    if row["blocked"]:
        return "blocked"
    return "waiting" if row["waits"] else "open"


def _card_json(card: Card) -> dict[str, Any]:
    names = ("title", "priority", "state", "holder", "family", "tier", "attempts", "reason")
    body = {name: getattr(card, name) for name in names}
    return {"task": str(card.task), **body, "age_seconds": card.age, "lease_seconds_left": card.lease_left}
