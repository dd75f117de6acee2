"""One task as it stands, for a person or a program: everything the board knows of it, and its neighbours."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ainarres.domain.duration import show
from ainarres.projections.wording import UNKNOWN, instant, moment, printable, printable_block, short

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

_HIDDEN = frozenset({"route", "author_agent", "ready", "renewals", "fence"})
"""Columns that only the claim needs, and the fence, which is its holder's."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """A row of the board, rows of its edges (``task side met cancelled stage title``; no stage and title of a task that
    the reader does not see), and the ledger's time.
    """

    row: Mapping[str, Any]
    edges: tuple[Mapping[str, Any], ...]
    now: datetime

    def to_json(self) -> dict[str, Any]:
        """Return the task as JSON values and times."""
        sides = {"prerequisite": "prerequisites", "dependent": "dependents"}
        near = {
            name: [
                {"task": str(edge["task"]), "met": edge["met"], "stage": edge["stage"], "title": edge["title"]}
                for edge in self.edges
                if edge["side"] == side
            ]
            for side, name in sides.items()
        }
        shown = {name: value for name, value in self.row.items() if name not in _HIDDEN}
        return {**shown, **near, "as_of": instant(self.now)}

    def text(self) -> str:
        """Write the task."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        row = self.row
        yield f"{short(row['task'])} {printable(row['title'])}"
        yield f"  id: {row['task']}"
        follows = f"workflow {printable(row['workflow'])} version {row['workflow_version']}"
        yield f"  lane: {printable(row['lane'])}, {follows}"
        since = show(self.now - row["entered_stage_at"])
        yield f"  stage: {printable(row['stage'])} for {since}, priority {row['priority']}, version {row['version']}"
        yield f"  state: {self._state()}"
        yield f"  attempts: {row['attempts']}, rework: {row['rework']}{self._tier()}"
        author = row["created_by_family"] or row["created_by"] or UNKNOWN
        yield f"  created: {moment(row['created_at'])} by {printable(author)}"
        for name in ("requires", "skills"):
            if row[name]:
                yield f"  {name}: {', '.join(map(printable, row[name]))}"
        for edge in self.edges:
            stage = printable(edge["stage"] or "on another lane")
            mark = "cancelled" if edge["cancelled"] else "done" if edge["met"] else stage
            word = "waits on" if edge["side"] == "prerequisite" else "is awaited by"
            yield f"  {word}: {short(edge['task'])} [{mark}] {printable(edge['title'] or '', 80)}".rstrip()
        for stage, author in row["authors"].items():
            yield f"  {printable(stage)}: {printable(author['family'] or author['agent'] or UNKNOWN)}"
        for artifact in row["artifacts"]:
            digest = f" ({printable(artifact['digest'])})" if artifact.get("digest") else ""
            yield f"  {printable(artifact['type'])}: {printable(artifact['ref'])}{digest}"
        if row["payload"]:
            shown = json.dumps(row["payload"], ensure_ascii=False, indent=2)
            yield "  payload:"
            yield from (f"    {line}" for line in printable_block(shown).splitlines())

    def _state(self) -> str:
        row = self.row
        if row["cancelled"]:
            return "cancelled"
        if row["terminal"]:
            return "finished"
        if row["blocked"]:
            return f"blocked: {printable(row['blocked_reason'] or '?')}"
        if row["holder"] is None:
            return "waits on prerequisites" if row["waits"] else "open"
        who = printable(row["holder_family"] or row["holder"])
        left = row["lease_expires_at"] - self.now
        age = show(self.now - row["claimed_at"])
        if left.total_seconds() <= 0:
            return f"abandoned by {who} after {age}; the next claim recovers it"
        return f"held by {who} ({printable(row['holder'])}) for {age}, {show(left)} left"

    def _tier(self) -> str:
        tier = self.row["tiers"].get(self.row["stage"])
        return f", asks for tier:{tier}" if tier else ""
