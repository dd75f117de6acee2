"""Definitions, rebuilds and checks while others work: nobody sees half of anything."""

from __future__ import annotations

from collections import Counter
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

from tests.integration.verbs.crowd import at_once, events, together
from tests.scene import CHEAP, DESIGNER, FAMILIES, WORKFLOW

from ainarres.domain import commands as c
from ainarres.projections import rebuild

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.scene import Scene

    from ainarres.verbs.session import Session


def test_the_same_workflow_adopted_at_once_is_one_version(scene: Scene) -> None:
    command = c.AdoptWorkflow(text=WORKFLOW.replace("60s", "90s"), source="w")
    answers = at_once([scene.session() for _ in range(6)], command)
    assert {answer.extra["version"] for answer in answers} == {2}
    assert sum(answer.extra["changed"] for answer in answers) == 1
    assert len(events(scene.human.connection, "WorkflowAdopted")) == 2


def test_two_workflows_adopted_at_once_are_two_versions(scene: Scene) -> None:
    one, two = scene.session(), scene.session()
    texts = [WORKFLOW.replace("60s", life) for life in ("90s", "95s")]
    answers = together(
        lambda: one.execute(c.AdoptWorkflow(text=texts[0], source="w")),
        lambda: two.execute(c.AdoptWorkflow(text=texts[1], source="w")),
    )
    assert sorted(answer.extra["version"] for answer in answers) == [2, 3]


def test_families_and_lanes_adopted_at_once_are_adopted_once(scene: Scene) -> None:
    more = FAMILIES.replace('"role:designer"]', '"role:designer", "tier:2"]')
    answers = at_once([scene.session() for _ in range(6)], c.AdoptFamilies(text=more, source="f"))
    assert Counter(len(answer.extra["changed"]) for answer in answers) == {0: 5, 1: 1}
    paused = at_once([scene.session() for _ in range(6)], c.Stop(reason="rest"))
    assert sum(answer.position is not None for answer in paused) == 1


def test_narrowings_at_once_only_take_away(scene: Scene) -> None:
    keys = ("lane:web/dev", "role:designer", "tier:2", "skill:a", "skill:b", "skill:c")
    skilled = FAMILIES.replace('"role:designer"]', '"role:designer"]\nskills = ["a", "b", "c"]')
    scene.ok(scene.human, c.AdoptFamilies(text=skilled, source="f"))
    for _ in range(5):
        credential = scene.ok(scene.human, c.IssueToken(family=DESIGNER)).extra["credential"]
        sessions = [scene.session() for _ in keys]
        verbs = [c.NarrowToken(credential=credential, narrowing=tuple(k for k in keys if k != key)) for key in keys]
        together(*(partial(session.execute, verb) for session, verb in zip(sessions, verbs, strict=True)))
        row = scene.human.connection.execute(
            "SELECT narrowing FROM projection.credential WHERE id = %s", [credential]
        ).fetchone()
        assert row == ([],)
        for session in sessions:
            session.connection.close()


def test_a_ledger_is_opened_once(scene: Scene) -> None:
    answers = at_once([scene.session() for _ in range(4)], c.OpenLedger())
    assert len({answer.extra["ledger"] for answer in answers}) == 1


def test_grants_that_come_and_go_open_and_close_claims_and_break_none(scene: Scene) -> None:
    for n in range(40):
        scene.task(f"{n}")
    agents, human, over = [scene.agent(DESIGNER) for _ in range(3)], scene.session(), Event()
    without = FAMILIES.replace('"role:designer"]', '"role:triage"]')

    def work(agent: Session) -> Counter[str]:
        said: Counter[str] = Counter()
        while not over.is_set():
            claimed = agent.execute(c.Claim())
            said[f"claim {claimed.code}"] += 1
            if claimed.code == "ok":
                moved = agent.execute(c.Advance(task=scene.id(claimed))).code
                said[f"advance {moved}"] += 1
                if moved != "ok":
                    said[agent.execute(c.Release(task=scene.id(claimed), reason="n", cause="infra")).code] += 1
        return said

    def change() -> Counter[str]:
        for _ in range(15):
            for text in (without, FAMILIES):
                assert human.execute(c.AdoptFamilies(text=text, source="f")).ok
        over.set()
        return Counter()

    said = sum(together(change, *(worker(work, agent) for agent in agents)), Counter[str]())
    assert set(said) <= {"claim ok", "claim empty", "advance ok", "advance not_eligible", "ok", "blocked"}
    assert said["claim empty"] > 0


