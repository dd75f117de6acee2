"""Scored routing against a real ledger: the claim, `next` and `why` follow the pure order, alone and in a crowd."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from tests.integration.verbs.crowd import at_once, events
from tests.integration.verbs.test_races import LOCKED, holding, quickly
from tests.scene import CHEAP, DESIGNER, FAMILIES, PROJECT, REVIEWER, WORKFLOW

from ainarres.domain import commands as c
from ainarres.projections.intervals import wilson

if TYPE_CHECKING:
    from tests.database import Database
    from tests.scene import Scene

    from ainarres.verbs.envelope import Envelope
    from ainarres.verbs.session import Session

SCORED = PROJECT + 'routing = "scored"\n'
SKILLED = FAMILIES.replace("cost_class = 3\n", 'cost_class = 3\nskills = ["python", "sql"]\n')


def scored(scene: Scene, project: str = SCORED) -> Scene:
    scene.ok(scene.human, c.AdoptProject(text=project, source="p"))
    scene.ok(scene.human, c.AdoptFamilies(text=SKILLED, source="f"))
    return scene


def score_of(envelope: Envelope) -> Any:
    assert envelope.event is not None
    return envelope.event["body"]["score"]


def test_what_suits_comes_first_and_the_parts_are_recorded(scene: Scene) -> None:
    scored(scene)
    scene.task("urgent", priority=5)
    fits = scene.task("fits", priority=2, skills=("sql", "python", "css"))
    agent = scene.agent(DESIGNER)
    claimed = scene.ok(agent, c.Claim())
    assert scene.id(claimed) == fits
    assert score_of(claimed) == {"skills": 6, "priority": 2, "project": 0, "reputation": 0, "total": 8}
    scene.ok(agent, c.Done())
    again = scene.ok(agent, c.Next())
    assert score_of(again) == {"skills": 0, "priority": 5, "project": 2, "reputation": 0, "total": 7}


def test_a_named_claim_and_a_plain_lane_record_no_score(scene: Scene) -> None:
    task = scene.task(skills=("sql",))
    assert score_of(scene.ok(scene.agent(DESIGNER), c.Claim())) is None
    scored(scene)
    task = scene.task(skills=("sql",))
    assert score_of(scene.ok(scene.agent(DESIGNER), c.Claim(task=task))) is None


def test_a_narrowed_skill_counts_no_more(scene: Scene) -> None:
    scored(scene)
    scene.task("fits", priority=2, skills=("sql", "python"))
    urgent = scene.task("urgent", priority=3)
    narrowing = ("lane:web/dev", "role:designer")
    agent = scene.session(scene.token(DESIGNER, narrowing=narrowing))
    assert scene.id(scene.ok(agent, c.Claim())) == urgent


def test_a_reputation_is_the_lower_bound_of_what_passed_first(scene: Scene) -> None:
    scored(scene)
    reviewer, cheap = scene.agent(REVIEWER), scene.agent(CHEAP)
    for number in range(4):
        task = scene.implementable(f"{number}")
        scene.ok(cheap, c.Claim(task=task))
        scene.ok(cheap, c.Advance(task=task))
        scene.ok(reviewer, c.Claim(task=task))
        scene.ok(reviewer, c.Reject(task=task, reason="no") if number == 0 else c.Advance(task=task))
    low = wilson(3, 4)
    assert low is not None
    claimed = scene.ok(cheap, c.Claim())
    assert score_of(claimed)["reputation"] == round(low[0], 4)


def test_claim_why_and_the_sorted_board_agree(scene: Scene) -> None:
    scored(scene)
    chance = random.Random(7)
    board: dict[str, tuple[int, int, set[str]]] = {}
    for age in range(80):
        priority, skills = (
            chance.randint(1, 5),
            set(chance.sample(("python", "sql", "css", "go"), chance.randint(0, 3))),
        )
        board[scene.task(f"{age}", priority=priority, skills=tuple(sorted(skills)))] = (priority, age, skills)
    agent, last = scene.agent(DESIGNER), False
    for _ in range(24):
        first = sorted(board, key=lambda task: (-board[task][0], board[task][1]))[:64]

        def total(task: str, *, last: bool = last) -> int:
            priority, _, skills = board[task]
            return 3 * len(skills & {"python", "sql"}) + priority + 2 * last

        expected = min(first, key=lambda task: (-total(task), -board[task][0], board[task][1]))
        told = scene.ok(agent, c.Why(task=expected))
        assert told.extra["score"]["place"] == 1
        assert told.extra["score"]["of"] == len(first)
        assert "place 1 of" in (told.reason or "")
        claimed = scene.ok(agent, c.Next())
        assert scene.id(claimed) == expected
        assert score_of(claimed)["total"] == total(expected) == told.extra["score"]["total"]
        scene.ok(agent, c.Done())
        del board[expected]
        last = True


def test_ten_agents_and_four_tasks_make_four_winners(scene: Scene) -> None:
    scored(scene)
    posted = {scene.task(f"{n}", priority=1 + n, skills=("sql",) * (n % 2)) for n in range(4)}
    answers = at_once([scene.agent(DESIGNER) for _ in range(10)], c.Claim())
    won = [scene.id(answer) for answer in answers if answer.code == "ok"]
    assert sorted(won) == sorted(posted)
    assert [answer.code for answer in answers].count("empty") == 6
    assert len(events(scene.human.connection, "TaskClaimed")) == 4


def test_a_crowd_that_locks_all_that_was_scored_leaves_what_is_behind_it(scene: Scene, database: Database) -> None:
    scored(scene)
    planned = tuple(c.Planned(key=f"{n}", title=f"{n}", priority=5) for n in range(64))
    tasks = list(scene.ok(scene.human, c.CreateGraph(lane="dev", tasks=planned)).extra["tasks"].values())
    last = scene.task("the last", priority=1)
    agent, other = scene.agent(DESIGNER), scene.agent(DESIGNER)
    with holding(database, "SELECT FROM projection.board WHERE task = ANY (%s::uuid[]) FOR UPDATE", [tasks]):
        claimed = quickly(agent, c.Claim())
        assert (scene.id(claimed), score_of(claimed)) == (last, None)
        assert quickly(other, c.Claim()).code == "empty"


def test_a_scored_claim_passes_by_a_locked_row(scene: Scene, database: Database) -> None:
    scored(scene)
    best, next_best = scene.task("best", skills=("sql", "python")), scene.task("next best", skills=("sql",))
    scene.task("urgent", priority=5)
    agent = scene.agent(DESIGNER)
    with holding(database, LOCKED, [best]):
        assert scene.id(quickly(agent, c.Claim())) == next_best


TWO = """
key = "web"
[[lane]]
key = "dev"
workflow = "dev"
routing = "scored"
[[lane]]
key = "ops"
workflow = "dev"
"""


def test_lanes_take_turns_by_priority_and_age_and_score_only_inside(scene: Scene) -> None:
    scene.ok(scene.human, c.AdoptProject(text=TWO, source="p"))
    grants = SKILLED.replace('"lane:web/dev"', '"lane:web/dev", "lane:web/ops"')
    scene.ok(scene.human, c.AdoptFamilies(text=grants, source="f"))
    plain = scene.id(scene.ok(scene.human, c.Create(lane="ops", title="plain", priority=4)))
    urgent, fits = scene.task("urgent", priority=3), scene.task("fits", priority=1, skills=("python",))
    taken = [scene.id(scene.ok(scene.agent(DESIGNER), c.Claim())) for _ in range(3)]
    assert taken == [plain, fits, urgent]


FULL = """
key = "web"
[[lane]]
key = "dev"
workflow = "dev"
{routing}
[[lane]]
key = "ops"
workflow = "dev"
[lane.wip]
proposed = 1
"""


def wide(scene: Scene, limit: int = 1) -> None:
    text = WORKFLOW.replace("initial = true", f'initial = true\nwip = {limit}\nwip_scope = "project"')
    scene.ok(scene.human, c.AdoptWorkflow(text=text, source="w"))


def test_a_full_project_leaves_open_a_lane_with_a_limit_of_its_own(scene: Scene) -> None:
    for routing in ("", 'routing = "scored"'):
        wide(scene)
        scene.ok(scene.human, c.AdoptProject(text=FULL.format(routing=routing), source="p"))
        grants = FAMILIES.replace('"lane:web/dev"', '"lane:web/dev", "lane:web/ops"')
        scene.ok(scene.human, c.AdoptFamilies(text=grants, source="f"))
        first, second = scene.task("first", priority=5), scene.task("second", priority=5)
        other = scene.id(scene.ok(scene.human, c.Create(lane="ops", title="other", priority=1)))
        one, two = scene.agent(DESIGNER), scene.agent(DESIGNER)
        assert scene.id(scene.ok(one, c.Claim())) == first
        assert scene.id(scene.ok(two, c.Claim())) == other
        assert scene.agent(DESIGNER).execute(c.Claim()).code == "empty"
        for task in (first, second, other):
            scene.ok(scene.human, c.Cancel(task=task, reason="next round"))


def test_a_full_version_leaves_open_one_that_admits_more(scene: Scene) -> None:
    wide(scene)
    old = [scene.task(f"old {n}", priority=5) for n in range(2)]
    wide(scene, 2)
    new = [scene.task(f"new {n}") for n in range(2)]
    agents: list[Session] = [scene.agent(DESIGNER) for _ in range(3)]
    assert scene.id(scene.ok(agents[0], c.Claim())) == old[0]
    assert scene.id(scene.ok(agents[1], c.Claim())) == new[0]
    assert agents[2].execute(c.Claim()).code == "empty"
