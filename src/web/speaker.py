"""The speaker: verbs for whoever has a token, from HTTP and MCP alike; an envelope whatever happens."""

from __future__ import annotations

import logging
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from ainarres.domain import commands as c
from ainarres.domain import duration
from ainarres.domain.refusal import Refusal
from ainarres.faults import InvalidInput, LedgerUnavailable, VersionConflict
from ainarres.verbs import asked, asking
from ainarres.verbs.envelope import Envelope, refused
from ainarres.verbs.memory import Known
from ainarres.verbs.session import Session
from ainarres.web.lobby import Waiter

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import psycopg

    from ainarres.web.desk import Desk
    from ainarres.web.figures import Figures
    from ainarres.web.lobby import Lobby
    from ainarres.web.rate import Rates

LOG = logging.getLogger("ainarres.web")
LONGEST_WAIT = 120.0
"""Seconds that a claim waits at most; a client that wants more asks again."""
NO_TOKEN = Refusal("unauthenticated", "no token; send the header `Authorization: Bearer ain_…`")


@dataclass(frozen=True, slots=True)
class Said:
    """One call: the verb's name, the command, whose token, under which key."""

    verb: str
    command: c.Command
    token: str
    key: uuid.UUID | None


class Speaker:
    """Executes verbs. Never speaks as the person at the terminal: without a token it refuses."""

    def __init__(self, desk: Desk, lobby: Lobby, rates: Rates, figures: Figures) -> None:
        self._desk, self._lobby, self._rates, self._figures = desk, lobby, rates, figures
        self._known: WeakKeyDictionary[psycopg.Connection[Any], Known] = WeakKeyDictionary()

    async def say(
        self, verb: str, fields: Mapping[str, Any], token: str | None, key: uuid.UUID | None = None
    ) -> Envelope:
        """Execute the verb of that name, one of ``asked.VERBS``, and return its envelope."""
        if token is None:
            return refused(NO_TOKEN)
        if wait := self._rates.take(token, time.monotonic()):
            text = f"this token calls more than {self._rates.per_second:g} times a second; slow down"
            return refused(Refusal("rate_limited", text, {"retry_after": round(wait, 3)}))
        try:
            command = asked.read(asked.VERBS[verb], fields)
        except InvalidInput as error:
            said = {"field": error.field, "problem": error.problem, "cure": error.cure}
            return refused(Refusal("invalid", str(error), said))
        return await self._wait_for(Said(verb, command, token, key))

    async def _wait_for(self, said: Said) -> Envelope:
        envelope = await self._once(said)
        wait = said.command.wait if isinstance(said.command, c.Claim) else None
        if envelope.code != "empty" or wait is None:
            return envelope
        kind = await self._kind(said)
        if kind is None:
            return envelope
        seconds = min(duration.parse(wait).total_seconds(), LONGEST_WAIT)
        return await self._lobby.wait(kind, Waiter(lambda: self._once(said), envelope), seconds)

    async def _once(self, said: Said) -> Envelope:
        began = time.monotonic()
        envelope = await self._execute(said)
        self._figures.verb(said.verb, envelope.code, time.monotonic() - began)
        return envelope

    async def _execute(self, said: Said) -> Envelope:
        def work(connection: psycopg.Connection[Any]) -> Envelope:
            known = self._known.setdefault(connection, Known())
            return Session(connection, said.token, known).execute(said.command, said.key, patient=False)

        try:
            return await self._desk.run(work)
        except LedgerUnavailable as error:
            return refused(Refusal("unavailable", str(error), {"retry_after": 1}))
        except VersionConflict:
            text = "others were always first; try again, with the same key"
            return refused(Refusal("unavailable", text, {"retry_after": 1}))
        except Exception:  # the caller learns where to look, and nothing of what is inside
            trace = uuid.uuid4().hex[:12]
            LOG.exception("verb %s broke [%s]", said.verb, trace)
            return Envelope(code="fault", reason=f"something broke; the server's log has it under {trace}")

    async def _kind(self, said: Said) -> Hashable | None:
        assert isinstance(said.command, c.Claim)
        try:
            found = await self._desk.run(lambda connection: asking.whoami(connection, said.token))
        except LedgerUnavailable:
            return None
        if isinstance(found, Refusal):
            return None
        return found[0].family, frozenset(found[0].features), said.command.lane, said.command.task
