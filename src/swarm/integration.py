"""The integrator's program: bring an approved commit to the main branch, or say why not.

    python -m ainarres.swarm.integration [--main BRANCH] [--limit SECONDS]     as the command of a ``script`` adapter

The approval names a commit, and a rebase would make another one, so the approved commit is merged, never rewritten: the
merge is tried in the attempt's own worktree, the task's ``validate`` runs on the result, and only then does the main
branch move, if it still is where the attempt began (compare and swap). So a late integrator changes nothing. A merge
that another attempt made and could not report any more is found and reported.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ainarres.swarm.repository import GitFailed, git, holds

LIMIT = 1800.0
"""Seconds that ``validate`` may take."""
TAIL = 20
"""Lines of a red ``validate`` that the reason quotes."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The main branch has it."""

    commit: str
    base: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The work cannot go in as it is: a conflict, a red ``validate``, an empty diff."""

    reason: str


@dataclass(frozen=True, slots=True)
class Late:
    """Nothing is wrong with the work, but it cannot go in now; the next attempt may."""

    reason: str


def integrate(
    tree: Path, *, approved: str, base: str, main: str, validate: str | None, message: str, limit: float = LIMIT
) -> Merged | Rejected | Late:
    """Merge ``approved`` into ``main``, which is expected at ``base``, by way of the clean worktree ``tree``.

    ``validate`` is a shell command that must succeed in the merged tree within ``limit`` seconds. Raises GitFailed when
    git breaks for another reason than the work.
    """
    if holds(tree, "merge-base", "--is-ancestor", approved, base):
        made = _merge_of(tree, approved, base)
        return Merged(made, git(tree, "rev-parse", f"{made}^1")) if made else Rejected("empty diff: nothing to merge")
    git(tree, "checkout", "--detach", "--quiet", base)
    try:
        git(tree, "merge", "--no-ff", "--no-commit", approved, name=_name())
    except GitFailed as error:
        files = git(tree, "diff", "--name-only", "--diff-filter=U").splitlines()
        if not files:
            raise
        git(tree, "merge", "--abort")
        said = f"conflict with {main} at {base[:12]} in {', '.join(files)}; merge {main} into the branch and solve it"
        return Rejected(said) if error.status == 1 else Late(str(error))
    merged = git(tree, "write-tree")
    if merged == git(tree, "rev-parse", f"{base}^{{tree}}"):
        git(tree, "reset", "--hard", "--quiet")
        return Rejected(f"empty diff: {main} has all of it already")
    red = None if validate is None else _red(tree, validate, limit)
    git(tree, "reset", "--hard", "--quiet")  # the merge is kept as a tree; what else there is, validate left behind
    git(tree, "clean", "-fdq")
    if red is not None:
        return Rejected(f"red on {main} at {base[:12]}: {red}")
    commit = git(tree, "commit-tree", merged, "-p", base, "-p", approved, name=_name(), given=message)
    return publish(tree, main=main, base=base, commit=commit)


def publish(tree: Path, *, main: str, base: str, commit: str) -> Merged | Late:
    """Move ``main`` from ``base`` to ``commit`` if it is still there, and a checkout of it along with it.

    A checkout whose local changes would be overwritten is left alone, and so is the branch.
    """
    checkout = _checkout_of(tree, main)
    if checkout is not None:
        try:
            git(checkout, "read-tree", "-n", "-m", "-u", base, commit)
        except GitFailed as error:
            return Late(f"the checkout of {main} in {checkout} has changes in the way: {error.said}")
    try:
        git(tree, "update-ref", "-m", "ainarres: integrate", f"refs/heads/{main}", commit, base)
    except GitFailed:
        now = git(tree, "rev-parse", f"refs/heads/{main}")
        if now == base:
            raise
        return Late(f"{main} moved from {base[:12]} to {now[:12]} meanwhile")
    if checkout is not None:
        git(checkout, "read-tree", "-m", "-u", base, commit)
    return Merged(commit, base)


def verdict(outcome: Merged | Rejected | Late, approved: str) -> dict[str, Any]:
    """Return the verb that reports an outcome."""
    match outcome:
        case Merged(commit, base):
            artifacts = [
                {"type": "commit", "ref": approved, "digest": approved},
                {"type": "merge", "ref": commit, "digest": commit, "base": base},
            ]
            return {"verb": "advance", "note": f"merged as {commit[:12]}", "artifacts": artifacts}
        case Rejected(reason):
            return {"verb": "reject", "reason": reason}
        case Late(reason):
            return {"verb": "release", "reason": reason, "cause": "infra"}


def main() -> int:
    """Read an assignment on standard input, integrate, print the verdict; return the exit status."""
    parser = argparse.ArgumentParser(description="Integrate the approved commit of one task.")
    parser.add_argument("--main", default="main", help="branch to merge into")
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds that the task's validate may take")
    chosen = parser.parse_args()
    assignment = json.load(sys.stdin)
    task, payload = assignment["task"], assignment["task"]["payload"]
    approved = task.get("approved")
    if approved is None:
        outcome: Merged | Rejected | Late = Rejected("no review has approved a commit")
    else:
        outcome = integrate(
            Path(assignment["workspace"]),
            approved=approved,
            base=assignment["base"],
            main=chosen.main,
            validate=payload.get("validate"),
            message=f"{task['title']}\n\nAinarres-Task: {task['id']}\nAinarres-Approved: {approved}\n",
            limit=chosen.limit,
        )
    print(json.dumps(verdict(outcome, approved)))  # noqa: T201 - the verdict goes to the agent by this way
    return 0


def _red(tree: Path, validate: str, limit: float) -> str | None:
    """Run ``validate`` and return what it said if it failed."""
    try:
        done = subprocess.run(  # noqa: S603 - the task's own command, run with the integrator's rights, is its job
            ["/bin/sh", "-c", validate],
            cwd=tree,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"`{validate}` did not end within {limit:g} s"
    if done.returncode == 0:
        return None
    tail = "\n".join(done.stdout.decode("utf-8", "replace").splitlines()[-TAIL:])
    return f"`{validate}` ended with {done.returncode}\n{tail}"


def _merge_of(tree: Path, approved: str, tip: str) -> str | None:
    """Return the commit between ``approved`` and ``tip`` that merged it, if one did."""
    for line in git(tree, "rev-list", "--merges", "--parents", "--ancestry-path", f"{approved}..{tip}").splitlines():
        commit, _, *merged = line.split()
        if approved in merged:
            return commit
    return None


def _checkout_of(tree: Path, branch: str) -> Path | None:
    place = None
    for line in git(tree, "worktree", "list", "--porcelain", "-z").split("\0"):
        if line.startswith("worktree "):
            place = Path(line.removeprefix("worktree "))
        elif line == f"branch refs/heads/{branch}":
            return place
    return None


def _name() -> str:
    return os.environ.get("GIT_AUTHOR_NAME", "ainarres")


if __name__ == "__main__":
    sys.exit(main())
