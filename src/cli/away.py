"""How an agent's process reaches a ledger through a server: with its token, and without the database's address."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

from ainarres.cli import remote
from ainarres.domain.refusal import Refusal
from ainarres.faults import InvalidInput, LedgerUnavailable
from ainarres.projections.outlook import Outlook
from ainarres.swarm.process import Reach
from ainarres.verbs import asked
from ainarres.verbs.envelope import Envelope, refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from ainarres.database.settings import Settings
    from ainarres.domain.commands import Command

_NAMES = {model: name for name, model in asked.VERBS.items()}
_KEYS = ("code", "reason", "task", "event", "next", "position")


class Speaker:
    """Speaks through the server that the settings name, with their token."""

    def __init__(self, given: Settings) -> None:
        self._given = given

    def execute(self, command: Command, key: UUID | None = None) -> Envelope:
        """Execute ``command`` and return its envelope. Raises LedgerUnavailable when nobody answers."""
        fields = command.model_dump(mode="json", exclude_unset=True)
        try:
            found = remote.say(self._given, _NAMES[type(command)], fields, key or uuid4())
        except InvalidInput as error:
            return refused(Refusal("invalid", str(error), {"field": error.field}))
        extra = {name: value for name, value in found.items() if name not in (*_KEYS, "ok")}
        known = {name: found[name] for name in _KEYS}
        return Envelope(**{**known, "next": tuple(known["next"])}, extra=extra)


def reach(given: Settings, lanes: Sequence[str]) -> Reach:
    """Return how the agent of the settings' token reaches their server. Raises ``InvalidInput`` without a token."""
    if given.token is None:
        cure = "a server issues none; ask an operator for one"
        raise InvalidInput("AINARRES_TOKEN", "is not set", cure)

    @contextmanager
    def speaker() -> Iterator[Speaker]:
        yield Speaker(given)

    def outlook() -> Outlook:
        found = remote.text(given, "outlook", {"lanes": list(lanes)} if lanes else {})
        if isinstance(found, Refusal):
            raise LedgerUnavailable(found.reason)  # the next claim will say so, and end the agent
        return Outlook(**json.loads(found))

    environment = {"AINARRES_TOKEN": given.token, "AINARRES_SERVER": str(given.server)}
    return Reach(speaker=speaker, outlook=outlook, environment=environment)
