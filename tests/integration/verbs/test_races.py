"""Verbs that meet in the database, each brought to the place where they meet by a lock that the test holds."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from tests.scene import CHEAP, DESIGNER, FAMILIES, FRONTIER, REVIEWER, WORKFLOW, Scene

from ainarres.database.connect import connect
from ainarres.domain import commands as c
from ainarres.faults import LedgerUnavailable, VersionConflict
from ainarres.projections import board

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg
    from tests.database import Clock, Database

    from ainarres.verbs.envelope import Envelope
    from ainarres.verbs.session import Session

LOCKED = "SELECT FROM projection.board WHERE task = %s FOR UPDATE"
WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = %s"


class Asking:
    """A verb under way in a thread of its own."""

    def __init__(self, session: Session, command: c.Command) -> None:
        self._session, self._command = session, command
        self.envelope: Envelope | None = None
        self._pid = session.connection.info.backend_pid
        self._thread = Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        self.envelope = self._session.execute(self._command)

    def settle(self, watcher: psycopg.Connection[Any]) -> bool:
        """Go on until it is done or waits for a lock; tell whether it waits."""
        while self._thread.is_alive():
            row = watcher.execute(WAITS, [self._pid]).fetchone()
            if row is not None and row[0]:
                return True
        return False

    def answer(self) -> Envelope:
        """Return what it answered."""
        self._thread.join()
        assert self.envelope is not None
        return self.envelope


@contextmanager
def holding(database: Database, statement: str, parameters: list[Any]) -> Iterator[None]:
    """Keep what ``statement`` locks until the end."""
    with connect(database.url, autocommit=False) as other:
        other.execute(statement.encode(), parameters)
        yield
        other.rollback()


def quickly(session: Session, command: c.Command) -> Envelope:
    """Execute, and fail where a lock would have to be waited for."""
    session.connection.execute("SET statement_timeout = '3s'")
    try:
        return session.execute(command)
    except (LedgerUnavailable, VersionConflict) as error:
        pytest.fail(f"it did not pass by what somebody else has locked: {error}")


def test_a_claimer_passes_by_a_locked_row(scene: Scene, database: Database) -> None:
    first, second = scene.task("first", priority=5), scene.task("second")
    designer, other = scene.agent(DESIGNER), scene.agent(DESIGNER)
    with holding(database, LOCKED, [first]):
        assert scene.id(quickly(designer, c.Claim())) == second
        assert quickly(other, c.Claim()).code == "empty"
    assert scene.id(scene.ok(other, c.Claim())) == first


def test_a_claimer_passes_by_a_lease_that_ran_out_while_somebody_recovers_it(
    scene: Scene, database: Database, clock: Clock
) -> None:
    dead, free = scene.task("dead", priority=5), scene.task("free")
    scene.ok(scene.agent(DESIGNER), c.Claim(task=dead))
    clock.advance(31)
    with holding(database, LOCKED, [dead]):
        assert scene.id(quickly(scene.agent(DESIGNER), c.Claim())) == free
    assert scene.id(scene.ok(scene.agent(DESIGNER), c.Claim())) == dead


def test_an_agent_that_asks_twice_at_once_gets_one_task(database: Database) -> None:
    workflow = WORKFLOW.replace("initial = true", "initial = true\nwip = 5")
    families = FAMILIES.replace('"role:designer"', '"role:designer", "role:implementer"', 1)
    scene = Scene(database, workflow=workflow, families=families)
    early, late = scene.task("early"), scene.implementable("late")
    token = scene.token(DESIGNER, "twice")
    one, two = scene.session(token), scene.session(token)
    lock = "SELECT pg_advisory_xact_lock(1634299491, hashtext(%s))"
    with connect(database.url) as watcher:
        with holding(database, lock, ["web/dev/dev/proposed"]):
            asking = Asking(one, c.Claim(task=early))
            assert asking.settle(watcher), "the first claim does not wait where it should"
            scene.ok(two, c.Claim(task=late))
        answer = asking.answer()
        held = watcher.execute("SELECT count(*) FROM projection.board WHERE holder = 'twice'").fetchone()
    assert (answer.code, held) == ("already_holding", (1,))
    assert scene.id(answer) == late
    scene.close()


def test_no_wake_up_is_lost_between_a_creation_and_the_end_of_its_prerequisite(
    scene: Scene, database: Database
) -> None:
    """The edge is in, uncommitted, when the prerequisite is about to be finished."""
    first = scene.implementable()
    scene.ok(cheap := scene.agent(CHEAP), c.Claim(task=first))
    scene.ok(cheap, c.Advance(task=first))
    scene.ok(reviewer := scene.agent(REVIEWER), c.Claim(task=first))
    with connect(database.owner_url) as owner:
        owner.execute(
            "CREATE FUNCTION projection.pause() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NULL; END'"
        )
        owner.execute("CREATE TRIGGER pause AFTER INSERT ON projection.dependency EXECUTE FUNCTION projection.pause()")
    with connect(database.url) as watcher:
        with holding(database, "SELECT pg_advisory_xact_lock(42)", []):
            creating = Asking(scene.session(), c.Create(lane="dev", title="second", depends_on=(first,)))
            assert creating.settle(watcher), "the creation does not wait where it should"
            finishing = Asking(reviewer, c.Advance(task=first))
            finishing.settle(watcher)
        second, finished = scene.id(creating.answer()), finishing.answer()
    with connect(database.owner_url) as owner:
        owner.execute("DROP TRIGGER pause ON projection.dependency")
    assert finished.ok
    assert scene.agent(DESIGNER).execute(c.Claim(task=second)).code == "ok"


def test_a_revoked_feature_bites_at_the_next_call(scene: Scene) -> None:
    held, free = scene.implementable("held"), scene.implementable("free")
    scene.ok(holder := scene.agent(FRONTIER), c.Claim(task=held))
    revoke = c.RevokeCapability(family=FRONTIER, feature="role:implementer", reason="r")
    scene.ok(scene.human, revoke)
    assert holder.execute(c.Advance(task=held)).code == "not_eligible"
    assert scene.agent(FRONTIER).execute(c.Claim(task=free)).code == "not_eligible"
    assert scene.agent(FRONTIER).execute(c.Claim()).code == "empty"
    scene.ok(scene.human, c.LiftDenial(family=FRONTIER, feature="role:implementer", reason="r"))
    scene.ok(holder, c.Advance(task=held))


def test_the_pause_of_a_lane_stops_claims_and_lets_holders_finish(scene: Scene) -> None:
    held = scene.task("held", priority=5)
    scene.task("free")
    scene.ok(holder := scene.agent(DESIGNER), c.Claim(task=held))
    scene.ok(scene.human, c.PauseLane(lane="dev", reason="r"))
    assert scene.agent(DESIGNER).execute(c.Claim()).code == "empty"
    scene.ok(holder, c.Advance(task=held))


def test_locks_are_those_of_the_statements() -> None:
    """The lock that these tests hold in a claimer's way is the one that its statement takes."""
    assert "1634299491" in board.SQL["lock_wip"]
