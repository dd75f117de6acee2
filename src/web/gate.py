"""The gate: what every request passes before anything reads it, and what every failure becomes.

Host and Origin are checked because a browser can be made to send requests to loopback by any page it shows.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import uuid
from typing import TYPE_CHECKING, Any

from ainarres.faults import LedgerUnavailable
from ainarres.web.problem import Problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from ainarres.web.figures import Figures

LOG = logging.getLogger("ainarres.web")
LARGEST = 65_536
"""Bytes of a body."""
SLOWEST = 15.0
"""Seconds in which a body must have arrived."""


class Gate:
    """Guards ``app``. ``hosts`` are the names it answers to besides loopback's and addresses."""

    def __init__(self, app: ASGIApp, *, hosts: tuple[str, ...], figures: Figures) -> None:
        self._app, self._figures = app, figures
        self._hosts = {"localhost", *(host.lower() for host in hosts)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, trace = False, uuid.uuid4().hex[:12]
        scope["trace"] = trace

        async def sent(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                self._figures.request(scope["method"], message["status"])
                message = {**message, "headers": [*message["headers"], (b"x-content-type-options", b"nosniff")]}
            await send(message)

        try:
            self._check(scope)
            body = await _body(scope, receive)
            await self._app(scope, _again(body, receive), sent)
        except Problem as problem:
            await _answer(problem, scope, sent, begun=begun)
        except LedgerUnavailable as error:
            await _answer(Problem(503, "unavailable", str(error), {"Retry-After": "1"}), scope, sent, begun=begun)
        except Exception:  # whatever it is, its words stay inside
            LOG.exception("%s %s broke [%s]", scope["method"], scope.get("path"), trace)
            await _answer(broken(trace), scope, sent, begun=begun)

    def _check(self, scope: Scope) -> None:
        headers = _headers(scope)
        hosts = headers.get("host", [])
        if len(hosts) != 1 or not self._answers_to(hosts[0]):
            raise Problem(421, "invalid", "this server has no such name; start it with --allow-host NAME")
        for origin in headers.get("origin", []):
            if origin.partition("://")[2].lower() != hosts[0].lower():
                raise Problem(403, "not_eligible", "requests from pages of other origins are refused")

    def _answers_to(self, host: str) -> bool:
        name, _, port = host.rpartition(":") if not host.endswith("]") and ":" in host else (host, "", "")
        if port and not port.isdigit():
            return False
        if name.lower() in self._hosts:
            return True
        try:
            ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
        except ValueError:
            return False
        return True


def broken(trace: str) -> Problem:
    """Return what is said of whatever broke."""
    return Problem(500, "fault", f"something broke; the server's log has it under {trace}")


def _headers(scope: Scope) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found


async def _body(scope: Scope, receive: Receive) -> bytes:
    """Read the whole body. Raises ``Problem`` for one that is too large, too slow, or cut off."""
    said = _headers(scope).get("content-length", ["0"])[0]
    if said.isdigit() and int(said[:20]) > LARGEST:
        raise _too_large()
    parts, size = [], 0
    try:
        async with asyncio.timeout(SLOWEST):
            while True:
                message: dict[str, Any] = dict(await receive())
                if message["type"] == "http.disconnect":
                    raise Problem(400, "invalid", "the body broke off")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > LARGEST:
                    raise _too_large()
                if not message.get("more_body"):
                    return b"".join(parts)
    except TimeoutError:
        raise Problem(408, "invalid", f"the body took more than {SLOWEST:g} seconds") from None


def _too_large() -> Problem:
    cure = "what is larger belongs into an artifact, a large definition into a command with the database's URL"
    return Problem(413, "invalid", f"a body has {LARGEST} bytes at most; {cure}", {"Connection": "close"})


def _again(body: bytes, receive: Receive) -> Receive:
    """Hand out the body that was read, then whatever comes after it, which is only that the client has left."""
    first = [True]

    async def replay() -> Message:
        if first:
            first.clear()
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return replay


async def _answer(problem: Problem, scope: Scope, send: Send, *, begun: bool) -> None:
    if not begun:  # an answer that broke off halfway is ended by closing the connection
        await problem.answer(str(scope.get("path", "")))(scope, _nothing, send)


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
