"""The tools, by the official client: over HTTP at /mcp, and over standard input and output."""

from __future__ import annotations

import asyncio
import os
import subprocess
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import ReadResourceResult, TextResourceContents
from tests.api.served import PROGRAM
from tests.scene import CHEAP, DESIGNER, REVIEWER

from ainarres.domain import commands as c
from ainarres.mcp.server import INSTRUCTIONS
from ainarres.mcp.tools import OFFERED
from mcp import Client, StdioServerParameters

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.api.served import Served
    from tests.scene import Scene

KEYS = ["ok", "code", "reason", "task", "event", "next", "position"]


@asynccontextmanager
async def by_http(served: Served, token: str | None) -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=30) as wire,
        Client(streamable_http_client(f"{served.base}/mcp", http_client=wire)) as client,
    ):
        yield client


@asynccontextmanager
async def by_pipe(**environ: str) -> AsyncIterator[Client]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    started = StdioServerParameters(command=str(PROGRAM), args=["mcp"], env=kept | environ)
    async with Client(stdio_client(started)) as client:
        yield client


async def call(client: Client, tool: str, **fields: Any) -> dict[str, Any]:
    found = await client.call_tool(tool, fields)
    assert isinstance(found.structured_content, dict)
    assert list(found.structured_content)[:7] == KEYS
    assert found.is_error is not found.structured_content["ok"]
    return found.structured_content


def text_of(read: ReadResourceResult) -> str:
    assert isinstance(read.contents[0], TextResourceContents)
    return read.contents[0].text


async def whole_way(task: str, open_as: Callable[[str], Any]) -> dict[str, Any]:
    for family in (DESIGNER, CHEAP, REVIEWER):
        async with open_as(family) as client:
            got = await call(client, "next", lane="web/dev")
            assert got["task"]["id"] == task
            fence = got["task"]["fence"]
            assert (await call(client, "progress", task=task, fence=fence, note="half way"))["ok"]
            moved = await call(client, "advance", task=task, fence=fence, artifacts=[{"type": "commit", "ref": "f00"}])
            assert moved["ok"], moved
    return moved


def test_a_task_goes_the_whole_way_over_http(scene: Scene, served: Served) -> None:
    moved = asyncio.run(whole_way(scene.task(), lambda family: by_http(served, scene.token(family))))
    assert moved["task"]["terminal"]


@pytest.mark.parametrize("through", [True, False], ids=["through the server", "straight"])
def test_a_task_goes_the_whole_way_over_a_pipe(scene: Scene, served: Served, through: bool) -> None:
    place = {"AINARRES_SERVER": served.base} if through else {"AINARRES_URL": scene.url}
    moved = asyncio.run(whole_way(scene.task(), lambda family: by_pipe(**place, AINARRES_TOKEN=scene.token(family))))
    assert moved["task"]["terminal"]


def test_what_is_offered(scene: Scene, served: Served) -> None:
    scene.ok(scene.human, c.AdoptCard(role="reviewer", text="# Reviewer\n\nRead it twice."))
    task = scene.task("look at me")

    async def look() -> None:
        async with by_http(served, scene.token(CHEAP)) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert tuple(tools) == OFFERED
            for tool in tools.values():
                assert tool.annotations is not None
                assert tool.description
                assert tool.output_schema is not None
                assert "idempotency_key" in tool.input_schema["properties"]
            hints = tools["why"].annotations
            assert hints is not None
            assert hints.read_only_hint
            assert client.instructions == INSTRUCTIONS
            read = await client.read_resource(f"ainarres://task/{task}")
            assert "look at me" in text_of(read)
            card = await client.read_resource("ainarres://card/reviewer")
            assert text_of(card).endswith("Read it twice.")

    asyncio.run(look())
    assert len(INSTRUCTIONS) / 3.5 < 1500  # tokens, by a cautious measure


def test_refusals_are_envelopes(scene: Scene, served: Served) -> None:
    task = scene.task()

    async def provoke() -> None:
        async with by_http(served, scene.token(CHEAP)) as client:
            wrong = await call(client, "create", lane="web/dev", title="x", priority="high")
            assert (wrong["code"], wrong["field"]) == ("invalid", "priority")
            assert (await call(client, "progress", task=task, note="x"))["code"] == "lease_lost"
            assert (await call(client, "create", idempotency_key="7"))["code"] == "invalid"
        async with by_http(served, None) as stranger:
            assert (await call(stranger, "next"))["code"] == "unauthenticated"

    asyncio.run(provoke())


def test_a_pipe_needs_a_token(scene: Scene) -> None:

    done = subprocess.run(
        [str(PROGRAM), "mcp"],
        env={"AINARRES_URL": scene.url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "AINARRES_TOKEN" in done.stderr
