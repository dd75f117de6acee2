"""Agents as processes: what a harness leaves behind is settled with the ledger, and a killed agent's task is
recovered.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.scene import CHEAP, WORKFLOW, Scene

from ainarres.database.connect import connect
from ainarres.domain import commands as c
from ainarres.domain.events import LeaseExpired, TaskEscalated, TaskReleased, UsageReported
from ainarres.faults import InvalidInput, LedgerUnavailable
from ainarres.projections import history
from ainarres.projections.outlook import Outlook, remaining
from ainarres.swarm import agent
from ainarres.swarm.agent import Ending, Limits
from ainarres.swarm.meter import Meter
from ainarres.swarm.script import Script
from ainarres.verbs.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.database import Clock, Database

    from ainarres.domain.events import Event
    from ainarres.swarm.workspace import Workspaces

    Wait = Callable[[Callable[[], bool]], None]

ADVANCE = """echo '{"verb": "advance", "note": "done"}'"""
HANG = "echo $$ > pid; git add pid; git commit -qm pid; exec sleep 1000"


class Stage:
    """A scene with one agent's means."""

    def __init__(self, scene: Scene, workspaces: Workspaces) -> None:
        self.scene, self.workspaces = scene, workspaces
        self.token = scene.token(CHEAP, "worker")
        self.told: list[str] = []

    @contextmanager
    def connect(self) -> Iterator[Session]:
        with connect(self.scene.url) as connection:
            yield Session(connection, self.token)

    def run(self, text: str, **more: Any) -> Ending:
        given = {"poll": 0.05, "environment": {"AINARRES_TOKEN": self.token, "AINARRES_URL": self.scene.url}, **more}
        return agent.run(
            self.connect,
            adapter=Script(["/bin/sh", "-c", text]),
            workspaces=self.workspaces,
            tell=self.told.append,
            **given,
        )

    def start(self, text: str, **environment: str) -> subprocess.Popen[bytes]:
        places = ["--repository", str(self.workspaces.repository), "--workspaces", str(self.workspaces.root)]
        return subprocess.Popen(
            [sys.executable, "-m", "ainarres.swarm.process", "--poll", "0.05", *places, "--", "/bin/sh", "-c", text],
            env={**os.environ, "AINARRES_TOKEN": self.token, "AINARRES_URL": self.scene.url, **environment},
        )

    def events(self, kind: type[Event]) -> list[Any]:
        with connect(self.scene.url) as connection:
            return [fact.event for _, fact in history.whole(connection) if isinstance(fact.event, kind)]

    def remaining(self) -> Outlook:
        with connect(self.scene.url) as connection:
            return remaining(connection, ["dev"])

    def pid(self) -> int | None:
        """The process of a harness that hangs, once it says so."""
        found = [path.read_text().strip() for path in self.workspaces.root.glob("*/tree/pid")]
        return int(found[0]) if found and found[0] else None


@pytest.fixture
def stage(scene: Scene, workspaces: Workspaces) -> Stage:
    return Stage(scene, workspaces)


def stage_of(scene: Scene, task: str) -> dict[str, Any]:
    found = scene.ok(scene.human, c.Note(task=task, text="looking")).task
    assert found is not None
    return dict(found)


def test_executes_what_a_script_prints(stage: Stage) -> None:
    task = stage.scene.implementable()
    assert stage.run(ADVANCE) is Ending.DRAINED
    assert stage_of(stage.scene, task)["stage"] == "reviewing"
    assert list(stage.workspaces.root.glob("*-*")) == [], "collected"


def test_a_script_may_act_itself(stage: Stage) -> None:
    task = stage.scene.implementable()
    program = """if True:
        import os
        from ainarres.database.connect import connect
        from ainarres.domain.commands import Advance
        from ainarres.verbs.session import Session
        with connect(os.environ["AINARRES_URL"]) as connection:
            session = Session(connection, os.environ["AINARRES_TOKEN"])
            held = dict(task=os.environ["AINARRES_TASK"], fence=int(os.environ["AINARRES_FENCE"]))
            assert session.execute(Advance(**held)).ok
    """
    adapter = Script([sys.executable, "-c", program])
    environment = {"AINARRES_TOKEN": stage.token, "AINARRES_URL": stage.scene.url}
    ending = agent.run(
        stage.connect, adapter=adapter, workspaces=stage.workspaces, environment=environment, tell=stage.told.append
    )
    assert ending is Ending.DRAINED
    assert stage_of(stage.scene, task)["stage"] == "reviewing"
    assert stage.events(TaskReleased) == []


