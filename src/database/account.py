"""Who runs the embedded server: PostgreSQL refuses to run as root, so root hands it to an unprivileged account.

The account is a system user of its own, ``ainarres``, made on first use: no other daemon shares it, so nobody else can
open the data directory or the socket. Where no user can be made (a read-only ``/etc``), ``nobody`` is the fallback;
it is weaker, since other services may run as ``nobody`` too. Permissions of directories that are not ours are never
touched: where the account cannot reach something, that is an error for a person to decide on.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from ainarres.faults import InvalidInput

if TYPE_CHECKING:
    from pathlib import Path

NAME = "ainarres"


class Identity(TypedDict, total=False):
    """The arguments of ``subprocess`` that put a child under the account."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """The user the server runs as; ``switched`` when that is not the user of this process."""

    name: str
    uid: int
    gid: int
    switched: bool

    def identity(self) -> Identity:
        """Arguments for ``subprocess.run``: empty when the process already is the account."""
        return Identity(user=self.uid, group=self.gid, extra_groups=[]) if self.switched else Identity()

    def own(self, path: Path) -> None:
        """Give ``path``, which we have just made, to the account."""
        if self.switched:
            os.chown(path, self.uid, self.gid)

    def can(self, test: str, path: Path) -> bool:
        """Ask the kernel, as the account, whether ``test`` (a flag of test(1): ``x``, ``w``) holds for ``path``."""
        # Asking from inside the account is exact where reading mode bits is not: ACLs, mounts, security modules.
        script = f'test -{test} "$1"'
        arguments = ["/bin/sh", "-c", script, "sh", str(path)]
        return subprocess.run(arguments, cwd="/", check=False, **self.identity()).returncode == 0  # noqa: S603 - fixed script


def current() -> Account:
    """The account for this process: itself, or for root an unprivileged user (made when absent)."""
    if os.geteuid() != 0:
        return Account(str(os.geteuid()), os.geteuid(), os.getegid(), switched=False)
    entry = _find(NAME) or _make() or _find("nobody")
    if entry is None or entry.pw_uid == 0:
        raise InvalidInput(
            "home",
            f"root cannot run PostgreSQL, and neither the user {NAME!r} could be made nor 'nobody' found",
            f"run: useradd --system {NAME}",
        )
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, switched=True)


def _find(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _make() -> pwd.struct_passwd | None:
    """Make the system user with whatever this system has for it; a concurrent maker wins quietly."""
    for command in (
        ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", NAME],
        ["adduser", "-S", "-D", "-H", NAME],
    ):
        if shutil.which(command[0]):
            subprocess.run(command, check=False, capture_output=True)  # noqa: S603 - fixed words, no user input
            if entry := _find(NAME):
                return entry
    return None
