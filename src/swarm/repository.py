"""Git as this package uses it: one function to run it, and one error that says what it said.

Nothing asks a question, no hook or signing key of the user's is involved, and no process is left behind.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from ainarres.faults import Fault, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SETTINGS = {
    "core.hooksPath": os.devnull,
    "commit.gpgSign": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "advice.detachedHead": "false",
}


class GitFailed(Fault):
    """A git command did not succeed; ``status`` is its exit status, the message what it said."""

    def __init__(self, arguments: tuple[str, ...], status: int, said: str) -> None:
        self.status, self.said = status, said
        super().__init__(f"git {' '.join(arguments)} ended with {status}: {said or 'no word'}")


def environment(name: str, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what makes git act as ``name``, on top of ``given`` (the caller's own environment by default)."""
    inherited = os.environ if given is None else given
    kept = {key: value for key, value in inherited.items() if not key.startswith("GIT_")}
    settings = {"GIT_CONFIG_COUNT": str(len(SETTINGS))}
    for number, (key, value) in enumerate(SETTINGS.items()):
        settings |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    person = {f"GIT_{who}_NAME": name for who in ("AUTHOR", "COMMITTER")}
    person |= {f"GIT_{who}_EMAIL": f"{name}@ainarres.invalid" for who in ("AUTHOR", "COMMITTER")}
    return {**kept, **settings, **person, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}


def git(directory: Path, *arguments: str, name: str = "ainarres", given: str | None = None) -> str:
    """Run ``git arguments`` in ``directory`` and return its output without the last line end.

    ``name`` signs commits, ``given`` is standard input. Raises GitFailed when git says no.
    """
    done = subprocess.run(  # noqa: S603 - fixed program, arguments never pass a shell
        ["git", *arguments],  # noqa: S607 - the git of the user's PATH is the one meant
        cwd=directory,
        env=environment(name),
        input=given if given is not None else "",
        capture_output=True,
        text=True,
        errors="surrogateescape",
        check=False,
    )
    if done.returncode:
        raise GitFailed(arguments, done.returncode, " ".join((done.stderr or done.stdout).split()))
    return done.stdout.removesuffix("\n")


def holds(directory: Path, *arguments: str) -> bool:
    """Tell whether a git command that answers with its exit status says yes. Raises GitFailed above status 1."""
    try:
        git(directory, *arguments)
    except GitFailed as error:
        if error.status == 1:
            return False
        raise
    return True


def check_repository(repository: Path, main: str) -> None:
    """Make sure that ``repository`` is one and has the branch ``main``. Raises InvalidInput."""
    try:
        git(repository, "rev-parse", "--verify", "--quiet", f"refs/heads/{main}^{{commit}}")
    except (GitFailed, OSError):
        raise InvalidInput(
            "repository", f"{repository} is no git repository with a branch {main}", "name one, and commit once"
        ) from None
