"""What a verb asks first: permission before it tells anything about the tasks named along with it."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from tests.scene import CHEAP, DESIGNER

from ainarres.database.connect import connect
from ainarres.domain import commands as c
from ainarres.verbs import tasks

if TYPE_CHECKING:
    from tests.database import Database
    from tests.scene import Scene


def test_create_asks_lane_and_gate_before_prerequisites(scene: Scene) -> None:
    unknown = (str(uuid4()),)
    cheap = scene.agent(CHEAP)
    assert cheap.execute(c.Create(lane="dev", title="x", depends_on=unknown)).code == "not_eligible"
    scene.ok(scene.human, c.PauseLane(lane="dev", reason="r"))
    assert scene.agent(DESIGNER).execute(c.Create(lane="dev", title="x", depends_on=unknown)).code == "conflict"


def test_amend_asks_permission_before_prerequisites(scene: Scene) -> None:
    task = scene.task()
    refused = scene.agent(CHEAP).execute(c.Amend(task=task, depends_on=(str(uuid4()),)))
    assert refused.code == "not_eligible"
    assert scene.human.execute(c.Amend(task=task, depends_on=(str(uuid4()),))).code == "invalid"


def test_a_repeated_command_answers_the_same_though_the_world_moved_on(scene: Scene) -> None:
    task = scene.task()
    designer, key = scene.agent(DESIGNER), uuid4()
    scene.ok(designer, c.Claim(task=task))
    first = scene.ok(designer, c.Advance(task=task), key)
    again = scene.ok(designer, c.Advance(task=task), key)
    assert again.extra == {"replayed": True}
    assert (again.code, again.task, again.event, again.position) == (
        first.code,
        first.task,
        first.event,
        first.position,
    )


def test_two_amendments_never_close_a_circle_between_them(scene: Scene, database: Database) -> None:
    """A waits on b, c on d. While one verb is about to make b wait on c, another would make d wait on a."""
    b, d = scene.task("b"), scene.task("d")
    a, c_ = scene.task("a", depends_on=(b,)), scene.task("c", depends_on=(d,))
    with connect(database.url) as other:
        with other.transaction():
            other.execute(tasks.SQL["lock_edges"])
            answers: list[str] = []
            session = scene.session()
            thread = Thread(target=lambda: answers.append(session.execute(c.Amend(task=d, depends_on=(a,))).code))
            thread.start()
            while not other.execute("SELECT 1 FROM pg_locks WHERE classid = 1634299493 AND NOT granted").fetchone():
                assert thread.is_alive(), "the second amendment did not wait for the first"
            other.execute("SELECT verb.link('depend', %s, %s, '{}')", (UUID(b), [UUID(c_)]))
        thread.join()
        assert answers == ["invalid"]
        other.execute("SELECT verb.link('depend', %s, '{}', '{}')", (UUID(b),))
