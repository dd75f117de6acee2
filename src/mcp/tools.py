"""The tools: one for each verb that an agent needs, generated from its command model.

Arguments reach the verb as they came: what is wrong with them comes back as an envelope of code ``invalid``, which a
model reads and mends, and never as a protocol error.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

from mcp.server.mcpserver.tools.base import Tool
from mcp.server.mcpserver.utilities.func_metadata import ArgModelBase, FuncMetadata
from mcp_types import CallToolResult, TextContent, ToolAnnotations
from pydantic import ConfigDict

from ainarres.domain.refusal import Refusal
from ainarres.verbs import asked
from ainarres.verbs.envelope import CODES, refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mcp.server.mcpserver import Context

    from ainarres.mcp.door import Door

OFFERED = ("next", "progress", "heartbeat", "advance", "reject", "release", "block", "done", "create", "note", "why")
"""Verbs of an agent; the others are an operator's, who has a terminal."""
_HINTS = {
    "why": ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False),
    "heartbeat": ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True),
}
_WRITES = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False)
_KEY = {
    "type": ["string", "null"],
    "format": "uuid",
    "default": None,
    "description": "A UUID of yours: repeat a call that broke off with the same one, and it is done once",
}
ENVELOPE: dict[str, Any] = {
    "type": "object",
    "description": "The reply of every verb; further keys where they help",
    "required": ["ok", "code", "reason", "task", "event", "next", "position"],
    "properties": {
        "ok": {"type": "boolean"},
        "code": {"type": "string", "enum": list(CODES)},
        "reason": {"type": ["string", "null"]},
        "task": {"type": ["object", "null"]},
        "event": {"type": ["object", "null"]},
        "next": {"type": "array", "items": {"type": "string"}},
        "position": {"type": ["integer", "null"]},
    },
}


class _AsTheyCame(ArgModelBase):
    """Takes any arguments and hands them on in one piece."""

    model_config = ConfigDict(extra="allow")

    def model_dump_one_level(self) -> dict[str, Any]:
        return {"fields": dict(self.model_extra or {})}


def all_of(door_of: Callable[[Context[Any, Any]], Door]) -> list[Tool]:
    """Return the tools; ``door_of`` opens the door for whoever a request comes from."""
    return [_tool(verb, door_of) for verb in OFFERED]


def _tool(verb: str, door_of: Callable[[Context[Any, Any]], Door]) -> Tool:
    model = asked.VERBS[verb]
    schema = model.model_json_schema()
    schema.setdefault("properties", {})["idempotency_key"] = _KEY
    return Tool(
        fn=_call(verb, door_of),
        name=verb,
        title=verb.capitalize(),
        description=(model.__doc__ or verb).strip(),
        parameters=schema,
        fn_metadata=FuncMetadata(arg_model=_AsTheyCame, output_schema=ENVELOPE),
        is_async=True,
        context_kwarg="context",
        annotations=_HINTS.get(verb, _WRITES),
    )


def _call(verb: str, door_of: Callable[[Context[Any, Any]], Door]) -> Callable[..., Awaitable[CallToolResult]]:
    async def call(fields: dict[str, Any], context: Context[Any, Any]) -> CallToolResult:
        try:
            said = fields.pop("idempotency_key", None)
            key = None if said is None else UUID(str(said))
        except ValueError:
            wrong = Refusal("invalid", "idempotency_key: not a UUID; leave it out, or send one")
            return _result(refused(wrong).to_json())
        return _result(await door_of(context).say(verb, fields, key))

    return call


def _result(envelope: dict[str, Any]) -> CallToolResult:
    text = json.dumps(envelope, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()
    return CallToolResult(
        content=[TextContent(type="text", text=text)],
        structured_content=json.loads(text),
        is_error=not envelope["ok"],
    )
