"""Peers to be compared with, installed beside the project and run by scripts of their own (``bench/peer``).

``python -m bench.peers`` installs them into ``bench/.peers``, which git ignores: a venv and a ``node_modules`` with
pinned versions. A peer that is not there is reported absent, with the reason.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench import crew

SCRIPTS = Path(__file__).parent / "peer"
PLACE = Path(__file__).parent / ".peers"
PYTHON = PLACE / "venv" / "bin" / "python"
MODULES = PLACE / "node_modules"


@dataclass(frozen=True, slots=True)
class Peer:
    """How a peer is run: its script, and the arguments of it that choose its configuration."""

    name: str
    script: str
    options: tuple[str, ...]
    jobs: int
    """Jobs that are waiting when it begins: more than it can do in the time."""
    note: str

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of the script with ``arguments``."""
        program = "node" if self.script.endswith(".cjs") else str(PYTHON)
        return [program, str(SCRIPTS / self.script), *arguments]

    def version(self) -> str:
        """Return the versions the peer says it has. Raises ``crew.Failed`` where it is not installed."""
        return _run(self.command("versions")).strip()

    def prepare(self, url: str) -> None:
        """Make its tables and its jobs. Raises ``crew.Failed``."""
        _run(self.command("prepare", url, str(self.jobs)))

    def race(self, url: str, seconds: float, processes: int, workers: int) -> float:
        """Run it in so many processes of so many workers; returns its jobs a second. Raises ``crew.Failed``."""
        one = self.command("work", url, str(workers), *self.options)
        return crew.run([one] * processes, seconds, _environment()).rate


PEERS = (
    Peer("Procrastinate", "on_procrastinate.py", ("always",), 20_000, "done jobs deleted"),
    Peer("PGQueuer", "on_pgqueuer.py", ("1",), 40_000, "batch size 1"),
    Peer("PGQueuer, batches of 10", "on_pgqueuer.py", ("10",), 100_000, "batch size 10"),
    Peer("Graphile Worker", "on_graphile.cjs", ("1",), 60_000, "no local queue"),
    Peer("Graphile Worker, batches", "on_graphile.cjs", ("500",), 300_000, "local queue of 500, completions together"),
)


def install() -> None:
    """Install what is missing, each peer's language by itself: one that cannot be had leaves the others alone."""
    PLACE.mkdir(exist_ok=True)
    for name, commands in {
        "Python": (
            [sys.executable, "-m", "venv", str(PLACE / "venv")],
            [str(PYTHON), "-m", "pip", "install", "--quiet", "-r", str(SCRIPTS / "requirements.txt")],
        ),
        "Node": (["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"],),
    }.items():
        shutil.copy(SCRIPTS / "package.json", PLACE)
        for command in commands:
            try:
                _run(command, PLACE)
            except crew.Failed as error:
                sys.stderr.write(f"{name}: {error}\n")
                break


def _run(command: list[str], folder: Path | None = None) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - a benchmark's own scripts
            command, capture_output=True, text=True, check=False, cwd=folder, env=_environment()
        )
    except FileNotFoundError as error:
        raise crew.Failed(f"not installed: {error.filename}") from None
    if done.returncode:
        raise crew.Failed((done.stderr or done.stdout).strip()[-2000:])
    return done.stdout


def _environment() -> dict[str, str]:
    return os.environ | {"PEERS": str(MODULES)}


if __name__ == "__main__":
    install()
