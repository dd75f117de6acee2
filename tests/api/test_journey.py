"""A task goes the whole way through the stock workflow: by curl, by the official MCP client, from a second machine."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest
from tests.acceptance.cli import PROGRAM, Terminal
from tests.api import journey
from tests.api.machine import PORT, Machine
from tests.api.served import Served
from tests.api.test_mcp import by_http, call

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.database import Database
    from tests.scene import Scene

    from mcp import Client


@pytest.fixture
def world(database: Database) -> Iterator[Scene]:
    """The stock workflow, and a family for each of its roles."""
    made = journey.world(database)
    yield made
    made.close()


@pytest.fixture
def served(world: Scene) -> Iterator[Served]:
    """A server on it."""
    running = Served(world.url)
    yield running
    running.stop()


def test_by_curl(world: Scene, served: Served) -> None:
    tokens = {family: world.token(family) for _, family, _ in journey.STEPS}

    async def say(family: str, verb: str, fields: dict[str, Any]) -> dict[str, Any]:
        config = f'header = "Authorization: Bearer {tokens[family]}"\n'  # not an argument, which others could list
        argv = ["curl", "-sS", "--fail-with-body", "-K", "-", "--json", json.dumps(fields)]
        done = await asyncio.to_thread(
            subprocess.run,
            [*argv, f"{served.base}/v1/verbs/{verb}"],
            input=config,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        envelope: dict[str, Any] = json.loads(done.stdout)
        return envelope

    asyncio.run(journey.walk(world.task(), say))


def test_by_the_official_mcp_client(world: Scene, served: Served) -> None:
    async def whole() -> None:
        async with AsyncExitStack() as stack:
            clients: dict[str, Client] = {}

            async def say(family: str, verb: str, fields: dict[str, Any]) -> dict[str, Any]:
                if family not in clients:
                    clients[family] = await stack.enter_async_context(by_http(served, world.token(family)))
                return await call(clients[family], verb, **fields)

            await journey.walk(world.task(), say)

    asyncio.run(whole())


def test_from_a_second_machine_with_one_port_open(world: Scene, served: Served, tmp_path: Path) -> None:
    tokens = {family: world.token(family) for _, family, _ in journey.STEPS}
    environ = Terminal(tmp_path, None).environ | {"AINARRES_SERVER": f"http://127.0.0.1:{PORT}"}
    machine = Machine(served.port)

    async def say(family: str, verb: str, fields: dict[str, Any]) -> dict[str, Any]:
        argv = [str(PROGRAM), verb, "--json"]
        for name, value in fields.items():
            if name == "task":
                argv.insert(2, value)
            elif name == "artifacts":
                argv += [f"--commit={one['digest']},base={one['base']}" for one in value]
            else:
                argv.append(f"--{name}={value}")
        status, out, err = machine.run(argv, environ | {"AINARRES_TOKEN": tokens[family]}, str(tmp_path))
        assert status == 0, out + err
        envelope: dict[str, Any] = json.loads(out)
        return envelope

    try:
        around = [str(PROGRAM), "status"]
        elsewhere = environ | {"AINARRES_SERVER": served.base, "AINARRES_TOKEN": "ain_x"}  # this machine's own port
        assert machine.run(around, elsewhere, str(tmp_path))[0] == 75
        host = world.human.connection.info.host
        assert host.startswith("/") or machine.run(around, environ | {"AINARRES_URL": world.url}, str(tmp_path))[0]
        asyncio.run(journey.walk(world.task(), say))
        status, out, _ = machine.run(
            [str(PROGRAM), "prime"], environ | {"AINARRES_TOKEN": tokens[journey.DESIGNER]}, "/"
        )
        assert (status, "You hold no task." in out) == (0, True)
    finally:
        machine.close()


def test_an_agent_process_with_nothing_but_a_server_and_a_token(world: Scene, served: Served, tmp_path: Path) -> None:
    task = world.task()
    environ = Terminal(tmp_path, None).environ
    token = world.token(journey.DESIGNER)
    author = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    repository = tmp_path / "web"
    repository.mkdir()
    for argv in (("init", "-q", "-b", "main", "."), (*author, "commit", "-q", "--allow-empty", "-m", "begin")):
        subprocess.run(["git", *argv], check=True, env=environ, cwd=repository)
    worker = (
        "import json, os, sys; told = json.load(sys.stdin); assert 'AINARRES_URL' not in os.environ; "
        "assert os.environ['AINARRES_SERVER']; print(json.dumps({'verb': 'advance', 'note': told['task']['stage']}))"
    )
    working = subprocess.Popen(
        [str(PROGRAM), "agent", "run", "--lane", "web/dev", "--repository", "web", "--", sys.executable, "-c", worker],
        env=environ | {"AINARRES_SERVER": served.base, "AINARRES_TOKEN": token},
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        waited = served.client(world.token(journey.IMPLEMENTER), timeout=90).ok("next", lane="web/dev", wait="60s")
    finally:
        working.send_signal(signal.SIGTERM)
        _, told = working.communicate(timeout=60)
    assert (waited["task"]["id"], waited["task"]["stage"]) == (task, "implementing"), told
    assert [one["note"] for one in waited["history"] if "to_stage" in one] == ["proposed", "designing"]
    assert working.returncode == 143, told
