"""Where one attempt works: a git worktree of its own, a private HOME, and a PATH that refuses what the role may not
run.

An attempt's folder lies outside the main checkout: ``tree/`` (the worktree), ``home/``, ``bin/`` (the refusals) and
``owner`` and ``harness`` (the processes it belongs to). Who produces works on the branch ``ainarres/<task>``; who
judges stands on the very commit that is judged, on no branch. A folder is removed after its attempt unless it holds
work that exists nowhere else; then it is moved to ``parked/`` and the log says where. The refusals are a guard rail
against accidents, not a sandbox.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shlex
import shutil
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ainarres.faults import InvalidInput
from ainarres.swarm.repository import GitFailed, check_repository, environment, git

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PRODUCERS = ("implementer", "worker")
JUDGES = ("reviewer", "auditor")
INTEGRATOR = "integrator"
REFUSED_PROGRAMS = ("psql", "pg_dump", "pg_restore", "createdb", "dropdb")
REFUSED_GIT = ("push", "send-pack", "worktree", "update-ref")
REFUSED_STATUS = 97
KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TERM", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(frozen=True, slots=True)
class Workspace:
    """One attempt's place."""

    folder: Path
    branch: str
    """The task's branch, checked out or not."""
    base: str
    """The commit of the main branch that the work began at."""

    @property
    def tree(self) -> Path:
        """The worktree."""
        return self.folder / "tree"

    @property
    def home(self) -> Path:
        """The private HOME."""
        return self.folder / "home"

    def started(self, pid: int) -> None:
        """Remember the process group of the harness, which a dead agent cannot end any more."""
        _name_process(self.folder / "harness", pid)

    @property
    def log(self) -> Path:
        """What the program said; it outlives the workspace."""
        return self.folder.parent / "logs" / f"{self.folder.name}.log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspaces:
    """Makes and collects the workspaces of one repository under ``root``, a folder outside its checkout.

    ``main`` is the branch that work begins at; ``secrets`` maps names under HOME to files that are linked there.
    """

    repository: Path
    root: Path
    main: str = "main"
    secrets: Mapping[str, Path] = field(default_factory=dict)

    def prepare(self, task: Mapping[str, Any], *, role: str) -> Workspace:
        """Make the workspace of the attempt that holds ``task`` (as in the envelope, fence included).

        ``role`` is the role card's: producers get the task's branch, judges the commit they judge, others the main
        branch's.

        Raises InvalidInput when the repository is none, GitFailed when git refuses.
        """
        check_repository(self.repository, self.main)
        branch = f"ainarres/{task['id']}"
        folder = self.root / f"{str(task['id'])[-8:]}-{task['fence']}"
        with self._locked():
            if folder.exists():
                self._clear(folder)
            tip = git(self.repository, "rev-parse", f"refs/heads/{self.main}")
            (folder / "home").mkdir(parents=True)
            _name_process(folder / "owner", os.getpid())
            tree = str(folder / "tree")
            if role in PRODUCERS:
                self._free(branch)
                known = git(self.repository, "for-each-ref", f"refs/heads/{branch}")
                arguments = [tree, branch] if known else ["--no-track", "-b", branch, tree, tip]
                git(self.repository, "worktree", "add", *arguments)
            else:
                git(
                    self.repository,
                    "worktree",
                    "add",
                    "--detach",
                    tree,
                    (judged(task) if role in JUDGES else None) or tip,
                )
            base = git(folder / "tree", "merge-base", tip, "HEAD")
        self._furnish(folder, role)
        return Workspace(folder, branch, base)

    def environment(self, workspace: Workspace, *, name: str, given: Mapping[str, str]) -> dict[str, str]:
        """Return the whole environment of a program that works there as ``name``, ``given`` added.

        The ``ainarres`` command of this installation is on its PATH, behind the refusals.
        """
        kept = {key: os.environ[key] for key in KEPT_VARIABLES if key in os.environ}
        path = os.pathsep.join([str(workspace.folder / "bin"), str(Path(sys.executable).parent), kept.get("PATH", "")])
        private = {
            f"XDG_{kind}_HOME": str(workspace.home / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")
        }
        return environment(name, {**kept, **private, "PATH": path, "HOME": str(workspace.home), **given})

    def collect(self, workspace: Workspace) -> Path | None:
        """Remove a workspace whose attempt is over; return where it was parked instead, if it holds unsaved work."""
        with self._locked():
            return self._clear(workspace.folder)

    def gc(self) -> list[Path]:
        """Collect the workspaces of processes that are gone; return where those with unsaved work were parked."""
        with self._locked():
            gone = [owner.parent for owner in sorted(self.root.glob("*/owner")) if not _lives(owner)]
            return [place for folder in gone if (place := self._clear(folder))]

    def _free(self, branch: str) -> None:
        """Take the branch away from the worktree of an earlier attempt, whose process may be dead or just too late."""
        listed = git(self.repository, "worktree", "list", "--porcelain", "-z").split("\0")
        place: Path | None = None
        for line in listed:
            if line.startswith("worktree "):
                place = Path(line.removeprefix("worktree "))
            elif line == f"branch refs/heads/{branch}" and place is not None:
                if place.parent.parent != self.root.resolve():
                    raise InvalidInput(
                        "repository", f"{branch} is checked out in {place}", "switch that to another branch"
                    )
                if place.exists():
                    self._clear(place.parent)
                else:
                    git(self.repository, "worktree", "remove", "--force", str(place))

    def _clear(self, folder: Path) -> Path | None:
        """Remove an attempt's folder, or park it; a harness that outlived its agent is killed first."""
        tree = folder / "tree"
        if not folder.exists():  # a later attempt took its branch, and has parked or removed it
            return None
        if not _lives(folder / "owner") and _lives(folder / "harness"):
            os.killpg(int((folder / "harness").read_text("utf-8").split()[0]), signal.SIGKILL)
        if tree.exists() and _unsaved(tree):
            return self._park(folder)
        if tree.exists():
            with contextlib.suppress(GitFailed):  # no worktree yet, or no more: removed with its folder
                git(self.repository, "worktree", "remove", "--force", str(tree))
        shutil.rmtree(folder)
        return None

    def _park(self, folder: Path) -> Path:
        place = self.root / "parked" / folder.name
        number = 1
        while place.exists():
            number += 1
            place = self.root / "parked" / f"{folder.name}-{number}"
        place.parent.mkdir(exist_ok=True)
        # Frees the branch and touches neither files nor index, which a killed git may have left locked.
        git(folder / "tree", "update-ref", "--no-deref", "HEAD", "HEAD")
        folder.rename(place)
        git(self.repository, "worktree", "repair", str(place / "tree"))
        (place / "owner").unlink(missing_ok=True)
        return place

    def _furnish(self, folder: Path, role: str) -> None:
        for name, secret in self.secrets.items():
            link = folder / "home" / name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(secret.absolute())
        (self.root / "logs").mkdir(exist_ok=True)
        programs = folder / "bin"
        programs.mkdir()
        for name in REFUSED_PROGRAMS:
            _write_program(programs / name, _refusal(name))
        if role != INTEGRATOR and (real := shutil.which("git")):
            _write_program(programs / "git", _guarded_git(real, role))

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One process at a time makes or removes worktrees: git's own list of them has no lock."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def judged(task: Mapping[str, Any]) -> str | None:
    """Return the commit that a judge of ``task`` looks at: the delivery, or once that is approved and merged, the
    merge.
    """
    newest = {a["type"]: a.get("digest") for a in task.get("artifacts") or ()}
    found = (newest.get("merge") if task.get("approved") else None) or newest.get("commit")
    return None if found is None else str(found)


def _unsaved(tree: Path) -> bool:
    """Tell whether a worktree holds changes not committed, or commits that no branch holds."""
    try:
        if git(tree, "status", "--porcelain", "--untracked-files=all"):
            return True
        return git(tree, "rev-list", "--count", "HEAD", "--not", "--branches") != "0"
    except GitFailed:
        return any(tree.iterdir())  # half made: whatever is in it may be work


def _name_process(file: Path, pid: int) -> None:
    file.write_text(_process(pid) or "", "utf-8")


def _lives(file: Path) -> bool:
    """Tell whether the process that a file names is alive; no file names none."""
    said = file.read_text("utf-8") if file.exists() else ""
    return said != "" and _process(int(said.split()[0])) == said


def _process(pid: int) -> str | None:
    """Name a live process so that a later one with its number is not taken for it; None when there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return None
        return str(pid) if _alive(pid) else None
    return f"{pid} {fields[19]}"  # field 22 of stat(5): start time since boot


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _write_program(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
    path.chmod(0o755)


def _refusal(name: str) -> str:
    said = f"ainarres: an agent may not run {name}; speak to the ledger with ainarres"
    return f"#!/bin/sh\necho '{said}' >&2\nexit {REFUSED_STATUS}\n"


def _guarded_git(real: str, role: str) -> str:
    refused = "|".join(REFUSED_GIT)
    return f"""#!/bin/sh
skip=
for word do
  if [ -n "$skip" ]; then skip=; continue; fi
  case "$word" in
    -C|-c|--git-dir|--work-tree|--namespace|--exec-path|--super-prefix|--config-env) skip=1 ;;
    -*) ;;
    {refused})
      echo "ainarres: the role {role} may not run git $word; commit on your branch and advance the task" >&2
      exit {REFUSED_STATUS} ;;
    *) break ;;
  esac
done
exec {shlex.quote(real)} "$@"
"""
