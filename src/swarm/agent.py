"""One agent: an independent process that asks for a task, works on it in a place of its own, and asks again.

It knows nothing of other agents and nothing of the order of work; what it may do is decided by the ledger at each
claim. While the harness works a heartbeat keeps the lease; a lost lease ends the harness. Afterwards the ledger is
asked what the harness did: whoever ends while still holding is released with the reason, so that the next one can go
on at once.

Endings and exit statuses: drained 0, interrupted 130, terminated 143, stalled 20 (open work that nobody holds, and
nothing moved for a while), refused 5 (the credential is no good), unreachable 75. A harness that cannot be started is
bad input, 2.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from ainarres.domain.commands import Advance, Block, Heartbeat, Next, Progress, Reject, Release
from ainarres.faults import InvalidInput, LedgerUnavailable
from ainarres.projections.outlook import Outlook
from ainarres.swarm import harness
from ainarres.swarm.adapter import Assignment
from ainarres.swarm.halt import Halt
from ainarres.swarm.heartbeat import Heart, lease_of
from ainarres.swarm.line import Line
from ainarres.swarm.repository import GitFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ainarres.domain.commands import Command
    from ainarres.swarm.adapter import Adapter, Reader, Verdict
    from ainarres.swarm.line import Connect
    from ainarres.swarm.meter import Meter
    from ainarres.swarm.workspace import Workspace, Workspaces
    from ainarres.verbs.envelope import Envelope

Cause = Literal["task", "infra"]
REFUSED = frozenset({"unauthenticated", "expired", "not_eligible"})
TEMPORARY = 75
"""Exit status by which a program says that its provider failed, not the task (EX_TEMPFAIL of sysexits.h)."""
COMMANDS: dict[str, type[Command]] = {
    "advance": Advance,
    "done": Advance,
    "reject": Reject,
    "release": Release,
    "block": Block,
    "progress": Progress,
}


class Ending(Enum):
    """How an agent's life ended; the value is its process's exit status."""

    DRAINED = 0
    REFUSED = 5
    STALLED = 20
    UNREACHABLE = 75
    INTERRUPTED = 130
    TERMINATED = 143


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of an agent, in seconds."""

    attempt: float = 3600.0
    """How long one run of the harness may take."""
    grace: float = harness.GRACE
    """Between asking a harness to end and killing it."""
    outage: float = 60.0
    """How long the ledger may be out of reach."""
    stalled: float = 300.0
    """How long open work may stand still, held by nobody, before an agent that is to end when drained gives up."""


@dataclass(slots=True)
class Agent:
    """The loop's own state; see ``run`` for what the fields mean."""

    line: Line
    connect: Connect
    adapter: Adapter
    workspaces: Workspaces
    lanes: Sequence[str]
    outlook: Callable[[], Outlook] | None
    limits: Limits
    poll: float
    environment: Mapping[str, str]
    tell: Callable[[str], None]
    halt: Halt
    meter: Meter | None
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))


def run(
    connect: Connect,
    *,
    adapter: Adapter,
    workspaces: Workspaces,
    lanes: Sequence[str] = (),
    until: Literal["drained", "standing"] = "drained",
    outlook: Callable[[], Outlook] | None = None,
    limits: Limits = Limits(),
    poll: float = 1.0,
    environment: Mapping[str, str] | None = None,
    tell: Callable[[str], None] = print,
    halt: Halt | None = None,
    meter: Meter | None = None,
) -> Ending:
    """Work until nothing is open on ``lanes`` (all that the credential reaches, when empty), or for ever.

    ``connect`` opens a connection that speaks as this agent. ``outlook`` tells what is left, for ``until="drained"``;
    without it one empty answer from every lane counts as drained. ``poll`` is seconds between two questions to an
    empty board. ``environment`` is how the ``ainarres`` command inside the harness reaches the ledger
    (``AINARRES_TOKEN`` and one of ``AINARRES_URL``, ``AINARRES_HOME``, ``AINARRES_SERVER``). ``tell`` takes one line
    of log; ``halt`` is called by the process's signal handlers (``Halt.on_signals``). ``meter`` reports the tokens
    that runs print; without one they are only logged. Raises InvalidInput when the harness cannot be started.
    """
    with ExitStack() as stack:
        halt = stack.enter_context(Halt()) if halt is None else halt
        line = Line(connect, halt, limits.outage)
        stack.callback(line.close)
        around = environment or {}
        agent = Agent(line, connect, adapter, workspaces, lanes, outlook, limits, poll, around, tell, halt, meter)
        try:
            return _live(agent, until)
        except LedgerUnavailable as error:
            tell(f"unreachable: {error}")
            return _stopped(halt) or Ending.UNREACHABLE


