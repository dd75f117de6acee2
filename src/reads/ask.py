"""The one table of reads, and the one way in: a question by name, for whoever a token names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ainarres.domain.refusal import Refusal
from ainarres.reads import figures, governed, question, standing, work
from ainarres.reads.asking import Answer, Asker, Refused
from ainarres.verbs import asked
from ainarres.verbs.asking import whoami

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import psycopg

    from ainarres.domain.context import Scope


@dataclass(frozen=True, slots=True)
class Read:
    """One read: its question, where it stands under ``/v1/``, what answers it, and who may ask."""

    model: type[question.Question]
    path: str
    """Words in braces are fields of the question."""
    answer: Callable[[Asker, Any], Answer]
    scope: Scope | None = None
    """What the credential must include; null is agent or monitor."""


READS: Mapping[str, Read] = {
    one.model.__name__: one
    for one in (
        Read(question.Here, "here", standing.here),
        Read(question.Prime, "prime", standing.prime),
        Read(question.WhoAmI, "whoami", standing.whoami),
        Read(question.Status, "status", work.status),
        Read(question.Board, "board", work.board),
        Read(question.Tasks, "tasks", work.tasks),
        Read(question.OneTask, "tasks/{task}", work.task),
        Read(question.History, "tasks/{task}/history", work.story),
        Read(question.Replay, "tasks/{task}/replay", work.replay),
        Read(question.Timeline, "timeline", work.newest),
        Read(question.Diff, "diff", work.diff),
        Read(question.Outlook, "outlook", work.left),
        Read(question.Report, "report", figures.report),
        Read(question.Reviews, "reviews", figures.reviews),
        Read(question.Spend, "spend", figures.spend),
        Read(question.Epics, "epics", figures.epics),
        Read(question.Watch, "watch", figures.watch),
        Read(question.Demand, "demand", figures.demand),
        Read(question.Agents, "agents", standing.agents),
        Read(question.Families, "families", standing.families),
        Read(question.Projects, "projects", standing.projects, "monitor"),
        Read(question.Workflows, "workflows", standing.workflows, "monitor"),
        Read(question.Tokens, "tokens", standing.tokens, "monitor"),
        Read(question.Card, "cards/{role}", standing.card),
        Read(question.Policies, "policies", governed.policies, "monitor"),
        Read(question.Governance, "governance", governed.status, "monitor"),
        Read(question.Explain, "governance/explain", governed.explain, "monitor"),
        Read(question.Flags, "flags", governed.flags, "monitor"),
        Read(question.Inbox, "inbox", governed.inbox, "monitor"),
    )
}
"""Every read by its question's name."""


def ask(
    connection: psycopg.Connection[Any], token: str | None, name: str, fields: Mapping[str, Any]
) -> Answer | Refusal:
    """Answer the question of that name for whoever ``token`` names; without one, for the person at the terminal.

    Raises ``InvalidInput`` for a field that is no good.
    """
    read = READS[name]
    wanted = asked.read(read.model, fields)
    found = whoami(connection, token)
    if isinstance(found, Refusal):
        return found
    caller, credential = found
    if not (caller.may(read.scope) if read.scope else caller.may("agent") or caller.may("monitor")):
        needed = read.scope or "agent or monitor"
        text = f"a credential of scope {caller.scope} may not read this; it needs {needed}"
        return Refusal("not_eligible", text)
    try:
        return read.answer(Asker(connection, caller, credential), wanted)
    except Refused as refused:
        return refused.refusal
