"""Where the tools of `ainarres mcp` lead: through a server, or straight to the database."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import TYPE_CHECKING, Any

from ainarres.cli import access, remote
from ainarres.domain.refusal import Refusal
from ainarres.faults import AinarresError, InvalidInput
from ainarres.projections import declared, glance
from ainarres.verbs import asked, asking
from ainarres.verbs.envelope import Envelope, plain_value, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ainarres.database.settings import Settings


class Through:
    """A door through `ainarres serve`."""

    def __init__(self, given: Settings) -> None:
        self._given = given

    async def say(self, verb: str, fields: Mapping[str, Any], key: uuid.UUID | None) -> dict[str, Any]:
        """Say a verb and return its envelope."""
        return await asyncio.to_thread(_safely, lambda: remote.say(self._given, verb, fields, key or uuid.uuid4()))

    async def read(self, path: tuple[str, ...]) -> dict[str, Any]:
        """Read a task or a card."""
        return await asyncio.to_thread(_safely, lambda: remote.read(self._given, *path))


class Straight:
    """A door to the database; a connection a call, since an agent thinks for minutes between two."""

    def __init__(self, given: Settings) -> None:
        self._given = given

    async def say(self, verb: str, fields: Mapping[str, Any], key: uuid.UUID | None) -> dict[str, Any]:
        """Say a verb and return its envelope."""
        return await asyncio.to_thread(_safely, lambda: self._say(verb, fields, key or uuid.uuid4()))

    async def read(self, path: tuple[str, ...]) -> dict[str, Any]:
        """Read a task or a card."""
        return await asyncio.to_thread(_safely, lambda: self._read(*path))

    def _say(self, verb: str, fields: Mapping[str, Any], key: uuid.UUID) -> dict[str, Any]:
        command = asked.read(asked.VERBS[verb], fields)
        with access.session(self._given) as session:
            return session.execute(command, key).to_json()

    def _read(self, kind: str, name: str) -> dict[str, Any]:
        with access.connection(self._given) as connection:
            who = asking.whoami(connection, self._given.token)
            if isinstance(who, Refusal):
                return refused(who).to_json()
            if kind == "cards":
                found = declared.one(connection, "card", role=name, version=None)
                return _plain(found) if found else refused(Refusal("not_found", "no such role card")).to_json()
            which = declared.task(connection, name)
            if isinstance(which, Refusal):
                return refused(which).to_json()
            return _plain(glance.read_portrait(connection, which).to_json())


def _plain(document: Any) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(document, default=plain_value))
    return plain


def _safely(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what ``work`` returns; what went wrong as an envelope, which is all that an agent understands."""
    try:
        return work()
    except InvalidInput as error:
        return refused(Refusal("invalid", str(error), {"field": error.field})).to_json()
    except AinarresError as error:
        return Envelope(code=error.code, reason=str(error)).to_json()
