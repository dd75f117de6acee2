"""A ledger of its own with a one-step workflow, and `ainarres serve` on it as a process: what faces are measured on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ainarres.database import embedded
from ainarres.database.connect import connect
from ainarres.database.migrate import migrate
from ainarres.domain import commands as c
from ainarres.verbs.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(sys.executable).with_name("ainarres")
FAMILY = "script+worker"
_WORKFLOW = """
key = "step"
title = "One step"
[[stage]]
key = "open"
initial = true
[[stage]]
key = "done"
terminal = true
[[transition]]
from = "open"
to = "done"
requires = ["role:worker"]
"""
_PROJECT = 'key = "web"\n[[lane]]\nkey = "dev"\nworkflow = "step"\n'
_FAMILIES = f'[[family]]\nkey = "{FAMILY}"\nmaker = "none"\ncost_class = 0\ngrants = ["lane:web/dev", "role:worker"]\n'


@contextmanager
def ledger() -> Iterator[tuple[Path, str]]:
    """Make a ledger in a folder of its own; give its home and its URL, and remove it at the end."""
    with tempfile.TemporaryDirectory(prefix="ainarres-bench-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        home = Path(folder) / "home"
        try:
            url = embedded.ensure(home)
            migrate(embedded.owner_url(home))
            with connect(url) as connection:
                human = Session(connection)
                for command in (
                    c.OpenLedger(),
                    c.AdoptWorkflow(text=_WORKFLOW, source="step.toml"),
                    c.AdoptProject(text=_PROJECT, source="project.toml"),
                    c.AdoptFamilies(text=_FAMILIES, source="families.toml"),
                ):
                    done = human.execute(command)
                    assert done.ok, done.reason
            yield home, url
        finally:
            embedded.stop(home)


def token(session: Session, *, scope: str = "agent") -> str:
    """Issue a token; agents are of the one family there is."""
    command = c.IssueToken(scope=scope, family=FAMILY if scope == "agent" else None, agent=None)  # type: ignore[arg-type]
    issued = session.execute(command)
    assert issued.ok, issued.reason
    return str(issued.extra["token"])


class Server:
    """One `ainarres serve`."""

    def __init__(self, url: str, port: int = 0) -> None:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("AINARRES_")}
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [str(PROGRAM), "serve", "--port", str(port), "--rate", "10000"],
            env=environ | {"AINARRES_URL": url},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.base = self._process.stdout.readline().removeprefix("serving on ").strip()
        self.port = int(self.base.rpartition(":")[2])

    def cpu_seconds(self) -> float:
        """Return the processor time that it used so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mib(self) -> float:
        """Return the memory that is its own now."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def stop(self) -> None:
        """Tell it to end, and wait."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=60)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait()
