"""Where `agent run` looks for its program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ainarres.cli import agents

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_path_is_of_the_folder_where_it_was_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "worker").touch()
    assert agents.found("./worker") == str(tmp_path / "worker")


def test_names_and_paths_of_the_worktree_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "python").touch()
    assert agents.found("python") == "python"
    assert agents.found("tools/worker") == "tools/worker"
