"""The pages as a browser without scripts gets them: who may see them, what they hold, what their forms do."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from tests.scene import CHEAP, DESIGNER, Scene

from ainarres.domain import commands as c
from ainarres.web.markup import Markup, join, tag
from ainarres.web.pages import ACTS, PLACES

if TYPE_CHECKING:
    from tests.api.served import Client, Reply, Served

HOSTILE = "<img src=x onerror=alert(1)>\"'&\u202e\x1b"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def post(client: Client, path: str, cookie: str = "", **fields: str) -> Reply:
    headers = {**FORM, **({"Cookie": cookie} if cookie else {})}
    return client.ask("POST", path, urlencode(fields).encode(), **headers)


def signed_in(served: Served, token: str) -> tuple[Client, str]:
    client = served.client()
    answer = post(client, "/login", token=token, to="/inbox")
    assert (answer.status, answer.headers["location"]) == (303, "/inbox")
    kept = answer.headers["set-cookie"]
    assert "HttpOnly" in kept
    assert "SameSite=strict" in kept
    return client, kept.partition(";")[0]


def hidden(page: str, verb: str) -> dict[str, str]:
    form = next(one for one in re.findall(r"<form.*?</form>", page) if f'value="{verb}"' in one)
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    return {name: html.unescape(value) for name, value in found}


def test_every_text_is_escaped() -> None:
    assert tag("p", HOSTILE, title=HOSTILE) == Markup(
        '<p title="&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;&amp;\\u202e\\x1b">'
        "&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;&amp;\\u202e\\x1b</p>"
    )
    assert join([tag("br"), ["a", None, 1]]) == "<br></br>a1"


def test_nobody_sees_a_page_without_a_token(scene: Scene, served: Served) -> None:
    client = served.client()
    for path in (*PLACES, "/task/abcd"):
        answer = client.get(path)
        assert answer.status == 303
        assert answer.headers["location"].startswith("/login?to=/")
        assert client.get(path, Cookie="ainarres=ain_wrong").status == 303
    assert client.get("/live").status == 401
    assert post(client, "/act", verb="unblock").headers["location"] == "/login"
    wrong = post(client, "/login", token="ain_wrong", to="/")
    assert wrong.status == 401
    assert b"misspelt" in wrong.body
    away = post(client, "/login", token=scene.token(None, "eye", scope="monitor"), to="//evil.example")
    assert away.headers["location"] == "/"


def test_a_path_that_there_is_none_of_is_a_page_for_a_browser(served: Served) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for path in ("/nothing", "/inbox/more", "/static/none.css"):
        page = served.client().get(path, **browser)
        assert (page.status, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert b"There is no such page" in page.body
        assert b'href="/inbox"' in page.body
        assert served.client().get(path).headers["content-type"] == "application/problem+json"
    assert served.client().get("/v1/nothing", **browser).headers["content-type"] == "application/problem+json"


def test_the_door_says_where_a_token_comes_from(served: Served) -> None:
    page = served.client().get("/login").body.decode()
    assert "Where the ledger is at home" in page
    assert "Sign out" not in page
    assert "Authorization" not in post(served.client(), "/login", token="", to="/").body.decode()


def test_the_pages_hold_what_the_reads_hold(scene: Scene, served: Served) -> None:
    task = scene.task("title " + HOSTILE.replace("\x1b", ""))
    scene.ok(scene.agent(DESIGNER), c.Claim(task=task))
    client, cookie = signed_in(served, scene.token(None, "eye", scope="monitor"))
    for path in (*PLACES, f"/task/{task}", "/?lane=web/dev", "/?at=3", "/families?at=5"):
        answer = client.get(path, Cookie=cookie)
        page = answer.body.decode()
        assert answer.status == 200, (path, page)
        assert "<img src=x" not in page
        assert "unsafe-eval" not in answer.headers["content-security-policy"]
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert page.count("<h1") == 1
        assert '<html lang="en"' in page
        if path != "/report":
            assert "http://" not in page  # nothing from elsewhere
    board = client.get("/", Cookie=cookie).body.decode()
    assert f'href="/task/{task}"' in board
    assert "held by claude-code+opus" in board
    assert "<meter " in board
    assert task not in client.get("/?at=3", Cookie=cookie).body.decode()  # before it was posted
    for path, status in (
        ("/task/ffff", 404),
        (f"/task/{task}?at=3", 404),
        ("/?lane=nowhere", 404),
        ("/?at=99999999", 422),
        ("/static/x", 404),
    ):
        assert client.get(path, Cookie=cookie).status == status
    for name in ("board.js", "board.css"):
        assert client.get(f"/static/{name}").status == 200
    assert post(client, "/logout", cookie).headers["location"] == "/login"


def test_an_agent_sees_its_lanes_and_no_inbox(scene: Scene, served: Served) -> None:
    blind = scene.token(CHEAP, narrowing=["role:implementer"])
    task = scene.task("not for everybody")
    client, cookie = signed_in(served, blind)
    assert b"not for everybody" not in client.get("/", Cookie=cookie).body
    assert client.get(f"/task/{task}", Cookie=cookie).status == 404
    for path in ("/inbox", "/report", "/ledger"):
        assert client.get(path, Cookie=cookie).status == 403


@pytest.mark.parametrize("scope", ["operator", "monitor"])
def test_an_act_of_the_inbox(scene: Scene, served: Served, scope: str) -> None:
    task = scene.task("stuck")
    agent = scene.agent(DESIGNER)
    held = scene.ok(agent, c.Claim(task=task)).task
    assert held is not None
    scene.ok(agent, c.Block(task=task, fence=held["fence"], reason="which format?"))
    client, cookie = signed_in(served, scene.token(None, "boss", scope=scope))
    page = client.get("/inbox", Cookie=cookie).body.decode()
    form = hidden(page, "unblock")
    assert form["verb"] == "unblock"
    assert "which format?" in page
    forged = post(client, "/act", cookie, **{**form, "csrf": "0" * 64, "reason": "x"})
    assert forged.status == 403
    other = post(client, "/act", cookie, **{**form, "verb": "token-issue", "reason": "x"})
    assert other.status == 403
    assert "token-issue" not in ACTS
    foreign = client.ask("POST", "/act", b"", Cookie=cookie, Origin="http://evil.example", **FORM)
    assert foreign.status == 403
    done = post(client, "/act", cookie, **form, reason="the second")
    assert done.status == 303
    after = client.get(done.headers["location"], Cookie=cookie).body.decode()
    if scope == "monitor":  # sees, and may not act
        assert "said no" in after
        assert "which format?" in after
    else:
        assert "Done." in after
        assert 'value="unblock"' not in after
        assert "without an instruction" in after  # who told the operator to is asked next
        post(client, "/act", cookie, **form, reason="the second")  # the same form again does nothing twice
        events = client.get(f"/task/{task}", Cookie=cookie).body.decode()
        assert events.count("TaskUnblocked") == 1
