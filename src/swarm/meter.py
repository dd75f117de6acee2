"""Reports what a harness spent, with a credential of its own that the harness never sees: no agent meters itself.

Tokens are charged to the move that they paid for, which is looked up in the task's history, for the harness may have
made it itself; a run that moved nothing is charged to the agent. What was not measured is not reported, and zero is
never assumed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from ainarres.database.connect import connect
from ainarres.domain import commands as c
from ainarres.domain.events import TaskAdvanced, TaskClaimed, TaskRejected
from ainarres.projections import history
from ainarres.verbs.session import Session

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

    from ainarres.swarm.adapter import Usage

RECENT = 200
"""Events of a task among which a hold's own are looked for."""


class Meter:
    """Speaks to the ledger at ``url`` with ``token``, of scope ``meter``."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._token = url, token

    def report(self, task: Mapping[str, Any], usage: Usage) -> str | None:
        """Report a run on ``task`` as it was claimed (holder and fence included); return why it was refused, if it was.

        Raises LedgerUnavailable when nobody answers.
        """
        with connect(self._url, application_name="ainarres meter") as connection:
            said = c.Usage(
                agent=task["holder"],
                family=task["holder_family"],
                transition=_paid_for(connection, task),
                **usage.to_json(),
            )
            done = Session(connection, self._token).execute(said)
        return None if done.ok else f"{done.code}: {done.reason}"


def _paid_for(connection: psycopg.Connection[Any], task: Mapping[str, Any]) -> int | None:
    """Return the position of the move that ended the hold, null when none did."""
    mine = False
    for entry in history.newest(connection, limit=RECENT, task=UUID(str(task["id"]))):
        event = entry.fact.event
        if isinstance(event, TaskClaimed):
            mine = event.fence == task["fence"]
        elif mine and isinstance(event, (TaskAdvanced, TaskRejected)) and entry.fact.actor == task["holder"]:
            return entry.position
    return None
