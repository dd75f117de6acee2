"""A session: a connection and who speaks through it. Faces open one and execute commands; nothing else writes."""

from __future__ import annotations

import hashlib
import json
import time
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg import errors
from psycopg.pq import PipelineStatus, TransactionStatus
from pydantic import BaseModel

from ainarres.domain import commands as c
from ainarres.domain import duration
from ainarres.domain.refusal import Refusal
from ainarres.faults import InvalidInput, LedgerUnavailable, ReadOnlySession, VersionConflict
from ainarres.ledger import body
from ainarres.verbs import claiming, identity, tasks
from ainarres.verbs.envelope import Envelope, refused
from ainarres.verbs.memory import Known
from ainarres.verbs.presenting import event_view, moves_of, next_verbs, task_view
from ainarres.verbs.unit import SQL as UNIT
from ainarres.verbs.unit import Halt, Repeated, Unit

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from ainarres.verbs.answer import Answer

_M = TypeVar("_M", bound=BaseModel)
TRIES = 10
"""How often a verb is decided anew when another transaction got in between."""
POLL = 0.5
"""Seconds between two looks of a waiting claim that hears no bell."""
_AGAIN = (errors.UniqueViolation, errors.DeadlockDetected, errors.SerializationFailure, VersionConflict, claiming.Moved)
_IN_ORDER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
_SILENT = (errors.OperationalError, psycopg.InterfaceError, errors.IdleInTransactionSessionTimeout)
_VERBS: dict[type[c.Command], str] = {
    c.Create: "creating.create",
    c.CreateGraph: "creating.create_graph",
    c.Apply: "creating.apply",
    c.Why: "why.why",
    c.Stop: "operating.stop",
    c.Sweep: "operating.sweep",
    c.Usage: "operating.usage",
    c.MigrateTasks: "operating.migrate",
    c.OpenLedger: "definitions.open_ledger",
    c.AdoptWorkflow: "definitions.adopt_workflow",
    c.AdoptCard: "definitions.adopt_card",
    c.AdoptProject: "definitions.adopt_project",
    c.AdoptFamilies: "definitions.adopt_families",
    c.RevokeCapability: "definitions.revoke_capability",
    c.LiftDenial: "definitions.lift_denial",
    c.AdoptPolicy: "governing.adopt_policy",
    c.Suspend: "governing.suspend",
    c.RunGovernance: "rounds.run",
    c.RaiseFlag: "governing.raise_flag",
    c.ResolveFlag: "governing.resolve_flag",
    c.Verdict: "verdicts.verdict",
    c.Instruct: "instructing.instruct",
    c.PauseLane: "definitions.pause_lane",
    c.ResumeLane: "definitions.resume_lane",
    c.IssueToken: "credentials.issue",
    c.NarrowToken: "credentials.narrow",
    c.RevokeToken: "credentials.revoke",
}
"""What executes which command, as ``module.function``: a verb in a loop loads its own module and no other."""


