"""The oldest PostgreSQL that is supported: a server of it, and the suites that run on it (``make test-15``).

Its programs are where ``AINARRES_PG15`` says, else where Debian's package ``postgresql-15`` puts them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ainarres.database import account

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = Path(os.environ.get("AINARRES_PG15", "/usr/lib/postgresql/15/bin"))
NEEDED = (
    f"no PostgreSQL 15 in {PROGRAMS}: install postgresql-15, or name the directory of its programs in AINARRES_PG15"
)
SUITES = (
    "tests/contract",
    "tests/integration/ledger",
    "tests/integration/verbs",
    "tests/integration/audit/test_backup.py",
)
MOVE = "tests/integration/audit/fifteen.py"
"""From 15 to 18: needs both, so it takes its 15 itself."""


@contextmanager
def server() -> Iterator[str]:
    """Run a server of its own and yield the URL of its superuser; nothing is left of it afterwards."""
    who, folder = account.current(), Path(tempfile.mkdtemp(prefix="ainarres-15-"))
    who.own(folder)
    data = folder / "data"

    def run(program: str, *arguments: str) -> None:
        command = [str(PROGRAMS / program), *arguments]
        subprocess.run(command, cwd="/", check=True, capture_output=True, **who.identity())

    try:
        run("initdb", "-D", str(data), "-U", "postgres", "-E", "UTF8", "--auth=trust", "--no-sync", "--locale=C")
        options = f"-k {folder} -p 5432 -c listen_addresses= -c fsync=off -c max_connections=200"
        run("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def main() -> int:
    """Run the suites on PostgreSQL 15 and return pytest's status; 2 where there is none."""
    if not (PROGRAMS / "initdb").exists():
        sys.stderr.write(f"{NEEDED}\n")
        return 2
    with server() as url:
        given = {"AINARRES_TEST_URL": url, "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"}
        status = _pytest({**os.environ, **given}, *sys.argv[1:], *SUITES)
    return _pytest(dict(os.environ), MOVE) or status


def _pytest(environment: dict[str, str], *arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", "-q", *arguments], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
