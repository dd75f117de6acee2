"""The tools of the MCP room on this server, at /mcp: the same speaker, the same tokens, the same limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ainarres.mcp import server
from ainarres.web.problem import Problem
from ainarres.web.reads import card_of, plain, task_of

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

    async def read(self, path: tuple[str, ...]) -> dict[str, Any]:
        """Read a task or a card."""
        kind, name = path
        try:
            if kind == "cards":
                found = await self._service.read_as(self._token, lambda connection, _: card_of(connection, name))
            else:
                found = await self._service.read_as(self._token, lambda connection, who: task_of(connection, who, name))
        except Problem as problem:
            return {"ok": False, "code": problem.code, "reason": problem.detail}
        read: dict[str, Any] = plain(found)
        return read


def mount(service: Service) -> Tools:
    """Return the tools for ``service``."""
    made = server.build(lambda token: Inside(service, token))
    return Tools(server.application(made).routes, made.session_manager)