class Session:
    """Executes commands as one caller.

    ``connection`` is in autocommit mode. ``token`` is a bearer token (``ain_…``); without one the session speaks as
    ``human:local``, which only who holds the database's URL can. ``known`` is what an earlier session on the same
    connection learnt.
    """

    def __init__(
        self, connection: psycopg.Connection[Any], token: str | None = None, known: Known | None = None
    ) -> None:
        self.connection = connection
        self._known = known or Known()
        self._token = identity.token_hash(token) if token is not None else None

    def execute(self, command: c.Command, key: UUID | None = None, *, patient: bool = True) -> Envelope:
        """Execute ``command`` in one transaction and return its envelope.

        ``key`` is the command's id: a repeat with the same key appends nothing and answers the same, ``replayed``.
        A claim that is to wait does so here unless ``patient`` is false: then it looks once, and the caller waits.
        Raises ``LedgerUnavailable`` when the database does not answer; then nothing is known of the outcome, and a
        repeat with the same key settles it.
        """
        if isinstance(self._token, Refusal):
            return refused(self._token)
        try:
            command = storable(command, "$")
            if isinstance(command, c.Sweep):
                return self._sweep(command, key)
            if patient and isinstance(command, c.Claim) and command.wait is not None:
                return self._wait(command, key)
            return self._execute(command, key)
        except InvalidInput as error:
            place = error.field.removeprefix("$.")
            return refused(Refusal("invalid", f"{place}: {error.problem}; {error.cure}", {"field": place}))
        except errors.SequenceGeneratorLimitExceeded:
            self._undo()
            from ainarres.verbs import refusing  # noqa: PLC0415 - loaded by who needs it

            return refused(refusing.READ_ONLY)
        except psycopg.Error as error:
            self._hang_up()
            if isinstance(error, errors.ReadOnlySqlTransaction):
                raise ReadOnlySession from error
            if isinstance(error, errors.IdleInTransactionSessionTimeout):
                text = "the verb took longer than a transaction may stand idle; nothing was written; ask for less"
                raise LedgerUnavailable(text) from error
            if isinstance(error, _SILENT):
                raise LedgerUnavailable(f"the database does not answer: {_first_line(error)}") from error
            raise

    def _sweep(self, command: c.Sweep, key: UUID | None) -> Envelope:
        envelope = self._execute(command, key)  # says whether the caller may
        if not envelope.ok:
            return envelope
        return Envelope(code="ok", extra={"recovered": self._recover(every_lane=True)})

    def _wait(self, command: c.Claim, key: UUID | None) -> Envelope:
        """Ask until there is work or the time is up: at every bell, and every ``POLL`` seconds in case one was lost."""
        assert command.wait is not None
        until = time.monotonic() + duration.parse(command.wait).total_seconds()
        self.connection.execute(UNIT["listen"])
        try:
            while True:
                envelope = self._execute(command, key)
                left = until - time.monotonic()
                if envelope.code != "empty" or left <= 0:
                    return envelope
                for _ in self.connection.notifies(timeout=min(POLL, left), stop_after=1):
                    pass
        finally:
            if not self.connection.closed:
                self.connection.execute(UNIT["unlisten"])

    def _execute(self, command: c.Command, key: UUID | None) -> Envelope:
        last: BaseException | None = None
        recovered = False
        for _ in range(TRIES):
            try:
                return self._attempt(command, key, recovered=recovered)
            except claiming.Expired as error:
                self._recover()
                recovered, last = True, error
            except _AGAIN as error:
                last = error
        if isinstance(last, claiming.Moved):
            return refused(last.refusal)
        raise VersionConflict(f"gave up after {TRIES} tries, others were always first: {_first_line(last)}")

    def _recover(self, *, every_lane: bool = False) -> int:
        """Record leases that ran out, block after block, in transactions of their own. Returns how many."""
        total = 0
        while True:
            unit = self._unit(None, None)
            try:
                found = claiming.recover(unit, every_lane=every_lane)
            except _AGAIN:
                self._undo()
                continue
            except Halt:  # the credential ended in between; the claim itself will say so
                self._undo()
                return total
            except BaseException:
                self._undo()
                raise
            total += found
            if found < claiming.EXPIRED_AT_ONCE:
                return total

    def _attempt(self, command: c.Command, key: UUID | None, *, recovered: bool) -> Envelope:
        unit = self._unit(command, key)
        try:
            answer = self._decide(unit, command, recovered=recovered)
            from ainarres.verbs import instructing  # noqa: PLC0415 - loaded by who needs it

            instructing.record(unit, command, answer)
            position = unit.finish()
        except Repeated:
            self._undo()
            from ainarres.verbs import replaying  # noqa: PLC0415 - loaded by who needs it

            return replaying.replay(self.connection, unit, command)
        except Halt as halt:
            self._undo()
            from ainarres.verbs import refusing  # noqa: PLC0415 - loaded by who needs it

            refusing.record(self._unit(None, None), command, halt.refusal)
            return refused(halt.refusal)
        except BaseException:
            self._undo()
            raise
        if unit.caller.over:
            from ainarres.verbs import governing  # noqa: PLC0415 - loaded by who needs it

            governing.observe(self._unit(None, None))
        return self._envelope(unit, command, answer, position)

    def _decide(self, unit: Unit, command: c.Command, *, recovered: bool) -> Answer:
        if isinstance(command, c.Claim):
            return claiming.claim(unit, command, recovered=recovered)
        if isinstance(command, c.Done):
            return claiming.done(unit, command, recovered=recovered)
        return _verb(type(command))(unit, command)

    def _envelope(self, unit: Unit, command: c.Command, answer: Answer, position: int | None) -> Envelope:
        task, event = answer.task, None
        if unit.facts and position is not None and answer.code != "empty":
            event = event_view(unit.facts[answer.lead], unit.positions[answer.lead])
        workflow = unit.workflow(task) if task is not None else None
        extra = dict(answer.extra)
        if isinstance(command, c.Next) and task is not None and workflow is not None:
            from ainarres.verbs import briefing  # noqa: PLC0415 - loaded by who needs it

            extra |= {"moves": moves_of(task, workflow, unit.caller), **briefing.of(self.connection, task)}
        if answer.code == "empty" and isinstance(command, c.Claim):
            from ainarres.verbs import refusing  # noqa: PLC0415 - loaded by who needs it

            refusing.record_empty(self._unit(None, None), command.lane)
        return Envelope(
            code=answer.code,
            reason=answer.reason,
            task=task_view(task, unit.caller) if task is not None else None,
            event=event,
            next=next_verbs(task, workflow, unit.caller, unit.now),
            position=position,
            extra=extra,
        )

    def _unit(self, command: c.Command | None, key: UUID | None) -> Unit:
        named = command is not None and key is not None
        return Unit(
            self.connection,
            self._known,
            token_sha256=self._token if isinstance(self._token, str) else None,
            command=key,
            request=request_hash(command) if named and command is not None else None,
        )

    def _undo(self) -> None:
        """Roll back whatever is open; a connection that is gone has done so itself."""
        if not self.connection.closed and self.connection.info.transaction_status != TransactionStatus.IDLE:
            self.connection.execute(UNIT["rollback"])

    def _hang_up(self) -> None:
        """Close a connection that is not ready for another verb: a pipeline that broke off may be stuck half way, and
        a pool would lend it on like that.
        """
        wire = self.connection.pgconn
        if (wire.transaction_status, wire.pipeline_status) != (TransactionStatus.IDLE, PipelineStatus.OFF):
            self.connection.close()


