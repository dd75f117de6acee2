"""Verbs over HTTP: the envelope, its status, and what travels in headers."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from tests.scene import CHEAP, DESIGNER, FRONTIER, REVIEWER

from ainarres.verbs import asked

if TYPE_CHECKING:
    from tests.api.served import Served
    from tests.scene import Scene

KEYS = ["ok", "code", "reason", "task", "event", "next", "position"]


def test_a_task_goes_through_the_whole_workflow(scene: Scene, served: Served) -> None:
    poster = served.client(scene.token(None, "boss", scope="operator"))
    task = poster.ok("create", lane="web/dev", title="Ein Ü for the parser")["task"]["id"]
    for family in (DESIGNER, CHEAP, REVIEWER):
        agent = served.client(scene.token(family))
        got = agent.ok("next", lane="dev")
        assert list(got)[:7] == KEYS
        assert got["task"]["id"] == task
        fence = got["task"]["fence"]
        agent.ok("progress", task=task, note="half way", fence=fence)
        agent.ok("heartbeat", task=task, fence=fence)
        done = agent.ok("done", task=task, fence=fence, artifacts=[{"type": "commit", "ref": "f00", "digest": "f00"}])
    assert done["task"]["terminal"]
    history = poster.get(f"/v1/tasks/{task}/history").document["events"]
    assert [one["type"] for one in history][::3] == ["TaskCreated", "TaskAdvanced", "TaskAdvanced", "TaskAdvanced"]


def test_without_a_token_nobody_speaks(served: Served) -> None:
    for verb in asked.VERBS:
        reply = served.client().say(verb, lane="web/dev", title="x")
        assert (reply.status, reply.document["code"]) == (401, "unauthenticated")
        assert reply.headers["www-authenticate"] == "Bearer"
    for path in ("board", "tasks", "report", "families", "agents", "events", "feed", "whoami", "cards/x", "tasks/x"):
        reply = served.client().get(f"/v1/{path}")
        assert (reply.status, reply.headers["content-type"]) == (401, "application/problem+json")


def test_a_repeat_with_the_same_key_appends_once(scene: Scene, served: Served) -> None:
    boss, key = served.client(scene.token(None, "boss", scope="operator")), str(uuid.uuid4())
    first, again = (boss.say("create", key, lane="web/dev", title="one").document for _ in range(2))
    assert again["replayed"]
    assert again["task"] == first["task"]
    other = boss.say("create", key, lane="web/dev", title="another")
    assert (other.status, other.document["code"]) == (422, "key_reused")
    assert boss.say("create", "not-a-uuid", lane="web/dev", title="x").status == 400
    assert len(boss.get("/v1/tasks").document["tasks"]) == 1


def test_the_status_follows_the_code(scene: Scene, served: Served) -> None:
    task, boss = scene.task(), served.client(scene.token(None, "boss", scope="operator"))
    cheap = served.client(scene.token(CHEAP))
    assert cheap.say("claim", task=task).status == 403
    assert cheap.say("claim", task="ffff").status == 404
    assert cheap.say("advance", task=task).document["code"] == "lease_lost"
    assert cheap.say("nonsense").document["code"] == "not_found"
    wrong = boss.say("create", lane="web/dev", title="x", priority=9)
    assert (wrong.status, wrong.document["field"]) == (422, "priority")
    assert cheap.say("claim", lane="web/dev").document["code"] == "empty"


def test_the_version_travels_as_an_etag(scene: Scene, served: Served) -> None:
    task, boss = scene.task(), served.client(scene.token(None, "boss", scope="operator"))
    shown = boss.get(f"/v1/tasks/{task}")
    tag = shown.headers["etag"]
    assert boss.get(f"/v1/tasks/{task}", If_None_Match=tag).status == 304

    def amend(tag: str) -> tuple[int, str]:
        body = b'{"task": "%s", "priority": 5}' % task.encode()
        reply = boss.ask("POST", "/v1/verbs/amend", body, If_Match=tag)
        return reply.status, reply.document.get("code", "")

    assert amend('"99"') == (412, "conflict")
    assert amend("W/odd") == (400, "invalid")
    assert amend(tag) == (200, "ok")
    assert amend(tag) == (412, "conflict")


def test_an_agent_sees_its_lanes_only(scene: Scene, served: Served) -> None:
    task, cheap = scene.task(), served.client(scene.token(CHEAP))
    blind = served.client(scene.token(CHEAP, narrowing=["role:implementer"]))
    assert [lane["lane"] for lane in cheap.get("/v1/board").document["lanes"]] == ["web/dev"]
    assert cheap.get(f"/v1/tasks/{task}").status == 200
    assert cheap.get("/v1/report?lane=web/dev").status == 200
    whole, lane = (cheap.get(path).document for path in ("/v1/report", "/v1/report?lane=web/dev"))
    assert {**whole, "as_of": None} == {**lane, "as_of": None}  # its only one
    assert cheap.get("/v1/events").status == 403
    assert cheap.get("/v1/whoami").document["family"] == CHEAP
    assert blind.get("/v1/board").document["lanes"] == []
    assert blind.get("/v1/tasks").document["tasks"] == []
    assert blind.get(f"/v1/tasks/{task}").status == 404
    assert blind.get("/v1/board?lane=dev").status == 404
    meter = served.client(scene.token(FRONTIER, scope="meter"))
    assert meter.get("/v1/tasks").status == 403


def test_a_revoked_token_is_refused_at_the_next_call(scene: Scene, served: Served) -> None:
    human = served.client(scene.token(None, "anna", scope="human"))
    issued = human.ok("token-issue", family=CHEAP)
    agent = served.client(issued["token"])
    assert agent.get("/v1/whoami").status == 200
    human.ok("token-revoke", credential=issued["credential"], reason="leaked")
    assert agent.get("/v1/whoami").status == 401
    assert agent.say("next").status == 401


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "localhost:x"])
def test_other_names_are_refused(served: Served, host: str) -> None:
    assert served.client().get("/healthz", Host=host).status == 421


def test_pages_of_other_origins_are_refused(served: Served) -> None:
    ask = served.client().get
    assert ask("/healthz", Origin="http://evil.example").status == 403
    assert ask("/healthz", Origin="null").status == 403
    assert ask("/healthz", Origin=f"http://127.0.0.1:{served.port}").status == 200


def test_a_body_has_its_limit(scene: Scene, served: Served) -> None:
    token = scene.token(None, "boss", scope="operator")
    assert served.client(token).ask("POST", "/v1/verbs/create", b" " * 65_537).status == 413
    for body in (b"[]", b"{", b"\xff", b'{"a": NaN}', b"[" * 60_000, b'{"a": ' + b"9" * 5000 + b"}"):
        assert served.client(token).ask("POST", "/v1/verbs/create", body).status == 400, body[:20]
    assert served.client(token).ask("POST", "/v1/verbs/create", b"a=1", Content_Type="text/plain").status == 415


def test_a_verb_answers_with_the_envelope_whatever_is_wrong_with_the_request(scene: Scene, served: Served) -> None:
    client = served.client(scene.token(None, "boss", scope="operator"))
    create = "/v1/verbs/create"
    for reply, status, field in (
        (client.ask("POST", create, b" " * 65_537), 413, None),
        (client.ask("POST", create, b"{"), 400, None),
        (client.ask("POST", create, b"[]"), 400, None),
        (client.ask("POST", create, b"a=1", Content_Type="text/plain"), 415, "Content-Type"),
        (client.ask("POST", create, b"{}", Idempotency_Key="one"), 400, "Idempotency-Key"),
        (client.ask("POST", create, b"{}", If_Match="7"), 400, "If-Match"),
        (client.ask("POST", create, b"{}", Host="evil.example"), 421, None),
        (client.get(create), 405, None),
        (client.ask("POST", "/v1/verbs/craete", b"{}"), 404, None),
        (client.ask("POST", "/v1/verbs/create/it", b"{}"), 404, None),
    ):
        assert (reply.status, reply.headers["content-type"]) == (status, "application/json"), reply
        assert list(reply.document)[:7] == KEYS
        assert reply.document["reason"]
        assert (reply.document["ok"], reply.document.get("field")) == (False, field)


def test_a_token_has_its_rate(scene: Scene, served: Served) -> None:
    from tests.api.served import Served as Another  # noqa: PLC0415 - a slow one of its own

    token, slow = scene.token(CHEAP), Another(scene.url, "--rate", "1")
    try:
        replies = [slow.client(token).say("claim") for _ in range(4)]
        assert [reply.status for reply in replies] == [200, 200, 200, 429]
        assert replies[-1].document["retry_after"] > 0
        assert int(replies[-1].headers["retry-after"]) >= 1
    finally:
        slow.stop()


def test_it_says_how_it_is(served: Served, scene: Scene) -> None:
    client = served.client(scene.token(CHEAP))
    client.say("claim")
    assert client.get("/healthz").body == b"ok\n"
    assert client.get("/readyz").body == b"ready\n"
    figures = client.get("/metrics").body.decode()
    assert 'ainarres_verbs_total{code="empty",verb="claim"} 1.0' in figures
    missing = client.get("/nowhere")
    assert (missing.status, missing.document["title"]) == (404, "Not Found")
    assert client.ask("DELETE", "/v1/board").status == 405


def test_agents_are_listed_as_far_as_the_asker_sees(scene: Scene, served: Served) -> None:
    task, cheap = scene.task(), scene.token(CHEAP, "cheap-1")
    served.client(scene.token(DESIGNER, "ann")).ok("claim", task=task)
    for token in (cheap, scene.token(None, "boss", scope="operator")):
        found = served.client(token).get("/v1/agents").document["agents"]
        assert {one["agent"] for one in found} == {"ann", "cheap-1"}
        assert next(one["holds"]["task"] for one in found if one["agent"] == "ann") == task
    stranger = scene.token(CHEAP, "stranger", narrowing=("role:implementer",))
    assert served.client(stranger).get("/v1/agents").document == {"agents": []}
    lost = served.client(cheap).get("/v1/agents?family=nobody%2Bat-all")
    assert (lost.status, lost.document["code"]) == (404, "not_found")
    assert served.client(scene.token(None, scope="meter")).get("/v1/agents").status == 403
