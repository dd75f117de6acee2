"""What a harness's hooks run: the agent is told where it stands, a lease is renewed, an open claim is not forgotten.

The dialect is Claude Code's: one JSON object on standard output, exit status 0. Whatever goes wrong is said in it, for
a hook that fails would stop the harness. Without a token nobody is an agent here, and nothing is said at all. No hook
orders anything of the repository.
"""

from __future__ import annotations

import json
import sys
import uuid
from typing import TYPE_CHECKING, Any

from ainarres.cli import access, question, remote
from ainarres.cli.table import load
from ainarres.domain.refusal import Refusal
from ainarres.faults import AinarresError

if TYPE_CHECKING:
    from ainarres.cli.table import Entry
    from ainarres.database.settings import Settings

EVENTS = ("start", "stop", "compaction")
WRONG = 1
"""Exit status for an event that is none; 2 would tell the harness to go on working."""


def hook(entry: Entry, fields: dict[str, Any], given: Settings, *, as_json: bool) -> int:  # noqa: ARG001 - as all
    """Answer one event."""
    event = fields["event"]
    if event not in EVENTS:
        print(f"ainarres: there is no event {event!r}; one of {', '.join(EVENTS)}", file=sys.stderr)
        return WRONG
    if given.token is None:
        return 0
    try:
        said = _started(given) if event == "start" else _reminded(given, insist=fields.get("insist", False))
    except AinarresError as error:
        said = {"systemMessage": f"ainarres: {error}"}
    if said:
        print(json.dumps(said, ensure_ascii=False))
    return 0


def _started(given: Settings) -> dict[str, Any]:
    held, _ = _held(given)
    _renewed(given, held)
    text = _ask(given, "prime", "text")
    return {"hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": text}}


def _reminded(given: Settings, *, insist: bool) -> dict[str, Any]:
    held, commands = _held(given)
    if held is None:
        return {}
    task = f"{held['task'].replace('-', '')[-8:]} --fence {held['fence']}"
    if (refused := _renewed(given, held)) is not None:
        text = f"ainarres: the hold on task …{task[4:8]} is over ({refused}); somebody else may have it"
    else:
        text = (
            f"ainarres: you still hold task …{task[4:8]} [{held['stage']}], and its lease was renewed. "
            f'If it is finished: `{commands[0]}`; if you cannot go on: `ainarres release {task} --reason "…"`.'
        )
    if insist and not _insisted():
        return {"decision": "block", "reason": text}
    return {"systemMessage": text}


def _insisted() -> bool:
    """Tell whether the harness goes on only because a hook made it: once is enough."""
    if sys.stdin is None or sys.stdin.isatty():
        return False
    try:
        said = json.loads(sys.stdin.read() or "{}")
    except ValueError:
        return False
    return bool(isinstance(said, dict) and said.get("stop_hook_active"))


def _held(given: Settings) -> tuple[dict[str, Any] | None, list[str]]:
    """Return what is held, if anything is, and the commands that come next."""
    primed = json.loads(_ask(given, "prime", "json"))
    return primed["holds"], primed["next"]


def _renewed(given: Settings, held: dict[str, Any] | None) -> str | None:
    """Renew the lease of what is held; return the reason where the hold is over."""
    if held is None:
        return None
    fields, key = {"task": held["task"], "fence": held["fence"]}, uuid.uuid4()
    if remote.chosen(given):
        found = remote.say(given, "heartbeat", fields, key)
    else:
        from ainarres.domain.commands import Heartbeat  # noqa: PLC0415 - a server needs none of it

        with access.session(given) as session:
            found = session.execute(Heartbeat(**fields), key).to_json()
    return None if found["ok"] else str(found["code"])


def _ask(given: Settings, words: str, form: str) -> str:
    found = question.ask(load().entry(words), {}, given, form)
    if isinstance(found, Refusal):
        raise AinarresError(found.reason)
    return found
