"""The embedded server from the command line: made by init, stopped by down, started again by whoever needs it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.acceptance.cli import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    # not pytest's own folder: that one is private, and as root the server is another user
    folder = Path(tempfile.mkdtemp(prefix="ainarres-cli-"))
    folder.chmod(0o755)
    terminal = Terminal(folder, None, AINARRES_HOME=str(folder / "home"))
    yield terminal
    terminal("down")
    shutil.rmtree(folder)


def test_a_copy_that_fails_leaves_no_server_behind(terminal: Terminal) -> None:
    """Whether it is no export, one that is not sound, or no backup; a server that ran before runs on."""
    assert terminal("init").status == 0
    (terminal.folder / "whole.jsonl").write_text(terminal("export").out, encoding="utf-8")
    lines = (terminal.folder / "whole.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (terminal.folder / "odd.jsonl").write_text("".join(lines + lines[-1:]), encoding="utf-8")
    (terminal.folder / "ainarres-1.dump").write_text("no backup", encoding="utf-8")
    other = ("--home", str(terminal.folder / "other"))
    for words in (("import", "none.jsonl"), ("import", "odd.jsonl"), ("restore", "ainarres-1.dump")):
        assert terminal(*words, *other).status != 0
        assert terminal.ok("down", *other)["stopped"] is False, words
    assert terminal("import", "whole.jsonl").status == 2
    assert terminal.ok("down")["stopped"] is True


def test_a_backup_makes_its_directory(terminal: Terminal) -> None:
    assert terminal("init").status == 0
    said = terminal("backup", "kept/daily")
    assert said.status == 0, said
    assert [one.suffix for one in (terminal.folder / "kept" / "daily").iterdir()] == [".dump"]
    (terminal.folder / "file").touch()
    assert "DIRECTORY: file/daily: Not a directory" in terminal("backup", "file/daily").err


def test_a_server_comes_and_goes(terminal: Terminal) -> None:
    assert terminal("doctor").status == 1
    first = terminal("init")
    assert first.status == 0, first
    assert "adopted: workflow dev version 1" in first.out
    assert "adopted: role card reviewer version 1" in first.out
    assert f"wrote: {terminal.folder / 'project.toml'}" in first.out
    again = terminal("init")
    assert "found in use: " in again.out
    assert f"kept as it was: {terminal.folder / 'AGENTS.md'}" in again.out
    assert "claude mcp add" in again.out
    for adopt in (("project", "adopt", "project.toml"), ("family", "adopt", "families.toml")):
        assert terminal(*adopt).status == 0
    assert terminal.ok("down") == {"running": False, "stopped": True, "home": str(terminal.folder / "home")}
    stopped = terminal("doctor")
    assert (stopped.status, "run: ainarres up" in stopped.out) == (1, True)
    assert terminal("status").status == 0  # starts what it needs
    assert terminal("up").out.startswith("already running in ")
    assert terminal("doctor").status == 0
    assert terminal("rebuild").status == 0
    assert terminal("rebuild", "--check").status == 0
    assert terminal("down").out.startswith("stopped the server in ")
    assert terminal("down").out.startswith("no server was running in ")
    assert terminal("up").out.startswith("started in ")