@cache
def _verb(kind: type[c.Command]) -> Callable[[Unit, Any], Answer]:
    if kind not in _VERBS:
        return tasks.run
    module, _, name = _VERBS[kind].partition(".")
    found: Callable[[Unit, Any], Answer] = getattr(import_module(f"ainarres.verbs.{module}"), name)
    return found


def storable(asked: _M, path: str) -> _M:
    """Return ``asked``, a command or a part of one, with its free JSON as the ledger keeps it.

    Raises ``InvalidInput`` whose field is the JSON path, ``$.payload.files[2]``, of what it cannot keep.
    """
    kept: dict[str, Any] = {}
    for name, value in asked.__dict__.items():
        if isinstance(value, dict):
            kept |= _kept({name: value}, path)
        elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            kept[name] = tuple(storable(one, f"{path}.{name}[{place}]") for place, one in enumerate(value))
    return asked.model_copy(update=kept) if kept else asked


def _kept(free: dict[str, Any], path: str) -> dict[str, Any]:
    try:
        return body.normalise(free)
    except InvalidInput as error:
        raise InvalidInput(f"{path}{error.field.removeprefix('$')}", error.problem, error.cure) from None


def request_hash(command: c.Command) -> str:
    """Return the SHA-256 (hex) of what a command asks for: its name and its fields, keys in order."""
    asked = {"verb": type(command).__name__, **command.model_dump(mode="json")}
    return hashlib.sha256(_IN_ORDER.encode(asked).encode()).hexdigest()


def _first_line(error: BaseException | None) -> str:
    return str(error).partition("\n")[0]
