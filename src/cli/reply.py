"""An envelope as a person reads it: what happened, what matters of the task, what to type next."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ainarres.domain.artifact import option
from ainarres.projections.wording import count, printable, printable_block, short

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_EXTRAS = (
    "agent",
    "credential",
    "token",
    "expires_at",
    "narrowing",
    "workflow",
    "card",
    "version",
    "changed",
    "project",
    "left",
    "families",
    "family",
    "feature",
    "until",
    "flag",
    "policy",
    "replaces",
    "epic",
    "verdict",
    "rework",
    "cancelled",
    "lane",
    "paused",
    "ledger",
    "done",
    "holder",
    "recovered",
    "moved",
    "held",
    "could",
    "retry_after",
)
"""What an envelope may carry besides, in the order in which it is shown."""
_FENCED = frozenset({"progress", "heartbeat", "advance", "reject", "release", "block", "done"})
_ARGUMENTS = {
    "reject": ' --reason "…"',
    "release": ' --reason "…"',
    "block": ' --reason "…"',
    "unblock": ' --reason "…"',
    "cancel": ' --reason "…"',
    "progress": ' --note "…"',
    "amend": " --priority 5",
}
_AFTERWARDS = {
    "project adopt": ("ainarres family adopt families.toml", 'ainarres create --lane LANE --title "…"'),
    "family adopt": ("ainarres token issue --family FAMILY",),
    "workflow adopt": ("ainarres workflow list",),
    "card adopt": ("ainarres card ROLE",),
    "token issue": ("export AINARRES_TOKEN=…", "ainarres whoami"),
    "token narrow": ("ainarres token list",),
    "token revoke": ("ainarres status",),
    "stop": ('ainarres lane resume LANE --reason "…"',),
    "lane pause": ('ainarres lane resume LANE --reason "…"',),
    "lane resume": ("ainarres board",),
    "workflow migrate": ("ainarres board",),
    "policy adopt": ("ainarres governance status", "ainarres governance run --dry-run"),
    "governance run": ("ainarres inbox",),
    "suspend": ("ainarres governance status",),
    "revoke": ("ainarres governance status",),
    "lift": ("ainarres governance status",),
    "flag raise": ("ainarres flag list",),
    "flag resolve": ("ainarres inbox",),
    "verdict": ("ainarres inbox",),
    "instruct": ("ainarres inbox",),
    "create": ("ainarres board",),
    "apply": ("ainarres board",),
}
"""What to type next after a verb that says nothing of a task."""


def text(words: str, envelope: Mapping[str, Any]) -> str:
    """Return the text form of a verb's envelope (as JSON values); ``words`` are the verb's own."""
    return "\n".join(_lines(words, envelope))


def _lines(words: str, envelope: Mapping[str, Any]) -> Iterator[str]:
    task = envelope["task"]
    yield _headline(words, envelope)
    if task is not None:
        yield from _task_lines(task, brief=words not in ("next", "claim"))
    yield from _extra_lines(envelope)
    yield from _answers(envelope)
    history = envelope.get("history", ())
    for line in history if isinstance(history, list) else ():  # `why` names a command there
        yield f"  {printable(line['at'][:19])}Z  {printable(line['type'])}{_told(line)}"
    card = envelope.get("card")
    if isinstance(card, dict):
        role = printable(card["role"])
        yield f"role card: {role} version {card['version']} (ainarres card {role})"
    commands = list(_commands(words, task, envelope))
    if commands:
        yield "next:"
        yield from (f"  {command}" for command in commands)


def _headline(words: str, envelope: Mapping[str, Any]) -> str:
    said = f"{words}: {envelope['code']}"
    for flag in ("resumed", "replayed"):
        said += f" ({flag})" if envelope.get(flag) else ""
    return f"{said} — {printable_block(envelope['reason'])}" if envelope["reason"] else said


def _task_lines(task: Mapping[str, Any], *, brief: bool) -> Iterator[str]:
    stands = "cancelled" if task["cancelled"] else task["stage"]
    yield f"  {short(task['id'])} [{printable(stands)}] {printable(task['title'], 100)}"
    if task["blocked"]:
        yield f"  blocked: {printable(task['blocked_reason'] or '?')}"
    if task["holder"] is not None:
        yield f"  held by {printable(task['holder'])} until {_moment(task['lease_expires_at'])}"
    if brief:
        return
    yield f"  id {task['id']}"
    if "fence" in task:
        yield f"  fence {task['fence']}"
    if task["payload"]:
        shown = json.dumps(task["payload"], ensure_ascii=False, indent=2)
        yield from (f"  {line}" for line in printable_block(shown).splitlines())
    for artifact in task["artifacts"]:
        yield f"  {printable(artifact['type'])} {printable(artifact['ref'])}"


def _extra_lines(envelope: Mapping[str, Any]) -> Iterator[str]:
    for name in _EXTRAS:
        value = envelope.get(name)
        first = value[0] if value and isinstance(value, list) else value
        if value in (None, [], {}) or isinstance(first, dict):
            continue
        label = name.replace("_", " ")
        if isinstance(value, list):
            yield f"  {label}:"
            yield from (f"    {printable(str(one))}" for one in value)
        else:
            yield f"  {label}: {printable(str(value))}"


def _answers(envelope: Mapping[str, Any]) -> Iterator[str]:
    """What creating several tasks, and asking why, bring along."""
    for key, task in envelope.get("tasks", {}).items():
        yield f"  {short(task)} {printable(key)}"
    yield from _round(envelope)
    for one in envelope.get("waits_on", ()):
        stands = "cancelled" if one["cancelled"] else one["stage"] or "on another lane"
        yield f"  waits on {short(one['task'])} [{printable(stands)}] {printable(one['title'] or '', 100)}".rstrip()
    for one in envelope.get("families", ()):
        if isinstance(one, dict) and one["obstacles"]:
            yield f"  {printable(one['family'])} could not: {printable(one['obstacles'][0]['text'])}"
    for one in envelope.get("routes", ()):
        where = f"{printable(one['lane'])} [{printable(one['stage'])}]"
        yield f"  {where} {count(one['tasks'], 'task')}: {printable(one['closed_because'] or 'open to you')}"


def _round(envelope: Mapping[str, Any]) -> Iterator[str]:
    """What a round of governance did, or would do."""
    if "dry_run" not in envelope:
        return
    would = "would be " if envelope["dry_run"] else ""
    for one in envelope["restored"]:
        yield f"  {would}restored: {printable(one['family'])} / {printable(one['feature'])}"
    for one in envelope["suspended"]:
        who = f"{printable(one['family'])} / {printable(one['feature'])}"
        yield f"  {would}suspended: {who} until {_moment(one['until'])}: {printable(one['reason'], 200)}"
    for one in envelope["flagged"]:
        who = f" on {printable(one['family'])}" if one["family"] else ""
        yield f"  {would}flagged by {printable(one['policy'])}{who}: {printable(one['gap'], 200)}"
    for one in envelope["broken"]:
        yield f"  broken: policy {printable(one['policy'])}: {printable(one['reason'], 200)}"
    if envelope["unread"]:
        yield f"  the watch's figures could not be read: {printable(envelope['unread'], 200)}"
    if not any(envelope[name] for name in ("restored", "suspended", "flagged", "broken", "unread")):
        yield "  nothing to do"


def _told(line: Mapping[str, Any]) -> str:
    words = [f"{line['from_stage']}→{line['to_stage']}"] if "to_stage" in line else []
    words += [str(line[name]) for name in ("reason", "note", "text") if line.get(name)]
    return f"  ({printable(': '.join(words), 200)})" if words else ""


def _commands(words: str, task: Mapping[str, Any] | None, envelope: Mapping[str, Any]) -> Iterator[str]:
    if envelope["ok"] and not envelope["next"]:
        yield from _AFTERWARDS.get(words, ())
    for verb in envelope["next"]:
        if verb == "next" or task is None:
            yield f"ainarres {verb}"
            continue
        fence = f" --fence {task['fence']}" if verb in _FENCED and "fence" in task else ""
        brings = _artifacts(verb, envelope)
        yield f"ainarres {verb} {task['id'].replace('-', '')[-8:]}{fence}{brings}{_ARGUMENTS.get(verb, '')}"


def _artifacts(verb: str, envelope: Mapping[str, Any]) -> str:
    """Write the options of the artifacts without which the move would be refused, where there is one such move."""
    moves = [move for move in envelope.get("moves", ()) if move["verb"] == verb]
    types = moves[0]["artifacts"] if len(moves) == 1 else ()
    return "".join(f" {option(printable(one))}" for one in types)


def _moment(at: str) -> str:
    return f"{at[:19]}Z"
