"""Questions about governance: policies in force, who is denied what and why, flags, and what awaits a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ainarres.projections import governed
from ainarres.projections.wording import instant, printable
from ainarres.reads.asking import Answer, Asker, storable

if TYPE_CHECKING:
    from ainarres.reads import question as q


def policies(asker: Asker, _: q.Policies) -> Answer:
    """Answer ``Policies``."""
    rows = governed.rows(asker.connection, "standing")
    shown = list(map(policy_line, rows)) or ["  (none) — ainarres policy adopt sequential.toml"]
    return Answer({"policies": rows}, lambda: "\n".join([f"policies in force ({len(rows)}):", *shown]))


def status(asker: Asker, _: q.Governance) -> Answer:
    """Answer ``Governance``."""
    found = governed.status(asker.connection)

    def text() -> str:
        lines = ["governance — policies in force:"]
        lines += [policy_line(row) for row in found["policies"]] or ["  (none)"]
        lines += [f"  ⚠ {row['capability']} is HALTED: every holder is denied it" for row in found["halted"]]
        lines.append("denied:")
        lines += [_denial_line(row) for row in found["denials"]] or ["  (none)"]
        lines.append("evidence:")
        lines += [
            f"- {printable(row['family'])} / {row['capability']}: {row['faults']} faults of {row['submissions']}"
            for row in found["evidence"]
        ] or ["  (none)"]
        lines.append(f"open flags: {len(found['flags'])}; recommended for revocation: {len(found['recommended'])}")
        return "\n".join(lines)

    return Answer(found, text)


def explain(asker: Asker, asked: q.Explain) -> Answer:
    """Answer ``Explain``."""
    family, capability = storable(asked.family), storable(asked.capability)
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
    items = governed.inbox(asker.connection)

    def text() -> str:
        lines = [f"inbox ({len(items)}):" if items else "inbox: empty; nothing awaits a person"]
        for item in items:
            lines.append(f"- {item['kind']}: {printable(item['what'], 200)}")
            lines.append(f"    {printable(item['evidence'], 300)}")
            lines.append(f"    {printable(item['act'], 300)}")
        return "\n".join(lines)

    return Answer({"inbox": items}, text)


def policy_line(row: dict[str, Any]) -> str:
    """Say which policy is in force."""
    broken = f" — BROKEN, judges nobody: {printable(row['broken'], 160)}" if row["broken"] else ""
    return f"- {printable(row['key'])} version {row['version']} ({printable(row['slot'])}){broken}"


def span(row: dict[str, Any]) -> str:
    """Say from when to when a suspension holds."""
    return f"{instant(row['since'])[:19]}Z to {instant(row['until'])[:19]}Z"


def _denial_line(row: dict[str, Any]) -> str:
    until = f"until {instant(row['until'])[:19]}Z" if row["until"] else "until a person lifts it"
    return f"- {printable(row['family'])} / {row['feature']} {until}: {printable(row['reason'], 160)}"


def _flag_line(row: dict[str, Any]) -> str:
    subject = " / ".join(part for part in (row["family"], row["capability"]) if part)
    state = f"resolved: {printable(row['resolution'])}" if row["resolved_at"] else "open"
    about = f"{row['kind']} ({row['severity']}) {printable(subject)}: {printable(row['gap'], 120)}"
    return f"- {row['id']} {about} [{state}]"