def _live(agent: Agent, until: Literal["drained", "standing"]) -> Ending:
    moved_at, seen = time.monotonic(), -1
    while True:
        if stopped := _stopped(agent.halt):
            return stopped
        found = _ask(agent)
        if found is not None and found.task is not None:
            _attempt(agent, found)
            moved_at = time.monotonic()
            continue
        if found is not None:
            agent.tell(f"refused: {found.code}: {found.reason}")
            return Ending.REFUSED
        if until == "drained" and (left := _left(agent)) is not None:
            if left.open == 0:
                return Ending.DRAINED
            if left.held or left.position != seen:
                moved_at, seen = time.monotonic(), left.position
            elif time.monotonic() - moved_at >= agent.limits.stalled:
                agent.tell(f"stalled: {left.open} open, none held, nothing moved; ask `ainarres why`")
                return Ending.STALLED
        agent.halt.wait(agent.poll)


def _left(agent: Agent) -> Outlook | None:
    """Return what is left; None when the ledger does not say, which the next question will find out about."""
    if agent.outlook is None:
        return Outlook(0, 0, 0)
    try:
        return agent.outlook()
    except LedgerUnavailable:
        return None


def _ask(agent: Agent) -> Envelope | None:
    """Ask each lane for a task: an envelope with one, or one that refuses for good; None when there is nothing."""
    for lane in agent.lanes or (None,):
        found = agent.line.say(Next(lane=lane))
        if (found.ok and found.task is not None) or found.code in REFUSED:
            return found
        if found.code in ("not_found", "invalid"):
            raise InvalidInput("lane", str(found.reason))
    return None


def _stopped(halt: Halt) -> Ending | None:
    match halt.reason:
        case "interrupted":
            return Ending.INTERRUPTED
        case "terminated":
            return Ending.TERMINATED
        case _:
            return None


# -- one attempt ------------------------------------------------------------------------------------------------------


def _attempt(agent: Agent, found: Envelope) -> None:
    """Prepare, run the harness, settle what it leaves, collect."""
    task, card = found.task, found.extra.get("card")
    assert task is not None
    again = " again" if found.extra.get("resumed") else ""
    agent.tell(f"claimed{again} {task['id']} [{task['stage']}] {task['title']}")
    if agent.halt.reason is not None:
        _release(agent, task, f"the agent was {agent.halt.reason} before it began", "infra")
        return
    try:
        workspace = agent.workspaces.prepare(task, role=card["role"] if card else "worker")
    except (GitFailed, InvalidInput) as error:
        _release(agent, task, f"no workspace: {error}", "infra")
        raise
    try:
        _work(agent, found, workspace)
    finally:
        parked = agent.workspaces.collect(workspace)
        if parked is not None:
            agent.tell(f"unsaved work parked in {parked}")


def _work(agent: Agent, found: Envelope, workspace: Workspace) -> None:
    task = found.task
    assert task is not None
    reader = agent.adapter.reader()
    with Halt() as halt:
        # The attempt has a latch of its own: a lost lease ends the attempt, a signal ends both.
        agent.halt.pass_on(halt)
        try:
            with Heart(agent.connect, task, lease_of(found, agent.clock()), halt):
                ended = harness.run(
                    agent.adapter.invocation(_assignment(found, workspace)),
                    directory=workspace.tree,
                    environment=_environment(agent, task, workspace),
                    reader=reader,
                    log=workspace.log,
                    limit=agent.limits.attempt,
                    halt=halt,
                    grace=agent.limits.grace,
                    started=workspace.started,
                )
        except InvalidInput as error:
            _release(agent, task, str(error), "infra")
            raise
        finally:
            agent.halt.pass_on(None)
        _settle(agent, task, ended, reader, halt)
        _charge(agent, task, reader)


