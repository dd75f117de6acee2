"""Who a token stands for, asked without a verb: what ``whoami`` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from ainarres.ledger import store
from ainarres.verbs.identity import LOCAL, SQL, identify, token_hash

if TYPE_CHECKING:
    import psycopg

    from ainarres.domain.context import Caller
    from ainarres.domain.refusal import Refusal
    from ainarres.verbs.identity import Credential


def whoami(connection: psycopg.Connection[Any], token: str | None) -> tuple[Caller, Credential | None] | Refusal:
    """Return who ``token`` stands for as of now, and its credential; the person at the terminal without one."""
    if token is None:
        return LOCAL, None
    hashed = token_hash(token)
    if not isinstance(hashed, str):
        return hashed
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(SQL["caller"], {"token_sha256": hashed}).fetchone()
    return identify(row and row["caller"], store.clock(connection))
