"""Everything one server is made of, and what it was told."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from ainarres.database.migrate import check
from ainarres.domain.refusal import Refusal
from ainarres.faults import InvalidInput
from ainarres.reads.ask import ask
from ainarres.verbs import asking
from ainarres.verbs.envelope import CODES
from ainarres.web.desk import Desk
from ainarres.web.figures import Figures
from ainarres.web.lobby import Lobby
from ainarres.web.problem import Problem
from ainarres.web.pulse import Pulse
from ainarres.web.rate import Rates
from ainarres.web.speaker import NO_TOKEN, Speaker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import psycopg
    from starlette.requests import Request

    from ainarres.domain.context import Scope
    from ainarres.reads.asking import Answer

T = TypeVar("T")
_BEARER = "bearer "


@dataclass(frozen=True, slots=True)
class Limits:
    """What a server takes on."""

    connections: int = 8
    queue: int = 512
    per_second: float = 100
    burst: int = 300
    hosts: tuple[str, ...] = ()
    """Names it answers to besides loopback's."""


@dataclass(slots=True)
class Service:
    """The parts of a running server."""

    desk: Desk
    lobby: Lobby
    pulse: Pulse
    rates: Rates
    figures: Figures
    speaker: Speaker
    limits: Limits
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def open(cls, url: str, limits: Limits) -> Service:
        """Connect and prove that the database holds a ledger of this version. Raises as ``connect`` does."""
        desk = Desk(url, size=limits.connections, queue=limits.queue)
        try:
            desk.prove(check)
        except BaseException:
            desk.close()
            raise
        lobby, figures = Lobby(), Figures()
        rates = Rates(limits.per_second, limits.burst)
        pulse = Pulse(url, lambda _: lobby.ring())
        figures.watch("waiting_claims", "Claims that wait for work", lambda: len(lobby))
        figures.watch("pending_calls", "Calls with or waiting for a connection", lambda: desk.pending)
        figures.watch("horizon", "Position up to which the ledger is complete", lambda: pulse.horizon)
        return cls(desk, lobby, pulse, rates, figures, Speaker(desk, lobby, rates, figures), limits)

    def stop_soon(self) -> None:
        """Stop from wherever a signal is handled."""
        self.pulse.call(self.stop)

    def stop(self) -> None:
        """Send home who waits; called in the event loop when the server is told to end."""
        self.stopping.set()
        self.lobby.close()
        self.pulse.wake()

    async def ask(self, token: str | None, name: str, fields: Mapping[str, Any]) -> Answer:
        """Answer the question of that name for whoever ``token`` names. Raises ``Problem``."""
        self._admit(token)
        try:
            answer = await self.desk.run(lambda connection: ask(connection, token, name, fields))
        except InvalidInput as error:
            raise Problem.of_input(error) from None
        if isinstance(answer, Refusal):
            raise Problem.of(answer, CODES[answer.code].http)
        return answer

    async def read(self, request: Request, work: Callable[[psycopg.Connection[Any]], T], *, scope: Scope) -> T:
        """Run a read for whoever the request's token names, where its credential includes ``scope``.

        Raises ``Problem``.
        """
        token = bearer(request)
        self._admit(token)

        def reading(connection: psycopg.Connection[Any]) -> T | Refusal:
            found = asking.whoami(connection, token)
            if isinstance(found, Refusal):
                return found
            if not found[0].may(scope):
                text = f"a credential of scope {found[0].scope} may not read this; it needs {scope}"
                return Refusal("not_eligible", text)
            return work(connection)

        answer = await self.desk.run(reading)
        if isinstance(answer, Refusal):
            raise Problem.of(answer, CODES[answer.code].http)
        return answer

    def _admit(self, token: str | None) -> None:
        """Let a read through that has a token, and calls left."""
        if token is None:
            raise Problem.of(NO_TOKEN, 401)
        if wait := self.rates.take(token, time.monotonic()):
            raise Problem(429, "rate_limited", "slow down", {"Retry-After": str(int(wait) + 1)})


def bearer(request: Request) -> str | None:
    """Return the request's bearer token; null when there is none."""
    said = request.headers.get("authorization", "")
    return said[len(_BEARER) :].strip() or None if said.lower().startswith(_BEARER) else None
