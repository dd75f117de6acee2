"""A session: a connection and who speaks through it. Faces open one and execute commands; nothing else writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uuid import UUID

    import psycopg

    from ainarres.domain.commands import Command
    from ainarres.verbs.envelope import Envelope


class Session:
    """Executes commands as one caller.

    ``token`` is a bearer token (``ain_…``); without one the session speaks as ``human:local``, which only who holds the
    database's URL can.
    """

    def __init__(self, connection: psycopg.Connection[Any], token: str | None = None) -> None:
        self.connection, self._token = connection, token

    def execute(self, command: Command, key: UUID | None = None) -> Envelope:
        """Execute ``command`` in one transaction and return its envelope.

        ``key`` is the command's id: a repeat with the same key appends nothing and answers the same, ``replayed``.
        """
        raise AssertionError(command, key)