def test_the_task_is_on_standard_input_and_never_in_the_command_line(stage: Stage) -> None:
    stage.scene.implementable("whisper", payload={"goal": "keep it"})
    text = "cat > given; tr '\\0' ' ' < /proc/$PPID/cmdline > line; git add -A; git commit -qm seen; " + ADVANCE
    stage.run(text)
    branch = next(line for line in stage.told if line.startswith("claimed")).split()[1]
    show = ["git", "-C", str(stage.workspaces.repository), "show"]
    given = subprocess.run([*show, f"ainarres/{branch}:given"], capture_output=True, text=True, check=True).stdout
    assert '"goal": "keep it"' in given
    assert stage.token not in given
    line = subprocess.run([*show, f"ainarres/{branch}:line"], capture_output=True, text=True, check=True).stdout
    assert "keep it" not in line
    assert stage.token not in line


def test_a_harness_that_ends_while_holding_is_released_until_the_task_asks_for_more(stage: Stage) -> None:
    stage.scene.implementable()
    assert stage.run("exit 3") is Ending.DRAINED
    released = stage.events(TaskReleased)
    assert [one.cause for one in released] == ["task", "task"]
    assert "status 3" in released[0].reason
    assert [one.to_tier for one in stage.events(TaskEscalated)] == [2]


def test_a_provider_that_fails_burns_no_attempt(stage: Stage) -> None:
    task = stage.scene.implementable()
    stage.run(f"test -e ../../tried && {{ {ADVANCE}; exit; }}; touch ../../tried; exit 75")
    assert [one.cause for one in stage.events(TaskReleased)] == ["infra"]
    assert stage_of(stage.scene, task)["stage"] == "reviewing"


def test_a_refused_verdict_is_released_with_the_refusal(stage: Stage) -> None:
    stage.scene.implementable()
    stage.run("""echo '{"verb": "advance", "to": "nowhere"}'""")
    assert "illegal_transition" in stage.events(TaskReleased)[0].reason
    stage.scene.implementable()
    stage.run("""echo '{"verb": "reject"}'""")
    assert "reason" in stage.events(TaskReleased)[-1].reason


def test_a_harness_that_hangs_is_ended_at_its_limit(stage: Stage, alive: Callable[[int], bool]) -> None:
    stage.scene.implementable()
    stage.run(f"test -e ../../once && exit 0; touch ../../once; {HANG}", limits=Limits(attempt=0.5, grace=0.2))
    assert "did not end within 0.5 s" in stage.events(TaskReleased)[0].reason


def test_a_program_that_does_not_start_is_bad_input_and_gives_the_task_back(stage: Stage) -> None:
    task = stage.scene.implementable()
    with pytest.raises(InvalidInput, match="does not start"):
        agent.run(stage.connect, adapter=Script(["/no/such"]), workspaces=stage.workspaces, tell=stage.told.append)
    assert stage_of(stage.scene, task)["holder"] is None
    assert [one.cause for one in stage.events(TaskReleased)] == ["infra"]


def test_a_lost_lease_ends_the_harness(database: Database, workspaces: Workspaces, until: Wait) -> None:
    scene = Scene(database, workflow=WORKFLOW.replace('lease = "60s"', 'lease = "1s"'))
    stage = Stage(scene, workspaces)
    task = scene.implementable()
    working = stage.start(HANG)
    try:
        until(lambda: stage.pid() is not None)
        scene.ok(scene.human, c.Block(task=task, reason="stop that"))
        until(lambda: stage.pid() is None)
    finally:
        working.terminate()
        assert working.wait() == Ending.TERMINATED.value
    assert stage.events(TaskReleased) == [], "it was not the agent's to release any more"
    scene.close()


