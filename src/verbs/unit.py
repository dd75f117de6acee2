"""The unit of work: one verb, one transaction. Lock, read the clock, decide, append, bring the projections along,
commit.

``begin`` sends everything that needs no decision in one round trip; ``finish`` sends the append, the inline
projections, the commit and the bell in another. Nothing that can fail for a reason of ours runs after the append.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from ainarres.database import trip
from ainarres.database.queries import load
from ainarres.domain import events as e
from ainarres.domain.context import Context
from ainarres.domain.eligibility import Route
from ainarres.domain.events import REGISTRY
from ainarres.domain.refusal import Refusal
from ainarres.domain.workflow import Workflow
from ainarres.ledger import store
from ainarres.ledger.event import NewEvent
from ainarres.projections import board, evidence, registers
from ainarres.verbs import identity
from ainarres.verbs.memory import Standing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import LiteralString
    from uuid import UUID

    import psycopg

    from ainarres.domain.context import Caller
    from ainarres.domain.fact import Fact
    from ainarres.domain.story import Decision, Told
    from ainarres.domain.task import Task
    from ainarres.verbs.identity import Credential
    from ainarres.verbs.memory import Known, Way

SQL = load("ainarres.verbs", "unit.sql")
_OPENING = (
    e.TaskCreated,
    e.TaskAdvanced,
    e.TaskRejected,
    e.TaskReleased,
    e.LeaseExpired,
    e.TaskEscalated,
    e.TaskUnblocked,
    e.TaskAmended,
    e.ReviewRuleWaived,
    e.TaskMigrated,
)
"""Events after which somebody may find something to claim."""
_PASSING = (
    e.CredentialIssued,
    e.CredentialExtended,
    e.CredentialRevoked,
    e.VerbRefused,
    e.ClaimEmpty,
    e.InstructionGiven,
    e.UsageReported,
    e.FlagRaised,
    e.FlagResolved,
)
"""Events of registers that change nothing of what sessions remember; a credential is looked at in every verb."""
Row = dict[str, Any]
Call = tuple[Any, Any]
"""A statement and its parameters."""


class Halt(Exception):
    """Ends a verb with a refusal; the unit rolls back."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.reason)


class Repeated(Exception):
    """Ends a verb that was done before under the same key; what it answered then is rendered again."""


