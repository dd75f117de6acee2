"""The tools of the MCP room on this server, at /mcp: the same speaker, the same tokens, the same limits."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ainarres.mcp import server
from ainarres.web.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
    from starlette.routing import BaseRoute

    from ainarres.web.service import Service


@dataclass(frozen=True, slots=True)
class Tools:
    """What an application takes in: routes, and what runs while they are served."""

    routes: Sequence[BaseRoute]
    sessions: StreamableHTTPSessionManager


class Inside:
    """A door that is the service itself, for one token."""

    def __init__(self, service: Service, token: str | None) -> None:
        self._service, self._token = service, token

    async def say(self, verb: str, fields: Mapping[str, Any], key: UUID | None) -> dict[str, Any]:
        """Say a verb and return its envelope."""
        return (await self._service.speaker.say(verb, fields, self._token, key)).to_json()

    async def read(self, question: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Ask a question and return its answer's document."""
        try:
            found = await self._service.ask(self._token, question, fields)
        except Problem as problem:
            return {"ok": False, "code": problem.code, "reason": problem.detail}
        document: dict[str, Any] = json.loads(found.written("json"))
        return document


def mount(service: Service) -> Tools:
    """Return the tools for ``service``."""
    made = server.build(lambda token: Inside(service, token))
    return Tools(server.application(made).routes, made.session_manager)