def worker(work: Callable[[Session], Counter[str]], agent: Session) -> Callable[[], Counter[str]]:
    return lambda: work(agent)


def busy(scene: Scene, over: Event, agents: int) -> list[Callable[[], Counter[str]]]:
    """Return what agents do until ``over``: every kind of verb, none of which may fail."""

    def work(agent: Session) -> Counter[str]:
        said: Counter[str] = Counter()
        while not over.is_set():
            created = agent.execute(c.Create(lane="dev", title="t"))
            note = agent.execute(c.Note(task=scene.id(created), text="n"))
            claimed = agent.execute(c.Next())
            said.update((created.code, note.code, claimed.code))
            if claimed.task is not None:
                said[agent.execute(c.Heartbeat(task=claimed.task["id"], fence=claimed.task["fence"])).code] += 1
                said[agent.execute(c.Done(claim_next=True)).code] += 1
                said[agent.execute(c.Done()).code] += 1
        return said

    return [worker(work, scene.agent(DESIGNER)) for _ in range(agents)]


def test_a_rebuild_under_way_fails_no_verb_and_shows_nobody_half(scene: Scene) -> None:
    over = Event()
    tasks = [scene.task(f"{n}") for n in range(20)]
    reader = scene.session().connection

    def look() -> Counter[str]:
        seen: Counter[str] = Counter()
        while not over.is_set():
            row = reader.execute(
                "SELECT count(*) FROM projection.board WHERE task = ANY (%s)", [list(tasks)]
            ).fetchone()
            seen["whole" if row == (20,) else "half"] += 1
        return seen

    def rebuild_often() -> Counter[str]:
        with scene.owner() as owner:
            for _ in range(4):
                rebuild.rebuild(owner)
        over.set()
        return Counter()

    said = sum(together(rebuild_often, look, *busy(scene, over, 8)), Counter[str]())
    assert set(said) <= {"whole", "ok", "empty", "lease_lost"}, said
    assert said["ok"] > 50
    scene.check()


def test_a_check_while_agents_work_finds_no_difference(scene: Scene) -> None:
    over = Event()

    def check_often() -> Counter[str]:
        for _ in range(6):
            scene.check()
        over.set()
        return Counter()

    said = sum(together(check_often, *busy(scene, over, 6)), Counter[str]())
    assert set(said) <= {"ok", "empty", "lease_lost"}, said


def test_two_rebuilds_at_once_take_turns(scene: Scene) -> None:
    scene.implementable()

    def run() -> int:
        with scene.owner() as owner:
            return rebuild.rebuild(owner)

    one, two = together(run, run)
    assert one == two
    scene.ok(scene.agent(CHEAP), c.Claim())


def test_a_workflow_that_names_a_card_nobody_published_is_refused_with_its_line(scene: Scene) -> None:
    text = WORKFLOW.replace('lease = "60s"', 'role_card = "implementer"\nlease = "60s"')
    refused = scene.human.execute(c.AdoptWorkflow(text=text, source="dev.toml"))
    assert refused.code == "invalid"
    (problem,) = refused.extra["problems"]
    assert (problem["source"], problem["line"], problem["field"]) == ("dev.toml", 14, "stage implementing: role_card")
    assert "ainarres card adopt implementer.md" in problem["cure"]
    scene.cards()
    assert scene.ok(scene.human, c.AdoptWorkflow(text=text, source="dev.toml")).extra["changed"]
