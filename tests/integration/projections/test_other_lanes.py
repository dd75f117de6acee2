"""What an agent is told of lanes that are not its own: by whichever read, in whichever form, nothing that was said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.scene import CHEAP, DESIGNER, FAMILIES, PROJECT, REVIEWER

from ainarres import stock
from ainarres.domain import commands as c
from ainarres.domain.refusal import Refusal
from ainarres.reads.ask import READS, ask

if TYPE_CHECKING:
    from tests.scene import Scene

    from ainarres.reads.asking import Answer

OURS = "the plan of the garden"
THEIRS = "the plan of the vault"
LANES = PROJECT + '[[lane]]\nkey = "vault"\nworkflow = "dev"\n[[lane]]\nkey = "desk"\nworkflow = "intake"\n'
VAULT = 'grants = ["lane:web/vault", "lane:web/dev", "role:designer"]'
AUDITOR = '[[family]]\nkey = "audit+eye"\nmaker = "none"\ncost_class = 0\ngrants = ["role:auditor"]\n'
KEEPER = f'[[family]]\nkey = "keeper+x"\nmaker = "x"\ncost_class = 1\n{VAULT}\n'


class World:
    """A lane that the agent sees beside two that it does not, tied together in every way there is."""

    def __init__(self, scene: Scene) -> None:
        ok, human = scene.ok, scene.human
        scene.cards()
        ok(human, c.AdoptWorkflow(text=stock.read("workflow", "intake"), source="intake"))
        ok(human, c.AdoptProject(text=LANES, source="p"))
        ok(human, c.AdoptFamilies(text=FAMILIES + KEEPER + AUDITOR, source="f"))
        said: dict[str, Any] = {"payload": {"key": THEIRS}}

        def post(lane: str, title: str, **more: Any) -> str:
            return scene.id(ok(human, c.Create(lane=lane, title=title, **more)))

        brief = post("desk", THEIRS, **said)
        self.before = post("vault", THEIRS, **said)
        self.task = post("dev", OURS, depends_on=(self.before,), epic=brief)
        self.after = post("vault", THEIRS, depends_on=(self.task,), epic=brief)
        keeper = scene.agent("keeper+x", "keeper")
        self.held = scene.id(ok(keeper, c.Claim(lane="vault")))
        ok(keeper, c.Progress(task=self.held, note=THEIRS))
        ok(human, c.Note(task=self.held, text=THEIRS))
        ok(human, c.Block(task=post("vault", THEIRS), reason=THEIRS))
        ok(human, c.Cancel(task=post("vault", THEIRS, epic=brief), reason=THEIRS))
        ok(human, c.Cancel(task=post("dev", OURS, epic=brief), reason=OURS))
        over = post("desk", THEIRS)
        operator = scene.session(scene.token(None, "boss", scope="operator"))
        ok(operator, c.Amend(task=self.after, priority=5, instruction=THEIRS, instructed_by="ann"))
        ok(operator, c.PauseLane(lane="vault", reason=THEIRS, instruction=THEIRS, instructed_by="ann"))
        ok(operator, c.PauseLane(lane="desk", reason=THEIRS))
        ok(scene.agent("audit+eye"), c.RaiseFlag(family=CHEAP, gap=THEIRS))
        done = post("dev", OURS, epic=over)
        for family in (DESIGNER, CHEAP, REVIEWER):
            agent = scene.agent(family)
            ok(agent, c.Claim(task=done))
            ok(agent, c.Done())
        ok(human, c.Verdict(epic=over, verdict="reject", code="below_bar", reason=THEIRS))
        self.now = str(ok(human, c.Create(lane="dev", title=OURS)).position)
        self.agent = scene.token(DESIGNER, "ada")


@pytest.fixture
def world(scene: Scene) -> World:
    return World(scene)


def fields(name: str, world: World, task: str) -> dict[str, Any]:
    """Return what a question needs before it can be asked."""
    given = {"task": task, "from": "1", "role": "designer", "family": DESIGNER, "capability": "role:designer"}
    wanted = READS[name].model.model_fields
    return {f.alias or key: given[f.alias or key] for key, f in wanted.items() if f.is_required()}


def told(answer: Answer) -> str:
    return "\n".join(answer.written(form) for form in ("json", "text", *answer.forms))


def test_nothing_said_on_another_lane_is_read(scene: Scene, world: World) -> None:
    connection, leaks = scene.human.connection, set()
    for name, one in READS.items():
        for at in ({}, {"at": world.now}) if "at" in one.model.model_fields else ({},):
            answer = ask(connection, world.agent, name, fields(name, world, world.task) | at)
            assert isinstance(answer, Refusal) == (one.scope is not None), (name, answer)
            if not isinstance(answer, Refusal) and THEIRS in told(answer):
                leaks.add(name)
    assert not leaks


def test_a_neighbour_elsewhere_is_an_id_and_whether_it_is_done(scene: Scene, world: World) -> None:
    shown = ask(scene.human.connection, world.agent, "OneTask", {"task": world.task})
    assert not isinstance(shown, Refusal)
    assert shown.document["prerequisites"] == [{"task": world.before, "met": False, "stage": None, "title": None}]
    assert shown.document["dependents"] == [{"task": world.after, "met": False, "stage": None, "title": None}]
    assert f"waits on: …{world.before[-4:]} [on another lane]" in shown.text()
    why = scene.session(world.agent).execute(c.Why(task=world.task)).to_json()
    assert [(one["task"], one["title"], one["cancelled"]) for one in why["waits_on"]] == [(world.before, None, False)]
    assert THEIRS not in str(why)
    whole = ask(scene.human.connection, None, "OneTask", {"task": world.task})
    assert not isinstance(whole, Refusal)
    assert THEIRS in told(whole)


def test_whoever_sees_all_is_told_all(scene: Scene, world: World) -> None:
    monitor = scene.token(None, scope="monitor")
    for name in ("Report", "Status", "Timeline", "Inbox", "Epics", "Flags", "Board", "Tasks", "OneTask"):
        answer = ask(scene.human.connection, monitor, name, fields(name, world, world.task))
        assert not isinstance(answer, Refusal)
        assert THEIRS in told(answer), name


def test_an_account_of_a_lane_tells_of_acts_there(scene: Scene, world: World) -> None:
    for lane, acts in (("vault", 2), ("desk", 1), ("dev", 0), (None, 3)):
        answer = ask(scene.human.connection, None, "Report", {"lane": lane})
        assert not isinstance(answer, Refusal)
        assert answer.document["operator"]["total"] == acts, lane


def test_a_task_elsewhere_is_like_none(scene: Scene, world: World) -> None:
    for name, one in READS.items():
        if "task" not in one.model.model_fields:
            continue
        for task in (world.before, world.after, world.held, world.before[-8:]):
            refused = ask(scene.human.connection, world.agent, name, fields(name, world, task) | {"task": task})
            assert isinstance(refused, Refusal), name
            assert (refused.code, task in refused.reason) == ("not_found", False)
