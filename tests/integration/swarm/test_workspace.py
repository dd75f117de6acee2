"""Workspaces: a worktree an attempt, nothing that may be work is ever deleted, and a PATH with refusals."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ainarres.faults import InvalidInput
from ainarres.swarm.repository import git
from ainarres.swarm.workspace import REFUSED_STATUS, Workspaces


def held(fence: int = 1, task: str | None = None, **more: Any) -> dict[str, Any]:
    return {"id": task or str(uuid4()), "fence": fence, "artifacts": [], "approved": None, **more}


def commit(tree: Path, text: str) -> str:
    (tree / "poem.txt").write_text(text)
    git(tree, "commit", "--quiet", "--all", "--message", text)
    return git(tree, "rev-parse", "HEAD")


def test_a_producer_works_on_the_branch_of_its_task(workspaces: Workspaces, repository: Path) -> None:
    task = held()
    made = workspaces.prepare(task, role="implementer")
    assert git(made.tree, "branch", "--show-current") == f"ainarres/{task['id']}" == made.branch
    assert made.base == git(repository, "rev-parse", "main")
    assert not made.home.is_relative_to(made.tree)


def test_committed_work_outlives_its_workspace(workspaces: Workspaces, repository: Path) -> None:
    made = workspaces.prepare(held(), role="implementer")
    done = commit(made.tree, "second line")
    assert workspaces.collect(made) is None
    assert not made.folder.exists()
    assert git(repository, "rev-parse", made.branch) == done


@pytest.mark.parametrize("name", ["poem.txt", "new.txt"])
def test_uncommitted_work_is_parked_and_stays_a_worktree(workspaces: Workspaces, name: str) -> None:
    made = workspaces.prepare(held(), role="implementer")
    (made.tree / name).write_text("unsaved\n")
    parked = workspaces.collect(made)
    assert parked is not None
    assert (parked / "tree" / name).read_text() == "unsaved\n"
    assert name in git(parked / "tree", "status", "--porcelain")


def test_work_is_parked_even_when_a_killed_git_left_its_lock(workspaces: Workspaces) -> None:
    made = workspaces.prepare(held(), role="implementer")
    (made.tree / "poem.txt").write_text("unsaved\n")
    Path(git(made.tree, "rev-parse", "--absolute-git-dir"), "index.lock").touch()
    parked = workspaces.collect(made)
    assert parked is not None
    assert git(parked / "tree", "branch", "--show-current") == ""
    assert workspaces.prepare({**held(2), "id": made.branch.partition("/")[2]}, role="implementer").tree.exists()


def test_commits_that_no_branch_holds_are_parked(workspaces: Workspaces) -> None:
    made = workspaces.prepare(held(), role="designer")
    lost = commit(made.tree, "on no branch")
    parked = workspaces.collect(made)
    assert parked is not None
    assert git(parked / "tree", "rev-parse", "HEAD") == lost


def test_a_later_attempt_takes_the_branch_from_an_earlier_one(workspaces: Workspaces) -> None:
    task = held(fence=1)
    first = workspaces.prepare(task, role="implementer")
    saved = commit(first.tree, "half")
    (first.tree / "unsaved.txt").write_text("late\n")
    second = workspaces.prepare({**task, "fence": 2}, role="implementer")
    assert git(second.tree, "rev-parse", "HEAD") == saved
    assert git(second.tree, "branch", "--show-current") == second.branch
    assert [place.name for place in (workspaces.root / "parked").iterdir()] == [first.folder.name]
    assert workspaces.collect(first) is None, "it is somewhere else by now"


def test_the_same_attempt_may_be_prepared_again(workspaces: Workspaces) -> None:
    task = held()
    first = workspaces.prepare(task, role="implementer")
    (first.tree / "unsaved.txt").write_text("before the crash\n")
    second = workspaces.prepare(task, role="implementer")
    assert second.folder == first.folder
    assert not (second.tree / "unsaved.txt").exists()
    assert (workspaces.root / "parked" / first.folder.name / "tree" / "unsaved.txt").exists()


def test_a_branch_that_a_person_has_checked_out_is_left_alone(workspaces: Workspaces, tmp_path: Path) -> None:
    task = held()
    mine = tmp_path / "mine" / "tree"
    git(workspaces.repository, "worktree", "add", "-b", f"ainarres/{task['id']}", str(mine), "main")
    with pytest.raises(InvalidInput, match="checked out in"):
        workspaces.prepare(task, role="implementer")
    assert (mine / "poem.txt").exists()


def test_a_judge_stands_on_the_very_commit(workspaces: Workspaces) -> None:
    task = held()
    made = workspaces.prepare(task, role="implementer")
    delivered, later = commit(made.tree, "delivered"), commit(made.tree, "later")
    under_review = held(fence=2, task=task["id"], artifacts=[{"type": "commit", "ref": delivered, "digest": delivered}])
    judge = workspaces.prepare(under_review, role="reviewer")
    assert git(judge.tree, "rev-parse", "HEAD") == delivered
    assert git(judge.tree, "branch", "--show-current") == ""
    merged = {"type": "merge", "ref": later, "digest": later}
    validated = {**under_review, "fence": 3, "approved": delivered}
    validated["artifacts"] = [*under_review["artifacts"], merged]
    assert git(workspaces.prepare(validated, role="reviewer").tree, "rev-parse", "HEAD") == later


def test_the_integrator_stands_on_main(workspaces: Workspaces, repository: Path) -> None:
    some = git(repository, "rev-parse", "main")
    made = workspaces.prepare(held(artifacts=[{"type": "commit", "ref": some, "digest": some}]), role="integrator")
    assert git(made.tree, "rev-parse", "HEAD") == made.base == git(repository, "rev-parse", "main")


@pytest.mark.parametrize(
    ("role", "command", "status"),
    [
        ("implementer", "git push origin main", REFUSED_STATUS),
        ("implementer", "git -C . -c a.b=c push", REFUSED_STATUS),
        ("reviewer", "psql", REFUSED_STATUS),
        ("integrator", "psql", REFUSED_STATUS),
        ("implementer", "git log --oneline push 2>&1 | grep -q ambiguous", 0),
        ("implementer", "git status --short", 0),
        ("integrator", "git push --dry-run . HEAD:refs/heads/x", 0),
    ],
)
def test_the_path_refuses_what_the_role_may_not_run(
    workspaces: Workspaces, role: str, command: str, status: int
) -> None:
    made = workspaces.prepare(held(), role=role)
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=made.tree,
        env=workspaces.environment(made, name="me", given={}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stderr
    if status:
        assert "ainarres:" in done.stderr


def test_the_environment_is_private_and_secrets_lie_outside_the_tree(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "auth.json"
    secret.write_text("{}")
    monkeypatch.setenv("SOMEBODYS_KEY", "1")
    places = Workspaces(repository=repository, root=tmp_path / "work", secrets={".tool/auth.json": secret})
    made = places.prepare(held(), role="implementer")
    around = places.environment(made, name="me", given={"AINARRES_TOKEN": "t"})
    assert around["HOME"] == str(made.home)
    assert "SOMEBODYS_KEY" not in around
    assert around["AINARRES_TOKEN"] == "t"
    assert (made.home / ".tool" / "auth.json").read_text() == "{}"
    assert git(made.tree, "status", "--porcelain") == ""
    assert places.collect(made) is None
    assert secret.exists()


def test_gc_collects_the_workspaces_of_processes_that_are_gone(workspaces: Workspaces) -> None:
    mine = workspaces.prepare(held(), role="implementer")
    program = """if True:
        import sys
        from pathlib import Path
        from ainarres.swarm.workspace import Workspaces
        made = Workspaces(repository=Path(sys.argv[1]), root=Path(sys.argv[2]))
        for fence in (7, 8):
            task = {"id": f"0000000{fence}", "fence": fence, "artifacts": []}
            place = made.prepare(task, role="implementer")
        (place.tree / "unsaved.txt").write_text("x")
    """
    subprocess.run([sys.executable, "-c", program, workspaces.repository, workspaces.root], check=True)
    parked = workspaces.gc()
    assert [place.name for place in parked] == ["00000008-8"]
    assert not (workspaces.root / "00000007-7").exists()
    assert mine.tree.exists()


def test_a_workspace_that_somebody_removed_is_no_obstacle(workspaces: Workspaces) -> None:
    task = held()
    shutil.rmtree(workspaces.prepare(task, role="implementer").folder)
    again = workspaces.prepare({**task, "fence": 2}, role="implementer")
    assert git(again.tree, "branch", "--show-current") == again.branch


def test_a_folder_without_the_branch_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no git repository with a branch trunk"):
        Workspaces(repository=tmp_path, root=tmp_path / "w", main="trunk").prepare(held(), role="implementer")
