"""The MCP server: tools, resources and the few words every agent gets before it begins."""

from __future__ import annotations

import json
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from mcp.server.mcpserver import Context  # noqa: TC002 - the package reads the annotations
from mcp.server.mcpserver.exceptions import ResourceNotFoundError

from ainarres.mcp import tools
from mcp.server import MCPServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.applications import Starlette

    from ainarres.mcp.door import Door

INSTRUCTIONS = files("ainarres.mcp").joinpath("instructions.md").read_text("utf-8")


def build(door_for: Callable[[str | None], Door]) -> MCPServer[Any]:
    """Return the server; ``door_for`` opens the door for a request's bearer token, null where it has none."""

    def door_of(context: Context[Any, Any]) -> Door:
        said = (context.headers or {}).get("authorization", "")
        return door_for(said[len("bearer ") :].strip() or None if said.lower().startswith("bearer ") else None)

    made: MCPServer[Any] = MCPServer(
        name="ainarres",
        title="ainarres",
        version=version("ainarres"),
        instructions=INSTRUCTIONS,
        tools=tools.all_of(door_of),
        subscriptions=False,
        log_level="WARNING",
    )

    async def read(context: Context[Any, Any], question: str, **fields: str) -> dict[str, Any]:
        found = await door_of(context).read(question, fields)
        if found.get("ok") is False:
            raise ResourceNotFoundError(str(found["reason"]))
        return found

    @made.resource("ainarres://task/{task}", name="task", mime_type="application/json")
    async def task(task: str, context: Context[Any, Any]) -> str:
        """One task as it stands: stage, hold, prerequisites, artifacts, payload."""
        return json.dumps(await read(context, "OneTask", task=task), ensure_ascii=False)

    @made.resource("ainarres://card/{role}", name="role card", mime_type="text/markdown")
    async def card(role: str, context: Context[Any, Any]) -> str:
        """The text from which an agent of a role works."""
        return str((await read(context, "Card", role=role))["text"])

    return made


def application(made: MCPServer[Any]) -> Starlette:
    """Return the server as an application that answers at /mcp; every call stands for itself."""
    return made.streamable_http_app(json_response=True, stateless_http=True, host="0.0.0.0")  # noqa: S104 - the gate checks names