def _settle(agent: Agent, task: Mapping[str, Any], ended: harness.Run, reader: Reader, halt: Halt) -> None:
    """Execute what the harness asked for, and release what it still holds."""
    agent.tell(f"harness {ended.ended} with {ended.status} after {ended.seconds:.1f} s, {_spent(reader)}")
    if halt.reason == "lease_lost":
        agent.tell(f"lost the lease on {task['id']}; another may have it")
        return
    if halt.reason is not None:
        _release(agent, task, f"the agent was {halt.reason}", "infra")
        return
    cause: Cause = "task"
    if ended.ended == "limit":
        reason = f"the harness did not end within {agent.limits.attempt:g} s"
    elif ended.status == TEMPORARY:
        reason, cause = "the harness reported that its provider failed", "infra"
    else:
        reason = f"the harness ended with status {ended.status} and moved nothing"
        if reader.verdict is not None:
            refused = _execute(agent, task, reader.verdict)
            if refused is None and reader.verdict.verb != "progress":
                return
            reason = refused or reason
    if agent.line.say(Heartbeat(task=task["id"], fence=task["fence"])).ok:
        _release(agent, task, reason, cause)


def _execute(agent: Agent, task: Mapping[str, Any], verdict: Verdict) -> str | None:
    """Execute a verb for the harness; return why it was refused, None when it was done."""
    named = {"task": task["id"], "fence": task["fence"]}
    try:
        command = COMMANDS[verdict.verb].model_validate({**verdict.fields, **named})
    except ValidationError as error:
        first = error.errors()[0]
        return f"the harness asked for {verdict.verb}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
    done = agent.line.say(command)
    agent.tell(f"{verdict.verb}: {done.code}{': ' + done.reason if done.reason else ''}")
    return None if done.ok else f"the harness asked for {verdict.verb}: {done.code}: {done.reason}"


def _release(agent: Agent, task: Mapping[str, Any], reason: str, cause: Cause) -> None:
    done = agent.line.say(Release(task=task["id"], fence=task["fence"], reason=reason, cause=cause))
    agent.tell(f"released {task['id']} ({cause}): {reason}" + ("" if done.ok else f"; {done.code}: {done.reason}"))


def _assignment(found: Envelope, workspace: Workspace) -> Assignment:
    body = found.to_json()
    return Assignment(
        task=body["task"],
        card=body.get("card"),
        moves=tuple(body.get("moves") or ()),
        history=tuple(body.get("history") or ()),
        workspace=workspace.tree,
        base=workspace.base,
        branch=workspace.branch,
    )


def _environment(agent: Agent, task: Mapping[str, Any], workspace: Workspace) -> dict[str, str]:
    mine = {"AINARRES_TASK": str(task["id"]), "AINARRES_FENCE": str(task["fence"])}
    return agent.workspaces.environment(workspace, name=str(task["holder"]), given={**agent.environment, **mine})


def _charge(agent: Agent, task: Mapping[str, Any], reader: Reader) -> None:
    """Report the tokens that were measured, if there is a meter; the work goes on whatever comes of it."""
    if agent.meter is None or reader.usage is None:
        return
    try:
        refused = agent.meter.report(task, reader.usage)
    except LedgerUnavailable as error:
        refused = str(error)
    if refused is not None:
        agent.tell(f"tokens not reported: {refused}")


def _spent(reader: Reader) -> str:
    usage = reader.usage
    if usage is None or usage.input_tokens is None or usage.output_tokens is None:
        return "tokens unknown"
    return f"{usage.input_tokens} tokens in, {usage.output_tokens} out"
