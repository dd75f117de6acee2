"""Runs of a program: read line by line, bounded in time, and nothing of its process group is left."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

import pytest

from ainarres.faults import InvalidInput
from ainarres.swarm import harness
from ainarres.swarm.adapter import Invocation, Verdict
from ainarres.swarm.halt import Halt
from ainarres.swarm.script import Script, ScriptReader

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ainarres.swarm.harness import Run

STUBBORN = "trap '' TERM; sleep 1000 & echo $! >&2; echo $$ >&2; echo ready; wait; wait"


class Shell:
    """Runs shell text, keeping reader and log."""

    def __init__(self, folder: Path) -> None:
        self.reader, self.folder, self.log = ScriptReader(), folder, folder / "log"

    def __call__(self, text: str, *, limit: float = 20.0, halt: Halt | None = None, stdin: bytes = b"") -> Run:
        with Halt() as own:
            return harness.run(
                Invocation(("/bin/sh", "-c", text), stdin),
                directory=self.folder,
                environment={"PATH": "/usr/bin:/bin"},
                reader=self.reader,
                log=self.log,
                limit=limit,
                halt=halt or own,
                grace=0.2,
            )


@pytest.fixture
def run(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_takes_the_last_verdict_and_ignores_what_it_does_not_know(run: Shell) -> None:
    done = run(
        """echo hello; echo '{"verb": "fly"}'; echo '{"broken'; echo '[1]'; echo '{"verb": "advance", "note": "a"}'
        printf '{"verb": "reject", "reason": "b", "usage": {"input_tokens": 3, "output_tokens": -1, "model": "m"}}'"""
    )
    assert (done.ended, done.status) == ("exited", 0)
    assert run.reader.verdict == Verdict("reject", {"reason": "b"})
    usage = run.reader.usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.model) == (3, None, "m")
    assert b"hello" in run.log.read_bytes()


def test_says_nothing_when_nothing_was_said(run: Shell) -> None:
    assert run("exit 7").status == 7
    assert run.reader.verdict is None
    assert run.reader.usage is None, "unmeasured is not zero"


def test_feeds_more_than_a_pipe_holds_to_a_program_that_may_not_read(run: Shell) -> None:
    assert run("cat > copy", stdin=b"x" * 300_000).status == 0
    assert (run.folder / "copy").stat().st_size == 300_000
    assert run("exit 0", stdin=b"x" * 300_000).status == 0


def test_the_limit_ends_the_whole_group_even_a_stubborn_one(run: Shell, alive: Callable[[int], bool]) -> None:
    done = run(STUBBORN, limit=0.3)
    assert done.ended == "limit"
    pids = [int(line) for line in run.log.read_text().split() if line.isdigit()]
    assert len(pids) == 2
    assert not any(alive(pid) for pid in pids)


def test_a_daemon_left_behind_is_ended_and_not_waited_for(run: Shell, alive: Callable[[int], bool]) -> None:
    done = run("sleep 1000 & echo $!")
    assert done.ended == "exited"
    assert not alive(int(run.log.read_text()))


def test_halting_ends_it_at_once(run: Shell, until: Callable[[Callable[[], bool]], None]) -> None:
    with Halt() as halt:
        ended: list[Run] = []
        worker = threading.Thread(target=lambda: ended.append(run(STUBBORN, halt=halt)))
        worker.start()
        until(lambda: run.log.exists() and "ready" in run.log.read_text())
        halt.call("lease_lost")
        worker.join()
    assert ended[0].ended == "halted"


def test_a_program_that_does_not_exist_is_bad_input(run: Shell, tmp_path: Path) -> None:
    with Halt() as halt, pytest.raises(InvalidInput, match="does not start"):
        harness.run(
            Invocation(("no-such-program",), b""),
            directory=tmp_path,
            environment={},
            reader=run.reader,
            log=run.log,
            limit=1,
            halt=halt,
        )


def test_a_script_adapter_needs_a_command() -> None:
    with pytest.raises(InvalidInput, match="after --"):
        Script([])
    assert Script([sys.executable]).name == "script"
