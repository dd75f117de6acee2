"""What is somebody else's: names, lanes, and the settings of whoever keeps the database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from tests.scene import CHEAP, DESIGNER, PROJECT

from ainarres.database.connect import connect
from ainarres.domain import commands as c
from ainarres.verbs.asked import VERBS, read
from ainarres.verbs.session import Session

if TYPE_CHECKING:
    from tests.database import Database
    from tests.scene import Scene

    from ainarres.domain.context import Scope

SECRET = "the plan of the vault"


@pytest.fixture
def hidden(scene: Scene) -> str:
    """Return a task of a lane that no family of the scene is granted."""
    lanes = PROJECT + '[[lane]]\nkey = "vault"\nworkflow = "dev"\n'
    scene.ok(scene.human, c.AdoptProject(text=lanes, source="project.toml"))
    return scene.id(scene.ok(scene.human, c.Create(lane="vault", title=SECRET, payload={"key": "4711"})))


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_a_key_works_once_whatever_isolation_the_database_prefers(scene: Scene, level: str) -> None:
    token = scene.token(DESIGNER)
    connections = [connect(scene.url) for _ in range(4)]
    try:
        for one in connections:  # as behind a pooler, which keeps our settings out
            one.execute(f"SET default_transaction_isolation = '{level}'".encode())
        sessions = [Session(one, token) for one in connections]
        assert connections[0].execute("SHOW default_transaction_isolation").fetchone() == (level,)
        with ThreadPoolExecutor(4) as pool:
            for round_ in range(8):
                key, command = uuid4(), c.Create(lane="dev", title=f"round {round_}")
                answers = list(pool.map(lambda one, k=key, do=command: one.execute(do, k), sessions))
                assert sum("replayed" not in one.extra for one in answers) == 1
    finally:
        for one in connections:
            one.close()


def test_texts_are_utf_8_whatever_the_client_s_encoding(database: Database, scene: Scene) -> None:
    with connect(f"{database.url} client_encoding=latin1") as connection:
        made = Session(connection).execute(c.Create(lane="dev", title="Café 大 \\ '"))
        kept = connection.execute("SELECT title FROM projection.board WHERE task = %s", (scene.id(made),)).fetchone()
    assert kept == ("Café 大 \\ '",)


def test_a_person_s_name_is_not_issued_to_an_agent(scene: Scene) -> None:
    person = scene.ok(scene.human, c.IssueToken(scope="human", agent="ann", family=CHEAP))
    operator = scene.session(scene.token(None, "op", scope="operator"))
    twin = operator.execute(c.IssueToken(family=CHEAP, agent="ann"))
    assert twin.code == "invalid"
    assert "already, scope human" in (twin.reason or "")
    assert operator.execute(c.RevokeToken(credential=person.extra["credential"], reason="r")).code == "not_eligible"


@pytest.mark.parametrize("name", ["human:local", "Human:ann", " human:local", "hu\u200bman:local", "\u202ehuman:ann"])
def test_names_that_look_like_another_s_are_refused(scene: Scene, name: str) -> None:
    refused = scene.human.execute(c.IssueToken(family=CHEAP, agent=name))
    assert (refused.code, refused.extra["field"]) == ("invalid", "agent")


def test_why_tells_of_the_caller_s_lanes_only(scene: Scene, hidden: str) -> None:
    for session in (scene.agent(CHEAP), scene.session(scene.token(DESIGNER, scope="meter"))):
        for typed in (hidden, hidden[-8:]):
            told = session.execute(c.Why(task=typed))
            assert (told.code, told.task) == ("not_found", None)
            assert SECRET not in (told.reason or "")
    assert scene.ok(scene.session(scene.token(None, scope="monitor")), c.Why(task=hidden)).task


def test_nobody_builds_on_a_lane_that_is_not_theirs(scene: Scene, hidden: str) -> None:
    agent, operator = scene.agent(DESIGNER), scene.session(scene.token(None, scope="operator"))
    foreign, none = (agent.execute(c.Create(lane="dev", title="t", epic=one)) for one in (hidden, str(uuid4())))
    assert (foreign.code, none.code) == ("not_found", "not_found")
    foreign, none = (
        agent.execute(c.Create(lane="dev", title="t", depends_on=(one,))) for one in (hidden, str(uuid4()))
    )
    assert (foreign.code, none.code) == ("invalid", "invalid")
    assert scene.ok(operator, c.Create(lane="dev", title="t", depends_on=(hidden,))).task


FENCED = sorted(name for name, verb in VERBS.items() if "fence" in verb.model_fields)
OPERATORS = ("block", "release")  # theirs on any task, whatever its fence
NEEDED = {"reason": "because", "note": "so far"}


def fenced(name: str, task: str, fence: int | None) -> c.Command:
    """Build the verb of that name with a fence and what it cannot do without."""
    verb = VERBS[name]
    given = {field: NEEDED[field] for field, of in verb.model_fields.items() if of.is_required() and field in NEEDED}
    return read(verb, {"task": task, "fence": fence, **given})


@pytest.mark.parametrize("name", FENCED)
def test_a_fence_opens_nothing_for_who_does_not_hold(scene: Scene, name: str) -> None:
    task, holder = scene.task(), scene.agent(DESIGNER, "ada")
    fence = scene.ok(holder, c.Claim()).to_json()["task"]["fence"]
    scopes: tuple[Scope, ...] = ("meter", "monitor", *(("operator", "human") if name not in OPERATORS else ()))
    others = [scene.agent(DESIGNER, "bob"), scene.agent(CHEAP)]
    others += [scene.session(scene.token(DESIGNER, "ada", scope=scope)) for scope in scopes]
    for session in others:
        with_it, without = (session.execute(fenced(name, task, one)) for one in (fence, None))
        assert (with_it.code, with_it.reason) == (without.code, without.reason)
        assert with_it.code in ("lease_lost", "not_eligible")
    assert scene.ok(holder, c.Heartbeat(task=task, fence=fence)).task


@pytest.mark.parametrize("name", FENCED)
def test_the_fence_of_another_hold_opens_nothing_for_the_holder(scene: Scene, name: str) -> None:
    task, holder = scene.task(), scene.agent(DESIGNER, "ada")
    old = scene.ok(holder, c.Claim()).to_json()["task"]["fence"]
    scene.ok(holder, c.Release(task=task, reason="n", cause="infra"))
    scene.ok(holder, c.Claim())
    lost = holder.execute(fenced(name, task, old))
    assert (lost.code, scene.ok(holder, c.Heartbeat(task=task)).code) == ("lease_lost", "ok")


def test_a_repeat_tells_nothing_of_a_lane_that_was_taken_away(scene: Scene) -> None:
    issued = scene.ok(scene.human, c.IssueToken(family=DESIGNER, agent="ada")).extra
    agent = scene.session(issued["token"])
    task = scene.task(SECRET, payload={"key": SECRET})
    graph = c.CreateGraph(lane="dev", tasks=(c.Planned(key="a", title=SECRET),))
    commands = {
        uuid4(): command
        for command in (
            c.Create(lane="dev", title=SECRET),
            graph,
            c.Next(task=task),
            c.Progress(task=task, note=SECRET),
            c.Note(task=task, text=SECRET),
            c.Done(task=task, note=SECRET),
        )
    }
    first = {key: scene.ok(agent, command, key) for key, command in commands.items()}
    narrow = c.NarrowToken(credential=issued["credential"], narrowing=("role:designer",))
    again = scene.ok(agent, narrow, key := uuid4())
    for one, command in commands.items():
        repeated = agent.execute(command, one)
        assert (repeated.code, repeated.position, repeated.extra["replayed"]) == ("ok", first[one].position, True)
        assert (repeated.task, repeated.event, SECRET in str(repeated.to_json())) == (None, None, False)
        assert "lane" in (repeated.reason or "")
    assert agent.execute(narrow, key).event == again.event
    assert scene.human.execute(c.Create(lane="dev", title=SECRET), next(iter(commands))).task


def test_who_counts_tokens_is_not_shown_the_work(scene: Scene) -> None:
    task, agent = scene.task(SECRET, payload={"key": SECRET}), scene.agent(DESIGNER, "ada")
    scene.ok(agent, c.Claim(task=task))
    moved = scene.ok(agent, c.Done()).position
    spent = c.Usage(agent="ada", transition=moved, model="m", input_tokens=1, output_tokens=1)
    meter, key = scene.session(scene.token(None, scope="meter")), uuid4()
    first, again = (scene.ok(meter, spent, key).to_json() for _ in range(2))
    assert SECRET not in str(first)
    assert (first["task"], first["event"]["type"]) == (None, "UsageReported")
    assert again == first | {"replayed": True}


def test_usage_is_booked_on_the_agent_s_own_family(scene: Scene) -> None:
    meter = scene.session(scene.token(None, scope="meter"))
    scene.agent(CHEAP, "ada")
    for agent, family in (("ada", DESIGNER), ("nobody", "no+such")):
        spent = c.Usage(agent=agent, family=family, model="m", input_tokens=1, output_tokens=1)
        assert meter.execute(spent).code == "not_found"
    scene.ok(meter, c.Usage(agent="ada", family=CHEAP, model="m", input_tokens=1, output_tokens=1))


def test_a_bell_that_breaks_hides_no_success(scene: Scene) -> None:
    agent = scene.agent(DESIGNER)
    with scene.owner() as owner:
        owner.execute("CREATE FUNCTION public.pg_notify(text, text) RETURNS void LANGUAGE sql AS 'SELECT 1/0'")
        agent.connection.execute("SET search_path = public, pg_catalog")
        made = agent.execute(c.Create(lane="dev", title="t"))
        assert made.code == "ok"
        assert agent.execute(c.Claim()).code == "ok"
        owner.execute("DROP FUNCTION public.pg_notify(text, text)")
