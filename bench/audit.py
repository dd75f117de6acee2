"""How fast a ledger is exported, imported, sealed, sealed again and verified, and in how much memory.

A few whole lives of tasks are worked through the verbs, exported, and repeated under other ids until there are as many
events as asked for. Run as ``python -m bench.audit [--events N]``; writes ``bench/results/audit.json``.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.scene import CHEAP, DESIGNER, FAMILIES, FRONTIER, PROJECT, WORKFLOW

from ainarres.database import embedded
from ainarres.database.connect import connect
from ainarres.database.migrate import migrate
from ainarres.domain import commands as c
from ainarres.ledger import canonical, export, note, store
from ainarres.verbs import importing, sealing, verifying
from ainarres.verbs.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RESULT = Path(__file__).parent / "results" / "audit.json"
GATE = 10_000
LIVES = 20


def main() -> None:
    """Run everything and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    events = parser.parse_args().events
    with tempfile.TemporaryDirectory(prefix="ainarres-bench-") as folder:
        Path(folder).chmod(0o711)
        result = _measure(Path(folder), events)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(result, indent=2) + "\n")
    sys.exit(result["verify"]["events_per_second"] < GATE)


def _measure(folder: Path, events: int) -> dict[str, Any]:
    small, large = folder / "small", folder / "large"
    big, key = folder / "big.jsonl", note.make_key(folder / "key")
    try:
        begin, lives = _lives(embedded.ensure(small))
        big.write_bytes(b"".join(begin))
        with big.open("ab") as file:
            file.writelines(_repeated(lives, len(begin), events))
        url = embedded.ensure(large)
        migrate(embedded.owner_url(large))
        with connect(embedded.owner_url(large), idle_seconds=0, statement_seconds=0) as owner:
            figures: dict[str, Any] = {"import": _timed(events, lambda: importing.load(owner, big))}
            owner.execute("ALTER SEQUENCE ledger.position MAXVALUE 281474976710655")
            owner.execute("VACUUM ANALYZE ledger.event")
        with connect(url) as connection:
            figures["seal"] = _timed(events, lambda: sealing.seal(connection, key))
            Session(connection).execute(c.Create(lane="web/dev", title="one more"))
            figures["seal_again"] = _timed(1, lambda: sealing.seal(connection, key))
            upto = store.horizon(connection)
            figures["export"] = _timed(events, lambda: sum(map(len, export.lines(connection, upto))))
        figures["verify"] = _timed(events, lambda: _sound(verifying.verify(url)))
        figures["verify_export"] = _timed(events, lambda: _sound(verifying.verify_export(big)))
        here, children = (
            resource.getrusage(who).ru_maxrss // 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        figures["memory_mib"] = {"process": here, "second_process": children}
    finally:
        for home in (small, large):
            embedded.stop(home)
    return {"events": events, "machine": platform.platform(), "python": platform.python_version(), **figures}


def _sound(verified: verifying.Verified) -> None:
    assert verified.sound, verified.differences[0]


def _timed(events: int, run: Callable[[], Any]) -> dict[str, float]:
    begin = time.perf_counter()
    run()
    seconds = time.perf_counter() - begin
    return {"seconds": round(seconds, 3), "events_per_second": round(events / seconds)}


def _lives(url: str) -> tuple[list[bytes], list[bytes]]:
    """Work whole lives of tasks; returns the lines before them and their own."""
    migrate(url.replace("ainarres_app", "ainarres_owner"))
    with connect(url) as connection:
        human = Session(connection)
        for command in (
            c.OpenLedger(),
            c.AdoptWorkflow(text=WORKFLOW, source="dev.toml"),
            c.AdoptProject(text=PROJECT, source="project.toml"),
            c.AdoptFamilies(text=FAMILIES, source="families.toml"),
        ):
            assert human.execute(command).ok
        agents = [
            Session(connection, human.execute(c.IssueToken(family=family)).extra["token"])
            for family in (DESIGNER, CHEAP, FRONTIER)
        ]
        before = store.horizon(connection)
        for number in range(LIVES):
            made = human.execute(c.Create(lane="web/dev", title=f"task {number}", payload={"goal": "x" * 200}))
            assert made.task is not None
            for agent in agents:
                assert agent.execute(c.Claim(task=made.task["id"]), UUID(int=number * 10 + 1)).ok
                agent.execute(c.Progress(task=made.task["id"], note="half of it is done, tests are next"))
                assert agent.execute(c.Advance(task=made.task["id"], note="done")).ok
        lines = list(export.lines(connection, store.horizon(connection)))
    cut = next(number for number, line in enumerate(lines) if json.loads(line)["id"] == str(before)) + 1
    return lines[:cut], lines[cut:]


def _repeated(lives: list[bytes], after: int, events: int) -> Iterator[bytes]:
    """Yield the lives again and again, ids and positions new each time, until there are ``events``."""
    documents = [canonical.from_line(line[:-1]) for line in lives]
    tasks = {document["task"] for document in documents if "task" in document}
    text = json.dumps(documents)
    position, versions = after, dict[str, int]()
    for turn in range(events):
        again = (
            re.sub(
                "|".join(map(re.escape, sorted(tasks))),
                lambda found, turn=turn: found[0][:-8] + f"{turn:08x}"[-8:],
                text,
            )
            if turn
            else text
        )
        for document in json.loads(again):
            position += 1
            if position > events:
                return
            stream = document["subject"]
            versions[stream] = (
                versions.get(stream, 0) + 1 if not stream.startswith("agent-") else versions.get(stream, 0)
            )
            if "command" in document:
                document["command"] = str(UUID(int=position))
            document["id"] = str(position)
            yield canonical.of(document) + b"\n"


if __name__ == "__main__":
    main()
