"""The beginning of an agent's session: what it is told, and what a harness's hooks say."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from tests.acceptance.cli import Terminal
from tests.api.served import Served
from tests.scene import DESIGNER, WORKFLOW

from ainarres.domain import commands as c

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.database import Clock
    from tests.scene import Scene

TOKENS = 1500
CHARACTERS_A_TOKEN = 3
"""Fewer than any tokenizer needs for English and for what the ledger's ids and names are."""


@pytest.fixture(params=["direct", "through a server"])
def terminal(request: pytest.FixtureRequest, scene: Scene, tmp_path: Path) -> Iterator[Terminal]:
    if request.param == "direct":
        yield Terminal(tmp_path, scene.url)
        return
    served = Served(scene.url)
    yield Terminal(tmp_path, None, AINARRES_SERVER=served.base)
    served.stop()


def test_a_session_begins_with_a_few_words(terminal: Terminal, scene: Scene) -> None:
    token = scene.token(DESIGNER)
    idle = terminal("prime", token=token)
    assert idle.status == 0
    assert "You hold no task." in idle.out
    assert "  ainarres next\n" in idle.out
    scene.task("x" * 5000 + "\x1b[2J")
    assert terminal("next", token=token).status == 0
    holding = terminal("prime", token=token).out
    assert "You hold …" in holding
    assert "ainarres done " in holding
    assert "\x1b" not in holding
    assert len(holding) / CHARACTERS_A_TOKEN < TOKENS


def test_hooks_say_where_the_agent_stands(terminal: Terminal, scene: Scene, clock: Clock) -> None:
    token = scene.token(DESIGNER)
    assert terminal("hook", "start").out == ""  # without a token nobody is an agent
    said = json.loads(terminal("hook", "start", token=token).out)["hookSpecificOutput"]
    assert said == {"hookEventName": "SessionStart", "additionalContext": said["additionalContext"]}
    assert said["additionalContext"] == terminal("prime", token=token).out.rstrip("\n")
    assert terminal("hook", "stop", token=token).out == ""
    scene.task("mine")
    first = terminal.ok("next", token=token)["task"]
    lease = datetime.fromisoformat(first["lease_expires_at"]) - clock.now()
    clock.advance(0.6 * lease.total_seconds())  # with more than half of it left nothing needs renewing
    for event in ("stop", "compaction"):
        warned = json.loads(terminal("hook", event, token=token).out)
        assert set(warned) == {"systemMessage"}
        assert f"ainarres done {first['id'].replace('-', '')[-8:]} --fence {first['fence']}" in warned["systemMessage"]
        assert "commit" not in warned["systemMessage"]
        assert "push" not in warned["systemMessage"]
    held = terminal.ok("whoami", token=token)["holds"]
    assert held["lease_expires_at"] > first["lease_expires_at"]
    insisted = json.loads(terminal("hook", "stop", "--insist", token=token, stdin="{}").out)
    assert insisted["decision"] == "block"
    again = terminal("hook", "stop", "--insist", token=token, stdin='{"stop_hook_active": true}')
    assert set(json.loads(again.out)) == {"systemMessage"}
    clock.advance(2 * lease.total_seconds())
    over = json.loads(terminal("hook", "stop", token=token).out)["systemMessage"]
    assert "is over (lease_lost)" in over


def test_what_the_move_must_bring_is_typed_out(terminal: Terminal, scene: Scene) -> None:
    needy = WORKFLOW.replace(
        'to = "implementing"\nrequires', 'to = "implementing"\nartifacts = ["commit"]\nrequires', 1
    )
    scene.ok(scene.human, c.AdoptWorkflow(text=needy, source="dev.toml"))
    token, task = scene.token(DESIGNER), scene.task()
    fence = terminal.ok("next", token=token)["task"]["fence"]
    typed = f"ainarres done {task.replace('-', '')[-8:]} --fence {fence} --commit SHA,base=SHA"
    assert f"  {typed}\n" in terminal("prime", token=token).out
    assert typed in json.loads(terminal("hook", "stop", token=token).out)["systemMessage"]


def test_a_hook_never_stands_in_the_way(tmp_path: Path, scene: Scene) -> None:
    away = Terminal(tmp_path, None, AINARRES_SERVER="http://127.0.0.1:1")
    said = away("hook", "start", token="ain_x")
    assert said.status == 0
    assert "no answer from http://127.0.0.1:1" in json.loads(said.out)["systemMessage"]
    unknown = Terminal(tmp_path, scene.url)("hook", "stop", token="ain_x")
    assert (unknown.status, "misspelt" in json.loads(unknown.out)["systemMessage"]) == (0, True)
    assert away("hook", "lunch", token="ain_x").status == 1
