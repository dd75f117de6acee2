"""Cycles of a claim and an advance through the verbs, each verb with a key of its own, one agent a connection.

Run as ``python -m bench.cycle two|one|paced:SECONDS URL TOKENS FILE``: ``two`` is a claim and an advance, two
transactions; ``one`` is ``done --claim-next``, which advances what is held and claims the next task in one; ``paced``
is ``two`` begun every so many seconds (0: at once), and notes how long each claim took behind the moment it ended.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING
from uuid import uuid4

from ainarres.database.connect import connect
from ainarres.domain import commands as c
from ainarres.verbs.session import Session
from bench import crew

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def two(session: Session, left: Callable[[], bool]) -> Sequence[float]:
    """Claim and advance until the time is up; returns when each cycle ended."""
    stamps = []
    while left():
        claimed = session.execute(c.Claim(), uuid4())
        if claimed.task is None:
            break
        advanced = session.execute(c.Advance(task=claimed.task["id"], fence=claimed.task["fence"]), uuid4())
        if not advanced.ok:
            raise crew.Failed(f"{advanced.code}: {advanced.reason}")
        stamps.append(time.monotonic())
    return stamps


def one(session: Session, left: Callable[[], bool]) -> Sequence[float]:
    """Finish what is held and claim the next, until the time is up; returns when each cycle ended."""
    stamps = []
    held = session.execute(c.Claim(), uuid4())
    while left() and held.task is not None:
        held = session.execute(c.Done(fence=held.task["fence"], claim_next=True), uuid4())
        if not held.ok:
            raise crew.Failed(f"{held.code}: {held.reason}")
        stamps.append(time.monotonic())
    return stamps


def paced(session: Session, left: Callable[[], bool], every: float) -> Sequence[float]:
    """Begin a cycle every ``every`` seconds until the time is up; returns when each claim ended and how long it took.

    Who is late begins at once, and the claim counts from the moment it was due: waiting is part of what it took.
    """
    noted: list[float] = []
    due = time.monotonic()
    while left():
        now = time.monotonic()
        if now < due:
            time.sleep(due - now)
        begun = due if every and due > now - every else time.monotonic()
        claimed = session.execute(c.Claim(), uuid4())
        ended = time.monotonic()
        if claimed.task is None:
            break
        advanced = session.execute(c.Advance(task=claimed.task["id"], fence=claimed.task["fence"]), uuid4())
        if not advanced.ok:
            raise crew.Failed(f"{advanced.code}: {advanced.reason}")
        noted += (ended, ended - begun)
        due = max(due + every, time.monotonic() - every)
    return noted


def main() -> None:
    """Be a worker process, one thread a token."""
    way, url, given, file = sys.argv[1:]
    name, _, every = way.partition(":")
    tokens = given.split(",")

    def work(number: int, left: Callable[[], bool]) -> Sequence[float]:
        with connect(url, statement_seconds=0) as connection:
            session = Session(connection, tokens[number])
            if name == "paced":
                return paced(session, left, float(every))
            return {"two": two, "one": one}[name](session, left)

    crew.serve(file, len(tokens), work)


if __name__ == "__main__":
    main()
