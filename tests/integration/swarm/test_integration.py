"""Integration: what was approved goes to main as it was approved, or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from ainarres.swarm.integration import Late, Merged, Rejected, integrate, publish, verdict
from ainarres.swarm.repository import git

if TYPE_CHECKING:
    from pathlib import Path

    from ainarres.swarm.workspace import Workspaces


class Bench:
    """A repository with a branch to integrate, and the integrator's worktree."""

    def __init__(self, repository: Path, workspaces: Workspaces) -> None:
        self.repository, self.workspaces = repository, workspaces
        self.base = git(repository, "rev-parse", "main")
        self.author = workspaces.prepare({"id": "work", "fence": 1, "artifacts": []}, role="implementer").tree
        self.tree = workspaces.prepare({"id": "work", "fence": 2, "artifacts": []}, role="integrator").tree

    def deliver(self, name: str = "new.txt", text: str = "new\n") -> str:
        return self._commit(self.author, name, text)

    def move_main(self, name: str = "other.txt", text: str = "other\n") -> str:
        return self._commit(self.repository, name, text)

    def main(self) -> str:
        return git(self.repository, "rev-parse", "main")

    def integrate(self, approved: str, validate: str | None = None, base: str | None = None, limit: float = 60) -> Any:
        at = base or self.main()
        return integrate(
            self.tree, approved=approved, base=at, main="main", validate=validate, message="Merge it\n", limit=limit
        )

    def _commit(self, tree: Path, name: str, text: str) -> str:
        (tree / name).write_text(text)
        git(tree, "add", "--all")
        git(tree, "commit", "--quiet", "--message", f"{name} in {tree.name}")
        return git(tree, "rev-parse", "HEAD")


@pytest.fixture
def bench(repository: Path, workspaces: Workspaces) -> Bench:
    return Bench(repository, workspaces)


def test_merges_the_very_commit_and_keeps_the_checkout_in_step(bench: Bench) -> None:
    moved, approved = bench.move_main(), bench.deliver()
    outcome = bench.integrate(approved, "test -f new.txt && test -f other.txt && touch left-over")
    assert isinstance(outcome, Merged)
    assert git(bench.repository, "rev-list", "--parents", "-1", "main").split() == [bench.main(), moved, approved]
    assert outcome == Merged(bench.main(), moved)
    assert git(bench.repository, "status", "--porcelain") == ""
    assert (bench.repository / "new.txt").exists()
    assert git(bench.tree, "status", "--porcelain") == "", "what validate left is gone"


def test_a_conflict_is_rejected_by_file(bench: Bench) -> None:
    approved, moved = bench.deliver("poem.txt", "mine\n"), bench.move_main("poem.txt", "theirs\n")
    outcome = bench.integrate(approved)
    assert isinstance(outcome, Rejected)
    assert "poem.txt" in outcome.reason
    assert bench.main() == moved
    assert git(bench.tree, "status", "--porcelain") == ""


def test_red_is_rejected_with_what_was_said(bench: Bench) -> None:
    outcome = bench.integrate(bench.deliver(), "echo one is not two; exit 3")
    assert isinstance(outcome, Rejected)
    assert "ended with 3" in outcome.reason
    assert "one is not two" in outcome.reason
    assert bench.main() == bench.base


def test_red_only_together_with_main_is_red(bench: Bench) -> None:
    approved = bench.deliver()
    bench.move_main()
    assert isinstance(bench.integrate(approved, "! test -f new.txt || ! test -f other.txt"), Rejected)


def test_an_endless_validate_is_red(bench: Bench) -> None:
    outcome = bench.integrate(bench.deliver(), "sleep 100", limit=0.2)
    assert isinstance(outcome, Rejected)
    assert "did not end" in outcome.reason


def test_an_empty_diff_is_refused(bench: Bench) -> None:
    assert bench.integrate(bench.base) == Rejected("empty diff: nothing to merge")
    approved = bench.deliver()
    moved = bench.move_main("new.txt", "new\n")
    assert bench.integrate(approved) == Rejected("empty diff: main has all of it already")
    assert bench.main() == moved


def test_a_late_integrator_changes_nothing(bench: Bench) -> None:
    approved, moved = bench.deliver(), bench.move_main()
    outcome = bench.integrate(approved, base=bench.base)
    assert isinstance(outcome, Late)
    assert "main moved" in outcome.reason
    assert bench.main() == moved
    assert git(bench.repository, "status", "--porcelain") == ""


def test_main_moving_while_validate_runs_is_late(bench: Bench) -> None:
    approved = bench.deliver()
    advance = (
        f'git -C "{bench.repository}" -c user.name=x -c user.email=x@y.invalid commit -q --allow-empty -m meanwhile'
    )
    outcome = bench.integrate(approved, advance)
    assert isinstance(outcome, Late)
    assert git(bench.repository, "log", "-1", "--format=%s", "main") == "meanwhile"


def test_local_changes_in_the_way_stop_the_merge_and_are_kept(bench: Bench) -> None:
    approved = bench.deliver("poem.txt", "mine\n")
    (bench.repository / "poem.txt").write_text("a person is writing\n")
    outcome = bench.integrate(approved)
    assert isinstance(outcome, Late)
    assert bench.main() == bench.base
    assert (bench.repository / "poem.txt").read_text() == "a person is writing\n"


def test_local_changes_elsewhere_stay_as_they_are(bench: Bench) -> None:
    approved = bench.deliver()
    (bench.repository / "poem.txt").write_text("a person is writing\n")
    assert isinstance(bench.integrate(approved), Merged)
    assert (bench.repository / "poem.txt").read_text() == "a person is writing\n"
    assert git(bench.repository, "status", "--porcelain").strip() == "M poem.txt"


def test_a_bare_repository_is_merged_into_as_well(bench: Bench, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(bench.repository), str(bare))
    tree = tmp_path / "tree"
    git(bare, "worktree", "add", "--detach", str(tree), "main")
    (tree / "new.txt").write_text("new\n")
    git(tree, "add", "--all")
    git(tree, "commit", "--quiet", "--message", "new")
    approved = git(tree, "rev-parse", "HEAD")
    outcome = integrate(tree, approved=approved, base=bench.base, main="main", validate=None, message="m\n")
    assert isinstance(outcome, Merged)
    assert git(bare, "rev-parse", "main") == outcome.commit


def test_a_merge_that_could_not_be_reported_is_found(bench: Bench) -> None:
    approved = bench.deliver()
    first = bench.integrate(approved)
    bench.move_main()
    assert bench.integrate(approved) == first


def test_publishing_swaps_only_what_it_expects(bench: Bench) -> None:
    moved = bench.move_main()
    assert isinstance(publish(bench.tree, main="main", base=bench.base, commit=bench.deliver()), Late)
    assert bench.main() == moved


def test_the_program_prints_the_verb_that_reports_it(bench: Bench) -> None:
    approved = bench.deliver()
    task = {"id": "work", "title": "It", "approved": approved, "payload": {"validate": "test -f new.txt"}}
    assignment = {"task": task, "workspace": str(bench.tree), "base": bench.base}
    done = subprocess.run(
        [sys.executable, "-m", "ainarres.swarm.integration"],
        input=json.dumps(assignment),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == verdict(Merged(bench.main(), bench.base), approved)


def test_nothing_approved_is_rejected(bench: Bench) -> None:
    task: dict[str, Any] = {"id": "work", "title": "It", "approved": None, "payload": {}}
    done = subprocess.run(
        [sys.executable, "-m", "ainarres.swarm.integration"],
        input=json.dumps({"task": task, "workspace": str(bench.tree), "base": bench.base}),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["verb"] == "reject"
