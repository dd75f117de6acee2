"""Where `agent run` looks for its program, and that it looks before it asks for work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ainarres.cli import agents
from ainarres.cli.main import main
from ainarres.faults import InvalidInput
from ainarres.swarm.repository import git

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "web"
    (place / "tools").mkdir(parents=True)
    (place / "tools" / "worker").touch()
    git(place, "init", "--quiet", "--initial-branch", "main")
    git(place, "add", "--all")
    git(place, "commit", "--quiet", "--message", "Begin")
    return place


def test_a_path_is_of_the_folder_where_it_was_typed(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "worker").touch(mode=0o755)
    assert agents.found("./worker", repository, "main") == str(tmp_path / "worker")


def test_names_and_paths_of_the_worktree_are_left_alone(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "git").touch()
    assert agents.found("git", repository, "main") == "git"
    assert agents.found("./tools/worker", repository, "main") == "./tools/worker"


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("no-such-program", "is not on PATH"),
        ("./missing", "neither here nor in the repository"),
        ("/nowhere/worker", "neither here nor in the repository"),
        ("./plain", "chmod [+]x"),
    ],
)
def test_a_program_that_could_not_be_started_is_told_at_once(
    repository: Path, tmp_path: Path, program: str, words: str
) -> None:
    (tmp_path / "plain").touch(mode=0o644)
    with pytest.raises(InvalidInput, match=f"PROGRAM: .*{words}"):
        agents.found(program, repository, "main")


@pytest.mark.parametrize(("where", "field"), [("web", "PROGRAM"), ("nowhere", "repository")])
def test_nothing_is_asked_for_where_nothing_could_be_run(
    repository: Path, capsys: pytest.CaptureFixture[str], where: str, field: str
) -> None:
    """The address leads nowhere: whoever looked for work first would be told so instead."""
    assert repository.is_dir()
    argv = ["agent", "run", "--family", "a+b", "--repository", where, "--url", "postgresql://nowhere.invalid/x"]
    assert main([*argv, "--standing", "--", "no-such-program"]) == 2
    assert f"{field}: " in capsys.readouterr().err