class Unit:
    """A verb's transaction."""

    now: datetime
    caller: Caller
    credential: Credential | None
    standing: Standing
    """What the ledger said when the verb began, or in an earlier one of the same epoch."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        known: Known,
        *,
        token_sha256: str | None,
        command: UUID | None,
        request: str | None,
    ) -> None:
        self.connection, self.known = connection, known
        self.command, self.request = command, request
        self.remembered: Row | None = None
        """Set when the command id is known already: the verb is a repeat."""
        self.token = token_sha256
        self.positions: list[int] = []
        """Of the facts appended so far, in the order of the block."""
        self._facts: list[Fact] = []
        self._story: list[Told] = []
        self._story_sent = 0
        self._interned: dict[int, Route] = {}
        self._workflows: dict[UUID, Workflow] = {}

    # -- reading ------------------------------------------------------------------------------------------------------

    def rows(self, statement: Any, parameters: Any = None) -> list[Row]:
        """Run one statement and return its rows."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(statement, parameters).fetchall()

    def row(self, statement: Any, parameters: Any = None) -> Row | None:
        """Run one statement and return its first row, if any."""
        found = self.rows(statement, parameters)
        return found[0] if found else None

    def start(self, *locks: Call) -> list[list[Row]]:
        """Begin, then run ``locks`` and read the clock after them. Returns the rows of each of ``locks``."""
        self.begin()
        if not locks:
            return []
        *found, clock = self.call(*locks, (SQL["clock"], None))
        self.now = clock[0]["now"]
        return found

    def begin(
        self, *, locked: UUID | None = None, held: bool = False, wide: bool = False, way: Way | None = None
    ) -> Row:
        """Begin: take the board, identify the caller, take the command's id, lock what is wanted, read the clock.

        Returns a document: ``task``, the row of the task ``locked`` or of the one the caller holds; where ``wide``,
        what a verb that looks for work needs: ``mine``, the row the caller holds, and ``ran_out``, leases that did.
        Where ``way`` is given and nothing has to be settled first, ``looked`` is true and ``picked`` the best task on
        it, locked. Rows are JSON, null where there is none. Raises ``Halt`` when the credential is no good or the key
        was used for something else; ``Repeated``, with ``remembered`` set, when this very command was done before.
        """
        known = self.known.told.get(self.token)
        ask = {
            "token": self.token,
            "local": None if self.token else identity.LOCAL.actor,
            "command": self.command,
            "locked": locked,
            "held": held,
            "wide": wide,
            "epoch": known and known.epoch,
            "routes": way and way.routes,
            "afters": way and way.afters,
        }
        document: Row = self._document((trip.SQL["begin"], SQL["open"]), ask)
        self.now = _moment(document["now"])
        if document["told"] is None:
            assert known is not None
            self.standing = known
            self._identify(document["credential"])
        else:
            self.standing = Standing.of(document["epoch"], document["told"], self.known.routes)
            self._identify(document["credential"])
            self.known.learn(self.token, self.standing)  # of who has no credential nothing is remembered
        if document["repeated"] is not None:
            if document["repeated"]["request"] != self.request:
                raise Halt(Refusal("key_reused", "this key was used for another command; use a new one (--key)"))
            self.remembered = document["repeated"]
            raise Repeated
        if document["picked"] is not None:
            self.now = _moment(document["picked"]["now"])
            document["picked"] = document["picked"]["task"]
        return document

    def pick(self, way: Way) -> Row | None:
        """Lock the best claimable task on ``way`` and read the time. Returns its row as JSON; null for none."""
        wanted = {"routes": way.routes, "afters": way.afters, "agent": self.caller.actor}
        found = self._document((board.SQL["pick"],), wanted)
        if found is None:
            return None
        self.now = _moment(found["now"])
        row: Row = found["task"]
        return row

    def _document(self, statements: Sequence[LiteralString], parameters: Row) -> Any:
        found = trip.run(self.connection, statements, parameters)
        return None if found is None else json.loads(found)

    def read_clock(self) -> None:
        """Read the time again, after a lock that was taken later than ``start``."""
        row = self.row(SQL["clock"])
        assert row is not None
        self.now = row["now"]

    def call(self, *calls: Call) -> list[list[Row]]:
        """Run several statements in one round trip."""
        with self.connection.pipeline():
            cursors = [self.connection.cursor(row_factory=dict_row).execute(sql, args) for sql, args in calls]
        return [cursor.fetchall() if cursor.description else [] for cursor in cursors]

    def _identify(self, row: Row | None) -> None:
        if self.token is None:
            self.caller, self.credential = identity.LOCAL, None
            return
        found = self.standing.caller(row, self.now)
        if isinstance(found, Refusal):
            raise Halt(found)
        self.caller, self.credential = found

    # -- definitions --------------------------------------------------------------------------------------------------

    def workflow(self, task: Task) -> Workflow:
        """Return the version of the workflow that a task is pinned to."""
        return self.workflow_version(task.workflow, task.workflow_version)

    def workflow_version(self, key: str, version: int) -> Workflow:
        """Return one version of a workflow; what was adopted never changes, so it is read once."""
        at = key, version
        if at not in self.known.workflows:
            row = self.row(SQL["workflow"], {"key": key, "version": version})
            assert row is not None
            self.known.workflows[at] = Workflow.from_json(row["definition"])
        return self.known.workflows[at]

    def newest_workflow(self, key: str) -> tuple[int, Workflow]:
        """Return the newest version of a workflow; ``Halt`` when none was adopted."""
        row = self.row(SQL["newest_workflow"], {"key": key})
        if row is None:
            raise Halt(Refusal("not_found", f"no workflow {key!r}; adopt one with `ainarres workflow adopt FILE`"))
        at = key, row["version"]
        if at not in self.known.workflows:
            self.known.workflows[at] = Workflow.from_json(row["definition"])
        return row["version"], self.known.workflows[at]

    def lane(self, name: str) -> Row:
        """Return a lane by its key; ``Halt`` when there is none, or more than one of that short name."""
        found = self.rows(SQL["lane"], {"lane": name})
        if found and (found[0]["key"] == name or len(found) == 1):
            return found[0]
        if not found:
            raise Halt(Refusal("not_found", f"no lane {name!r}; `ainarres project list` names them", {"field": "lane"}))
        keys = ", ".join(row["key"] for row in found)
        raise Halt(Refusal("invalid", f"lane: {name!r} is the name of more than one: {keys}", {"field": "lane"}))

    def context(self, task: Task, **more: Any) -> Context:
        """Return what the deciders are told about the world around ``task``."""
        return Context(
            **{"caller": self.caller, **more},
            now=self.now,
            workflow=self.workflow(task),
            tiers=self.standing.tiers,
            cards=self.standing.cards,
        )

    # -- writing ------------------------------------------------------------------------------------------------------

    def take(self, decision: Decision | Refusal, workflow: Workflow | None = None) -> Decision:
        """Take a decision into the block to append; a refusal ends the verb."""
        if isinstance(decision, Refusal):
            raise Halt(decision)
        self._workflows[decision.task.id] = workflow or self.workflow(decision.task)
        self._story.extend(decision.told)
        self._facts.extend(decision.facts)
        return decision

    def add(self, *facts: Fact) -> None:
        """Take facts of other streams than tasks' into the block."""
        self._facts.extend(facts)

    def next_version(self, stream: str) -> int:
        """Return the version that the next fact of ``stream`` gets, facts in the block counted."""
        pending = sum(fact.stream == stream for fact in self._facts[len(self.positions) :])
        return store.stream_version(self.connection, stream) + pending + 1

    def flush(self) -> None:
        """Append what was taken so far and write the projections, without an end: more may follow."""
        self._send(end=False)

    def finish(self) -> int | None:
        """Append the block, write the projections, commit. Return the last position; null when there is nothing to
        say.
        """
        if not self._facts:
            self.rollback()
            return None
        self._send(end=True)
        self.known.routes.update(self._interned)
        return self.positions[-1]

    def forget(self, facts: int) -> None:
        """Forget all but the first ``facts`` of the block, after a return to a savepoint; none of a task among them."""
        del self._facts[facts:], self.positions[facts:]

    def _send(self, *, end: bool) -> None:
        sent = len(self.positions)
        block, told = self._facts[sent:], self._story[self._story_sent :]
        self._story_sent = len(self._story)
        noted = [fact for fact in block if registers.concerns(fact)]
        last: tuple[LiteralString, ...] = ()
        parameters: dict[str, Any] = {}
        if end:
            last = (SQL["commit"],)
            if lanes := sorted({told.task.lane for told in self._story if isinstance(told.fact.event, _OPENING)}):
                last, parameters = (*last, SQL["ring"]), {"lanes": lanes}
        if block:
            straight = () if noted else last
            first = trip.run(self.connection, (board.SQL["write"], *straight), self._block(block, told) | parameters)
            assert first is not None
            self.positions.extend(range(int(first), int(first) + len(block)))
        if noted:
            with self.connection.pipeline():
                for fact in noted:
                    registers.apply(self.connection, fact)
                if not all(isinstance(fact.event, _PASSING) for fact in noted):
                    self.connection.execute(SQL["renew"])
        if last and (noted or not block):
            trip.run(self.connection, last, parameters)

    def _block(self, block: Sequence[Fact], told: Sequence[Told]) -> dict[str, Any]:
        known = self.known.routes.keys() | self._interned.keys()
        changes = board.changes(block, told, self._workflows, known)
        self._interned |= {route["id"]: Route.from_json(route["parts"]) for route in changes.routes}
        judged = any(evidence.judges(one) for one in told)
        events = store.block([self._to_append(fact) for fact in block])
        return {"events": events, **changes.parameters(), "judged": judged}

    def rollback(self) -> None:
        """Undo everything."""
        self.connection.execute(SQL["rollback"])

    @property
    def facts(self) -> Sequence[Fact]:
        """The block so far."""
        return self._facts

    def _to_append(self, fact: Fact) -> NewEvent:
        kind = REGISTRY[type(fact.event).__name__]
        return NewEvent(
            stream=fact.stream,
            version=fact.version,
            type=kind.name,
            schema=kind.schema,
            body=fact.event.model_dump(mode="json"),
            actor=fact.actor,
            family=fact.family,
            capability=fact.capability,
            credential=fact.credential,
            subject_agent=fact.subject_agent,
            subject_family=fact.subject_family,
            project=fact.project,
            task=fact.task,
            command=self.command,
            request=self.request,
            causation=fact.causation,
            correlation=fact.correlation,
            recorded_at=fact.recorded_at,
        )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