def test_the_heartbeat_outlasts_the_lease(database: Database, workspaces: Workspaces) -> None:
    scene = Scene(database, workflow=WORKFLOW.replace('lease = "60s"', 'lease = "1s"'))
    task = scene.implementable()
    stage = Stage(scene, workspaces)
    stage.run("sleep 2.5; " + ADVANCE)
    assert stage_of(scene, task)["stage"] == "reviewing"
    assert stage.events(LeaseExpired) == []
    scene.close()


def test_a_terminated_agent_ends_its_harness_and_gives_the_task_back(
    stage: Stage, until: Wait, alive: Callable[[int], bool]
) -> None:
    task = stage.scene.implementable()
    working = stage.start(HANG)
    until(lambda: stage.pid() is not None)
    pid = stage.pid()
    assert pid is not None
    working.send_signal(signal.SIGTERM)
    assert working.wait() == 143
    assert not alive(pid)
    assert stage_of(stage.scene, task)["holder"] is None
    assert [one.cause for one in stage.events(TaskReleased)] == ["infra"]


def test_a_killed_agents_task_is_recovered_by_anothers_claim(
    stage: Stage, until: Wait, clock: Clock, alive: Callable[[int], bool]
) -> None:
    task = stage.scene.implementable()
    working = stage.start(HANG)
    until(lambda: stage.pid() is not None)
    pid = stage.pid()
    assert pid is not None
    working.kill()
    working.wait()
    other = stage.scene.agent(CHEAP, "other")
    assert other.execute(c.Next()).code == "empty", "the lease still stands"
    clock.advance(61)
    stage.token = stage.scene.token(CHEAP, "third")
    assert stage.run(ADVANCE) is Ending.DRAINED
    assert stage_of(stage.scene, task)["stage"] == "reviewing"
    assert [one.attempts for one in stage.events(LeaseExpired)] == [1]
    assert not alive(pid), "the harness that outlived its agent was ended with its workspace"


def test_drained_stalled_refused_and_unreachable_are_told_apart(stage: Stage) -> None:
    assert stage.run("exit 0", outlook=stage.remaining) is Ending.DRAINED
    stage.scene.task("for somebody else")
    assert stage.run("exit 0", outlook=stage.remaining, limits=Limits(stalled=0)) is Ending.STALLED

    def unreachable() -> Any:
        raise LedgerUnavailable("nobody answers")

    nobody = agent.run(
        unreachable, adapter=Script(["x"]), workspaces=stage.workspaces, limits=Limits(outage=0), tell=stage.told.append
    )
    assert nobody is Ending.UNREACHABLE
    stage.token = "ain_nonsense"
    assert stage.run("exit 0") is Ending.REFUSED
    assert len({ending.value for ending in Ending}) == len(Ending)


def test_measured_tokens_are_charged_to_the_move_and_else_to_the_agent(stage: Stage) -> None:
    meter = Meter(stage.scene.url, stage.scene.token(None, "meter", scope="meter"))
    stage.scene.implementable()
    said = '"usage": {"input_tokens": 7, "output_tokens": 2}'
    stage.run(f"""echo '{{"verb": "advance", {said}}}'""", meter=meter)
    stage.scene.implementable()
    stage.run(f"""test -e ../../once || echo '{{{said}}}'; touch ../../once; exit 3""", meter=meter)
    reported = stage.events(UsageReported)
    assert [(one.input_tokens, one.cache_read_tokens) for one in reported] == [(7, None), (7, None)]
    assert reported[0].transition is not None
    assert reported[1].transition is None
    assert not [line for line in stage.told if "not reported" in line]


def test_an_unknown_lane_is_bad_input(stage: Stage) -> None:
    with pytest.raises(InvalidInput, match="lane"):
        stage.run("exit 0", lanes=["web/nowhere"])


def test_an_agent_may_be_issued_its_token_narrowed_to_roles(stage: Stage, tmp_path: Path) -> None:
    from ainarres.swarm.process import _issue  # noqa: PLC0415 - asked for by this test alone

    token = _issue(stage.scene.url, "grok+grok-build", ["implementer"])
    assert stage.scene.session(token).execute(c.Next()).code == "empty"
    with pytest.raises(InvalidInput, match="not granted role:integrator"):
        _issue(stage.scene.url, "grok+grok-build", ["integrator"])
