"""A follower of the ledger: it reads by position and writes down all it saw, so that a gap behind it shows."""

from __future__ import annotations

import json
from pathlib import Path

from psycopg import Error

from ainarres.database.connect import connect
from ainarres.faults import AinarresError
from ainarres.ledger import store
from ainarres.swarm.halt import Halt
from bench.soak.diary import Diary

LOOK = 0.01
"""Seconds between two looks."""
AT_ONCE = 2000


def live(url: str, path: str) -> None:
    """Follow until a signal ends it, from where an earlier follower of the same diary stopped."""
    diary, last = Diary(Path(path)), _last(Path(path))
    with Halt() as halt:
        halt.on_signals()
        while halt.reason is None:
            try:
                with connect(url) as connection:
                    while not halt.wait(LOOK):
                        seen = [event.position for event in store.read(connection, last, AT_ONCE)]
                        if seen:
                            diary.write({"seen": seen})
                            last = seen[-1]
            except (Error, AinarresError):
                halt.wait(LOOK)


def _last(path: Path) -> int:
    for line in reversed(path.read_bytes().splitlines() if path.exists() else []):
        try:
            return int(json.loads(line)["seen"][-1])
        except ValueError:
            continue
    return 0
