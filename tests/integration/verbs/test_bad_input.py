"""Hostile and clumsy input: kept to the letter or refused by the name of its field, and never executed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError
from tests.integration.verbs.crowd import count, events
from tests.scene import CHEAP, DESIGNER, FAMILIES, PROJECT

from ainarres.domain import commands as c
from ainarres.domain.events import Artifact

if TYPE_CHECKING:
    from tests.scene import Scene

ODD = {
    "long": "x" * 65_536,
    "right to left": "\u202eevil\u202c שלום",
    "html": "<script>alert('x')</script>&amp;",
    "sql": "'; DROP TABLE ledger.event; --",
    "placeholders": "%s %(task)s {0} $1 \\",
    "control": "a\x01\x1b[31m\x7f\r\n\t",
    "astral": "😀🏳️\u200d🌈\U0010ffff",
    "combining": "e\u0301" * 300,
    "quote": '"}], "injected": [{"',
}


def bodies(scene: Scene) -> list[dict[str, Any]]:
    return [event.body for event in events(scene.human.connection)]


@pytest.mark.parametrize("kind", ODD)
def test_odd_text_is_kept_to_the_letter_everywhere(scene: Scene, kind: str) -> None:
    text, key = ODD[kind], ODD[kind][:200]
    artifact = Artifact(type=key, ref=text, digest=key, base=key)
    task = scene.task(text, payload={key: [text, {key: text}]}, template=key, skills=(key,))
    agent = scene.agent(DESIGNER, key)
    scene.ok(agent, c.Claim(task=task))
    scene.ok(agent, c.Progress(task=task, note=text, artifacts=(artifact,)))
    scene.ok(agent, c.Note(task=task, text=text))
    scene.ok(agent, c.Release(task=task, reason=text))
    scene.ok(scene.human, c.Block(task=task, reason=text))
    scene.ok(scene.human, c.Unblock(task=task, reason=text))
    scene.ok(scene.human, c.Waive(task=task, reason=text))
    scene.ok(scene.human, c.Amend(task=task, title=text + "!" if len(text) < 9999 else "short", payload={key: text}))
    scene.ok(scene.human, c.PauseLane(lane="dev", reason=text))
    scene.ok(scene.human, c.ResumeLane(lane="dev", reason=text))
    scene.ok(scene.human, c.RevokeCapability(family=CHEAP, feature="tier:2", reason=text))
    cancelled = scene.ok(scene.human, c.Cancel(task=task, reason=text))
    assert cancelled.task is not None
    assert cancelled.task["payload"] == {key: text}
    created = events(scene.human.connection, "TaskCreated")[0].body
    assert (created["title"], created["payload"]) == (text, {key: [text, {key: text}]})
    told = [body.get("reason", body.get("note", body.get("text"))) for body in bodies(scene)]
    assert told.count(text) == 10
    assert cancelled.to_json()["ok"]
    for verb in (c.Claim(lane=key), c.Claim(task=key), c.PauseLane(lane=key, reason=text)):
        assert scene.agent(DESIGNER).execute(verb).code in ("not_found", "not_eligible")
    assert scene.human.execute(c.Create(lane=key, title=text)).code == "not_found"


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "x\udfff", "x" * 65_537, "", " \n"])
def test_text_that_cannot_be_kept_is_refused_by_field(text: str) -> None:
    for field, make in (
        ("title", lambda: c.Create(lane="dev", title=text)),
        ("note", lambda: c.Progress(task="x", note=text)),
        ("reason", lambda: c.Reject(task="x", reason=text)),
        ("text", lambda: c.Note(task="x", text=text)),
        ("lane", lambda: c.Create(lane=text, title="t")),
        ("agent", lambda: c.IssueToken(agent=text)),
    ):
        with pytest.raises(ValidationError) as caught:
            make()
        assert [error["loc"] for error in caught.value.errors()] == [(field,)]


def nested(depth: int) -> dict[str, Any]:
    value: Any = {}
    for _ in range(depth):
        value = {"a": [value]}
    return {"a": value}


UNKEEPABLE: dict[str, tuple[Any, str]] = {
    "beyond": ({"n": [1, 2**53]}, "payload.n[1]"),
    "far beyond": ({"n": -(10**400)}, "payload.n"),
    "nan": ({"n": {"x": float("nan")}}, "payload.n.x"),
    "infinite": ({"n": float("-inf")}, "payload.n"),
    "nul": ({"t": "a\x00b"}, "payload.t"),
    "nul in a key": ({"a\x00": 1}, "payload"),
    "surrogate": ({"t": ["\ud800"]}, "payload.t[0]"),
    "surrogate in a key": ({"\ud800": 1}, "payload"),
    "deep": (nested(40), "payload.a"),
    "very deep": (nested(5000), "payload.a"),
    "no json": ({"t": {1, 2}}, "payload.t"),
    "bytes": ({"t": b"x"}, "payload.t"),
}


@pytest.mark.parametrize("keyed", [True, False])
def test_a_payload_that_cannot_be_kept_is_refused_by_path(scene: Scene, keyed: bool) -> None:
    task, before = scene.task(), count(scene.human.connection)
    for name, (payload, field) in UNKEEPABLE.items():
        planned = (c.Planned(key="a", title="a"), c.Planned(key="b", title="b", payload=payload))
        verbs: list[tuple[c.Command, str]] = [
            (c.Create(lane="dev", title="t", payload=payload), field),
            (c.Amend(task=task, payload=payload), field),
            (c.CreateGraph(lane="dev", tasks=planned), f"tasks[1].{field}"),
        ]
        for verb, place in verbs:
            refused = scene.human.execute(verb, uuid4() if keyed else None)
            assert refused.code == "invalid", (name, refused)
            assert refused.extra["field"].startswith(place), (name, refused.extra)
            assert refused.reason is not None
            assert refused.reason.startswith(refused.extra["field"])
            refused.to_json()
    assert count(scene.human.connection) == before


def test_an_artifact_that_cannot_be_kept_is_refused_by_path(scene: Scene) -> None:
    agent, task = scene.agent(DESIGNER), scene.task()
    scene.ok(agent, c.Claim(task=task))
    for key in (None, uuid4()):
        refused = agent.execute(c.Advance(task=task, artifacts=(Artifact(type="file", ref="a\x00b"),)), key)
        assert (refused.code, refused.extra["field"]) == ("invalid", "artifacts[0].ref")
    scene.ok(agent, c.Advance(task=task))


def test_numbers_come_back_as_they_were(scene: Scene) -> None:
    numbers = [0, -0.0, 1, 1.0, -1, 2**53 - 1, -(2**53) + 1, 0.1, 1e-7, 1e22, 5e-324, 1.7976931348623157e308, 1 / 3]
    key = uuid4()
    command = c.Create(lane="dev", title="t", payload={"n": numbers, "deep": nested(28)})
    created = scene.ok(scene.human, command, key)
    again = scene.human.execute(command, key)
    assert created.task is not None
    assert again.task is not None
    assert created.task["payload"] == again.task["payload"] == {"n": numbers, "deep": nested(28)}
    assert created.to_json()["task"] == again.to_json()["task"]
    agent = scene.agent(DESIGNER)
    claimed = scene.ok(agent, c.Claim())
    assert claimed.task is not None
    assert [float(n) for n in claimed.task["payload"]["n"]] == numbers  # great doubles come as digits from the board


def test_a_huge_payload_is_kept(scene: Scene) -> None:
    payload = {f"file {n}": "x" * 1000 for n in range(4000)}
    task = scene.task("huge", payload=payload)
    claimed = scene.ok(scene.agent(DESIGNER), c.Next()).task
    assert claimed is not None
    assert (claimed["id"], claimed["payload"]) == (task, payload)


def test_ids_may_be_short_while_they_are_plain(scene: Scene) -> None:
    tasks = [scene.task(f"{n}") for n in range(2)]
    human = scene.human
    for typed in (
        tasks[0],
        tasks[0].upper(),
        UUID(tasks[0]).hex,
        f"task-{tasks[0]}",
        f"…{tasks[0][-8:]}",
        tasks[0][-12:],
    ):
        assert scene.id(scene.ok(human, c.Note(task=typed, text="n"))) == tasks[0]
    both = tasks[0][:8]
    assert tasks[1].startswith(both)
    ambiguous = human.execute(c.Note(task=both, text="n"))
    assert (ambiguous.code, ambiguous.extra["field"]) == ("invalid", "task")
    for typed in ("abc", "%%%%", "____", "zzzz", "0" * 33, "\\", "'", "....", str(uuid4()), "-" * 36, "\u0660" * 32):
        unknown = human.execute(c.Note(task=typed, text="n"))
        assert (unknown.code, unknown.extra["field"]) == ("not_found", "task"), typed


def test_a_lane_s_short_name_must_be_plain(scene: Scene) -> None:
    scene.task()
    for wrong in ("%", "d_v", "de%", "web/%", "_/dev", "dev\\", "/dev", "web", "web/", "DEV"):
        assert scene.human.execute(c.Create(lane=wrong, title="t")).code == "not_found", wrong
    scene.ok(scene.human, c.AdoptProject(text=PROJECT.replace('"web"', '"app"'), source="p"))
    families = FAMILIES.replace('"lane:web/dev", "role:designer"', '"lane:web/dev", "lane:app/dev", "role:designer"')
    scene.ok(scene.human, c.AdoptFamilies(text=families, source="f"))
    refused = scene.human.execute(c.Create(lane="dev", title="t"))
    assert (refused.code, refused.extra["field"]) == ("invalid", "lane")
    assert refused.reason is not None
    assert "app/dev, web/dev" in refused.reason
    other = scene.id(scene.ok(scene.human, c.Create(lane="app/dev", title="t")))
    assert scene.id(scene.ok(scene.agent(DESIGNER), c.Claim(lane="app/dev"))) == other
    assert scene.agent(CHEAP).execute(c.Claim(lane="dev")).code == "invalid"


def test_a_wild_number_in_place_of_a_version_or_fence_only_misses(scene: Scene) -> None:
    agent, task = scene.agent(DESIGNER), scene.task()
    scene.ok(agent, c.Claim(task=task))
    for wild in (0, 2**53, 10**30):
        assert agent.execute(c.Advance(task=task, fence=wild)).code == "lease_lost"
        assert agent.execute(c.Advance(task=task, expect_version=wild)).code == "conflict"
    meter = scene.session(scene.token(None, scope="meter"))
    assert meter.execute(c.Usage(agent="a", transition=10**30)).code == "not_found"
