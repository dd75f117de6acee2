"""Where the tools of `ainarres mcp` lead: through a server, or straight to the database."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import TYPE_CHECKING, Any

from ainarres.cli import access, remote
from ainarres.domain.refusal import Refusal
from ainarres.faults import AinarresError, InvalidInput
from ainarres.reads.ask import READS, ask
from ainarres.verbs import asked
from ainarres.verbs.envelope import Envelope, refused

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

    async def read(self, question: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Ask a question and return its answer's document."""
        path = READS[question].path
        return await asyncio.to_thread(_safely, lambda: _document(remote.text(self._given, path, fields)))


class Straight:
    """A door to the database; a connection a call, since an agent thinks for minutes between two."""

    def __init__(self, given: Settings) -> None:
        self._given = given

    async def say(self, verb: str, fields: Mapping[str, Any], key: uuid.UUID | None) -> dict[str, Any]:
        """Say a verb and return its envelope."""
        return await asyncio.to_thread(_safely, lambda: self._say(verb, fields, key or uuid.uuid4()))

    async def read(self, question: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Ask a question and return its answer's document."""
        return await asyncio.to_thread(_safely, lambda: self._read(question, fields))

    def _say(self, verb: str, fields: Mapping[str, Any], key: uuid.UUID) -> dict[str, Any]:
        command = asked.read(asked.VERBS[verb], fields)
        with access.session(self._given) as session:
            return session.execute(command, key).to_json()

    def _read(self, question: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        with access.connection(self._given) as connection:
            found = ask(connection, self._given.token, question, fields)
            return _document(found if isinstance(found, Refusal) else found.written("json"))


def _document(found: str | Refusal) -> dict[str, Any]:
    document: dict[str, Any] = refused(found).to_json() if isinstance(found, Refusal) else json.loads(found)
    return document


def _safely(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what ``work`` returns; what went wrong as an envelope, which is all that an agent understands."""
    try:
        return work()
    except InvalidInput as error:
        return refused(Refusal("invalid", str(error), {"field": error.field})).to_json()
    except AinarresError as error:
        return Envelope(code=error.code, reason=str(error)).to_json()
