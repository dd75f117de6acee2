"""A task's whole life on the command line: four families, the dev workflow, and everything that can be asked of it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from tests.acceptance.cli import PROGRAM, Terminal, opened

if TYPE_CHECKING:
    from pathlib import Path

    from tests.database import Database

PROJECT = 'key = "web"\n[[lane]]\nkey = "dev"\nworkflow = "dev"\n'
FAMILIES = """
[[family]]
key = "claude-code+opus"
maker = "anthropic"
cost_class = 3
grants = ["lane:web/dev", "role:designer"]

[[family]]
key = "opencode+qwen"
maker = "alibaba"
cost_class = 0
grants = ["lane:web/dev", "role:implementer"]

[[family]]
key = "grok+grok-build"
maker = "xai"
cost_class = 2
grants = ["lane:web/dev", "role:reviewer"]

[[family]]
key = "gemini-cli+flash"
maker = "google"
cost_class = 1
grants = ["lane:web/dev", "role:integrator", "capability:integrate"]
"""
BASE, WORK, MERGE = "a" * 40, "b" * 40, "c" * 40


@pytest.fixture
def terminal(tmp_path: Path, database: Database) -> Terminal:
    return opened(tmp_path, database, PROJECT, FAMILIES)


def token(terminal: Terminal, family: str) -> str:
    issued = terminal.ok("token", "issue", "--family", family)
    return str(issued["token"])


def turn(terminal: Terminal, who: str, *verb: str) -> dict[str, Any]:
    """Claim, then do one thing with the fence from the environment."""
    claimed = terminal.ok("next", "--lane", "dev", token=who)
    assert claimed["code"] == "ok", claimed
    return terminal.ok(
        verb[0], claimed["task"]["id"], *verb[1:], token=who, AINARRES_FENCE=str(claimed["task"]["fence"])
    )


def test_from_proposed_to_done(terminal: Terminal) -> None:
    families = ("claude-code+opus", "opencode+qwen", "grok+grok-build", "gemini-cli+flash")
    designer, coder, reviewer, integrator = (token(terminal, family) for family in families)
    created = terminal.ok(
        "create", "--lane", "web/dev", "--title", "Parse spans", "--payload", '{"validate": "pytest"}'
    )
    task = created["task"]["id"]

    turn(terminal, designer, "advance")
    turn(terminal, designer, "done", "--note", "see the payload")
    turn(terminal, coder, "advance", "--commit", f"{WORK},base={BASE}", "--branch", "topic")
    turn(terminal, reviewer, "reject", "--reason", "fails on an empty list")
    turn(terminal, coder, "advance", "--commit", f"{WORK},base={BASE}")
    turn(terminal, reviewer, "advance", "--note", "sound")
    merged = ("--artifact", f"merge={MERGE}", "--commit", f"{WORK},base={BASE}")
    turn(terminal, integrator, "advance", *merged)
    finished = turn(terminal, reviewer, "done")
    assert (finished["task"]["stage"], finished["task"]["terminal"]) == ("done", True)

    short = f"…{task[-4:]}"
    report = terminal("report", "--lane", "web/dev").out
    assert f"- {short} by family: implemented=opencode reviewed=grok integrated=gemini\n" in report
    assert "cross-family review: 1/1 shipped tasks reviewed by a different family than implemented\n" in report
    assert report.startswith("end-of-run report — lane web/dev\nshipped (1):\n")
    assert "implemented=opencode+qwen" in terminal("report", "--full").out
    assert terminal.ok("report")["shipped"][0]["task"] == task

    status = terminal("status", "--lane", "dev").out
    assert status.startswith("status — lane web/dev (1 task)\n  done: 1\n  total: 1\n  blocked: 0\n  claimed: 0\n")
    assert f"TaskAdvanced {short} by grok+grok-build" in status
    timeline = terminal("timeline", "--type", "TaskRejected").out
    assert f"{short}  grok+grok-build  (reject reviewing→implementing: fails on an empty list)" in timeline
    assert len(terminal.ok("timeline", "--task", task[-4:], "--limit", "5")["events"]) == 5
    history = terminal("history", task[-8:]).out
    assert history.startswith(f"history of {short} ("), history
    assert history.count("  TaskClaimed  ") == 8, history
    shown = terminal("task", "show", task[:13]).out
    assert "  state: finished\n" in shown
    assert "  implementing: opencode+qwen\n" in shown
    assert "Parse spans" in terminal("board", COLUMNS="200").out
    assert terminal("rebuild", "--check").status == 0


def test_a_text_reply_ends_with_commands_that_work(terminal: Terminal) -> None:
    designer = token(terminal, "claude-code+opus")
    terminal.ok("create", "--lane", "dev", "--title", "t")
    said = terminal("next", token=designer)
    assert said.out.startswith("next: ok\n")
    assert "role card: designer version 1" in said.out
    advance = re.search(r"^  ainarres (advance [0-9a-f]{8} --fence \d+)$", said.out, re.MULTILINE)
    assert advance is not None, said.out
    again = terminal("next", token=designer)
    assert again.out.startswith("next: ok (resumed)")
    active = terminal("status").out
    assert re.search(r"^active \(1\):\n- ….{4} \[proposed\] claude-code\+opus age \d+m?s$", active, re.MULTILINE)
    assert terminal(*advance[1].split(), token=designer).status == 0


def test_whoami_card_and_the_bare_command(terminal: Terminal) -> None:
    designer = token(terminal, "claude-code+opus")
    terminal.ok("create", "--lane", "dev", "--title", "t")
    terminal.ok("claim", token=designer)
    mine = terminal.ok("whoami", token=designer)
    assert (mine["family"], mine["scope"], mine["features"]) == (
        "claude-code+opus",
        "agent",
        ["lane:web/dev", "role:designer"],
    )
    assert mine["holds"]["stage"] == "proposed"
    assert terminal.ok("whoami")["agent"] == "human:local"
    assert terminal("card", "designer").out.startswith("# ")
    here = terminal(token=designer)
    assert here.out.startswith("you are claude-code+opus-")
    assert re.search(r"next:\n  ainarres done [0-9a-f]{8} --fence \d+\n", here.out)
    assert terminal.ok(token=designer)["you"]["family"] == "claude-code+opus"


def test_a_repeat_with_the_same_key_appends_once(terminal: Terminal) -> None:
    key = "0b8f3c0e-7a51-4f6e-9a55-3f0a3b1f2d11"
    first = terminal.ok("create", "--lane", "dev", "--title", "once", "--key", key)
    second = terminal.ok("create", "--lane", "dev", "--title", "once", "--key", key)
    assert (second["replayed"], second["task"]["id"]) == (True, first["task"]["id"])
    other = terminal("create", "--lane", "dev", "--title", "twice", "--key", key, "--json")
    assert (other.status, other.document["code"]) == (2, "key_reused")


def test_a_watched_board_ends_quietly(terminal: Terminal) -> None:
    terminal.ok("create", "--lane", "dev", "--title", "[bold]not markup[/bold]")
    watching = subprocess.Popen(
        [str(PROGRAM), "board", "--watch"],
        env=terminal.environ | {"COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert watching.stdout is not None
    drawn = [watching.stdout.readline()]
    while not drawn[-1].startswith("└"):
        drawn.append(watching.stdout.readline())
        assert drawn[-1], "the board ended by itself"
    watching.send_signal(signal.SIGINT)
    _, err = watching.communicate(timeout=30)
    assert (watching.returncode, err) == (0, "")
    assert drawn[0].startswith("lane web/dev")
    assert "[bold]not" in "".join(drawn)


def test_operators_acts(terminal: Terminal) -> None:
    task = terminal.ok("create", "--lane", "dev", "--title", "t")["task"]["id"]
    for argv, event in (
        (("amend", task, "--priority", "5"), "TaskAmended"),
        (("note", task, "\x1b[2Jlook"), "NoteAdded"),
        (("block", task, "--reason", "wait"), "TaskBlocked"),
        (("unblock", task, "--reason", "go"), "TaskUnblocked"),
        (("waive", task, "--reason", "alone tonight"), "ReviewRuleWaived"),
        (("lane", "pause", "dev", "--reason", "release day"), "LanePaused"),
        (("lane", "resume", "dev", "--reason", "released"), "LaneResumed"),
        (("revoke", "grok+grok-build", "role:reviewer", "--reason", "careless"), "CapabilityRevoked"),
        (("lift", "grok+grok-build", "role:reviewer", "--reason", "better now"), "DenialLifted"),
        (("cancel", task, "--reason", "no"), "TaskCancelled"),
    ):
        assert terminal.ok(*argv)["event"]["type"] == event
    assert "\x1b" not in terminal("history", task).out
    assert terminal.ok("families")["families"][0]["denials"] == []


def test_tokens_are_narrowed_listed_and_revoked(terminal: Terminal) -> None:
    issued = terminal.ok("token", "issue", "--family", "grok+grok-build", "--agent", "grok-1", "--life", "8h")
    listed = terminal("token", "list").out
    assert "grok-1 (grok+grok-build): live" in listed
    assert issued["token"] not in listed
    terminal.ok("token", "narrow", issued["credential"], "lane:web/dev")
    assert terminal.ok("whoami", token=issued["token"])["features"] == ["lane:web/dev"]
    terminal.ok("token", "revoke", issued["credential"], "--reason", "leaked")
    said = terminal("claim", "--json", token=issued["token"])
    assert (said.status, said.document["code"]) == (5, "unauthenticated")
    assert terminal.ok("token", "list")["credentials"] == []
    assert [row["state"] for row in terminal.ok("token", "list", "--all")["credentials"]] == ["revoked"]


def test_templates_and_graphs_are_posted_whole(terminal: Terminal) -> None:
    applied = terminal("apply", "bugfix", "--lane", "dev", "--title", "Crash on empty input", "--details", "see")
    assert applied.status == 0, applied
    assert "Crash on empty input" in terminal("timeline").out
    tasks = '[{"key": "a", "title": "first"}, {"key": "b", "title": "second", "after": ["a"]}]'
    (terminal.folder / "graph.json").write_text(tasks, encoding="utf-8")
    posted = terminal.ok("create", "--lane", "dev", "--graph", "graph.json")
    assert set(posted["tasks"]) == {"a", "b"}
    said = terminal("why", posted["tasks"]["b"])
    told = said.out
    assert said.status == 0, said
    assert re.search(r"  waits on ….{4} \[proposed\] first\n", told), told
    table = 'lane = "web/dev"\n[[task]]\nkey = "a"\ntitle = "first"\n'
    (terminal.folder / "graph.toml").write_text(table, encoding="utf-8")
    assert "create: ok\n  …" in terminal("create", "--graph", "graph.toml").out
    both = terminal("create", "--lane", "dev", "--graph", "graph.toml", "--title", "t")
    assert (both.status, "--title: does not go with --graph" in both.err) == (2, True)


def test_an_agent_process_works_until_it_is_told_to_end(terminal: Terminal) -> None:
    repository = terminal.folder / "web"
    author = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    for argv in (("init", "-q", "-b", "main", "."), (*author, "commit", "-q", "--allow-empty", "-m", "begin")):
        repository.mkdir(exist_ok=True)
        subprocess.run(["git", *argv], check=True, env=terminal.environ, cwd=repository)
    terminal.ok("create", "--lane", "dev", "--title", "t")
    worker = 'import sys; sys.stdin.read(); print(\'{"verb": "advance"}\')'
    who = ("--family", "claude-code+opus", "--roles", "designer", "--lane", "web/dev", "--repository", "web")
    working = subprocess.Popen(
        [str(PROGRAM), "agent", "run", *who, "--standing", "--", sys.executable, "-c", worker],
        env=terminal.environ,
        cwd=terminal.folder,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        waited = terminal.ok("claim", "--lane", "dev", "--wait", "30s", token=token(terminal, "opencode+qwen"))
    finally:
        working.send_signal(signal.SIGTERM)
        _, told = working.communicate(timeout=30)
    assert waited["task"]["stage"] == "implementing", told
    assert working.returncode == 143
