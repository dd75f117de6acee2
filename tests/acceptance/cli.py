"""The real program in a subprocess, with an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ainarres import stock
from ainarres.database.connect import connect
from ainarres.domain import commands as c
from ainarres.verbs.session import Session

if TYPE_CHECKING:
    from tests.database import Database

PROGRAM = Path(sys.executable).with_name("ainarres")


@dataclass(frozen=True)
class Said:
    """What a run said and how it ended."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout; anything beside it is an error."""
        found: dict[str, Any] = json.loads(self.out)
        return found


class Terminal:
    """Somebody at a terminal, in a folder, with a database."""

    def __init__(self, folder: Path, url: str | None, **environ: str) -> None:
        self.folder = folder
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
        self.environ = {**kept, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)}
        self.environ |= {"AINARRES_URL": url} if url else {}
        self.environ |= environ

    def __call__(self, *argv: str, token: str | None = None, stdin: str = "", **environ: str) -> Said:
        """Run ``ainarres`` and insist that no traceback is shown."""
        extra = {"AINARRES_TOKEN": token} if token else {}
        done = subprocess.run(
            [str(PROGRAM), *argv],
            cwd=self.folder,
            env=self.environ | extra | environ,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stderr
        return Said(done.returncode, done.stdout, done.stderr)

    def ok(self, *argv: str, token: str | None = None, **environ: str) -> dict[str, Any]:
        """Run with ``--json`` and insist that it worked."""
        said = self(*argv, "--json", token=token, **environ)
        assert said.status == 0, (argv, said)
        return said.document


def opened(folder: Path, database: Database, project: str, families: str) -> Terminal:
    """Open a ledger with the stock workflows, a project and families, without a process a step."""
    with connect(database.url) as connection:
        session = Session(connection)
        adopted: list[c.Command] = [c.OpenLedger()]
        adopted += [c.AdoptCard(role=name, text=stock.read("role", name)) for name in stock.names("role")]
        for name in stock.names("workflow"):
            adopted += [c.AdoptWorkflow(text=stock.read("workflow", name), source=f"{name}.toml")]
        adopted.append(c.AdoptProject(text=project, source="project.toml"))
        adopted.append(c.AdoptFamilies(text=families, source="families.toml"))
        for command in adopted:
            envelope = session.execute(command)
            assert envelope.ok, envelope
    return Terminal(folder, database.url)
