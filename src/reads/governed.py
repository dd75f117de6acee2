"""Questions about governance: policies in force, who is denied what and why, flags, and what awaits a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ainarres.domain.refusal import Refusal
from ainarres.projections import declared, governed
from ainarres.projections import inbox as waiting
from ainarres.projections.wording import instant, printable
from ainarres.reads.asking import Answer, Asker, Refused, storable

if TYPE_CHECKING:
    from ainarres.reads import question as q


def policies(asker: Asker, _: q.Policies) -> Answer:
    """Answer ``Policies``."""
    rows = governed.rows(asker.connection, "standing")
    shown = list(map(policy_line, rows)) or ["  (none) — ainarres policy adopt sequential"]
    return Answer({"policies": rows}, lambda: "\n".join([f"policies in force ({len(rows)}):", *shown]))


def status(asker: Asker, asked: q.Governance) -> Answer:
    """Answer ``Governance``; where it cannot be read the answer says so, and fails."""
    with asker.at(asked.at) as when:
        found = governed.look(asker.connection)

    def text() -> str:
        lines = ["governance:", *found.lines()]
        if not isinstance(found, governed.Unread):
            lines += ["policies in force:", *([policy_line(row) for row in found.policies] or ["  (none)"])]
            lines.append("evidence:")
            lines += [
                f"- {printable(row['family'])} / {row['capability']}: {row['faults']} faults of {row['submissions']}"
                for row in found.evidence
            ] or ["  (none)"]
        return when + "\n".join(lines)

    return Answer(found.to_json(), text, whole=not isinstance(found, governed.Unread))


def explain(asker: Asker, asked: q.Explain) -> Answer:
    """Answer ``Explain``."""
    family, capability = storable(asked.family), storable(asked.capability)
    for named in (
        declared.family(asker.connection, family),
        declared.feature(asker.connection, capability, "capability"),
    ):
        if isinstance(named, Refusal):
            raise Refused(named)
    history = governed.rows(asker.connection, "history", family=family, feature=capability)
    causes = [governed.rows(asker.connection, "positions", positions=row["cause"]) for row in history]

    def text() -> str:
        if not history:
            return f"{printable(family)} was never suspended from {printable(capability)}"
        lines = []
        for one, row in enumerate(history):
            by = (
                f"policy {row['policy']} version {row['policy_version']}" if row["policy"] else f"{row['suspended_by']}"
            )
            reason = printable(row["reason"])
            lines.append(f"{row['state']}: suspension {row['n']} by {printable(by)}, {span(row)}: {reason}")
            for event in causes[one]:
                who = printable(event["actor"] or "?")
                said = f"{event['type']} {event['task']} by {who}: {printable(event['reason'] or '')}"
                lines.append(f"    #{event['position']} {said}")
        return "\n".join(lines)

    return Answer({"suspensions": [row | {"events": causes[one]} for one, row in enumerate(history)]}, text)


def flags(asker: Asker, asked: q.Flags) -> Answer:
    """Answer ``Flags``."""
    rows = governed.rows(asker.connection, "flags", all=asked.all)
    shown = [_flag_line(row) for row in rows] or ["  (none)"]
    return Answer({"flags": rows}, lambda: "\n".join([f"flags ({len(rows)}):", *shown]))


def inbox(asker: Asker, _: q.Inbox) -> Answer:
    """Answer ``Inbox``."""
    items = waiting.gather(asker.connection)
    return Answer({"inbox": [item.to_json() for item in items]}, lambda: waiting.render(items))


def policy_line(row: dict[str, Any]) -> str:
    """Say which policy is in force."""
    broken = f" — BROKEN, judges nobody: {printable(row['broken'], 160)}" if row["broken"] else ""
    return f"- {printable(row['key'])} version {row['version']} ({printable(row['slot'])}){broken}"


def span(row: dict[str, Any]) -> str:
    """Say from when to when a suspension holds."""
    return f"{instant(row['since'])[:19]}Z to {instant(row['until'])[:19]}Z"


def _flag_line(row: dict[str, Any]) -> str:
    subject = " / ".join(part for part in (row["family"], row["capability"]) if part)
    state = f"resolved: {printable(row['resolution'])}" if row["resolved_at"] else "open"
    about = f"{row['kind']} ({row['severity']}) {printable(subject)}: {printable(row['gap'], 120)}"
    return f"- {row['id']} {about} [{state}]"
