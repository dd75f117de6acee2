"""Verify the ledger: the leaves and the projections, side by side on two cores where it is worth a process."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ainarres.database.connect import connect
from ainarres.domain.events import REGISTRY
from ainarres.faults import CorruptEvent
from ainarres.ledger import audit, body, export, leaf, store, upcast
from ainarres.ledger.chain import Difference, in_order
from ainarres.projections import rebuild

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from ainarres.ledger.audit import Audited
    from ainarres.ledger.note import Note, PublicKey

WORTH_A_PROCESS = 20_000
"""Positions from which on a second process pays for its start."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found: the leaves' part, and the projections' where there is a database."""

    audited: Audited
    differences: tuple[Difference, ...]
    """All of them, by position; the first is the one to look at."""
    rows: Mapping[str, int] | None
    """Rows of each projection that were compared; null for an export, or when the events could not be read."""

    @property
    def sound(self) -> bool:
        """Whether everything is as it was written."""
        return not self.differences

    def to_json(self) -> dict[str, Any]:
        """Return the document that programs read."""
        found = self.audited
        return {
            "sound": self.sound,
            "code": self.differences[0].code if self.differences else "sound",
            "origin": found.origin,
            "events": found.events,
            "position": found.position,
            "root": found.root.hex(),
            "checkpoints": found.checkpoints,
            "witnessed": found.witnessed,
            "witnessed_by": "note" if found.outside else "ledger",
            "unwitnessed": found.unwitnessed,
            "projections": self.rows,
            "differences": [
                {"code": one.code, "position": one.position, "message": one.message} for one in self.differences
            ],
        }


def verify(
    url: str,
    notes: Sequence[Note] = (),
    trusted: PublicKey | None = None,
    *,
    worth_a_process: int = WORTH_A_PROCESS,
    progress: Callable[[int, int], None] | None = None,
) -> Verified:
    """Verify the ledger at ``url``: leaves, roots, signatures, versions, order, and every inline projection.

    ``notes`` were kept outside; ``trusted`` is the one key that may have signed them. Changes nothing.
    """
    with _connect(url) as connection:
        if store.horizon(connection) < worth_a_process:
            audited = audit.audit(connection, notes, trusted)
            checked = _check(connection, progress)
        else:
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
                other = pool.submit(_audit, url, tuple(notes), trusted)
                checked = _check(connection, progress)
                audited = other.result()
    return together(audited, *checked)


def together(audited: Audited, rows: Mapping[str, int] | None, found: Sequence[Difference]) -> Verified:
    """Put the parts together, differences by position."""
    return Verified(audited, in_order([*audited.differences, *found]), rows)


def _audit(url: str, notes: Sequence[Note], trusted: PublicKey | None) -> Audited:
    with _connect(url) as connection:
        return audit.audit(connection, notes, trusted)


def _connect(url: str) -> Any:
    # reads only, and takes no promise on the ledger's order: it may be slow without being in anybody's way
    return connect(url, application_name="ainarres verify", idle_seconds=0, statement_seconds=0)


def _check(
    connection: Any, progress: Callable[[int, int], None] | None
) -> tuple[Mapping[str, int] | None, list[Difference]]:
    try:
        checked = rebuild.check(connection, progress)
    except CorruptEvent as error:
        return None, [Difference("unreadable", error.position, str(error))]
    except Exception as error:  # noqa: BLE001 - an altered ledger may break any rule of the fold
        said = f"no projection can be computed from the ledger: {type(error).__name__}: {error}".partition("\n")[0]
        return None, [Difference("projection", None, said)]
    found = checked.difference
    if found is None:
        return checked.rows, []
    said = f"table {found.table} is not what the ledger gives: it has {found.live}, the ledger gives {found.ledger}"
    if found.cause is not None:
        said += f"; it goes back to {found.cause}"
    return checked.rows, [Difference("projection", None, said)]


def verify_export(path: Path, notes: Sequence[Note] = (), trusted: PublicKey | None = None) -> Verified:
    """Verify an export without a database: all but the projections. Raises InvalidInput for a file that is none."""
    found = audit.Audit(export.chain_of(path), notes, trusted)
    for row, content in export.read(path):
        found.feed(row, content)
        stored = None if row[leaf.BODY] is None else body.decode(row[leaf.BODY])
        try:
            where = f"position {row[leaf.POSITION]}"
            upcast.lift(REGISTRY, row[leaf.TYPE], row[leaf.SCHEMA], stored, where=where)
        except CorruptEvent as error:
            found.differ("unreadable", row[leaf.POSITION], str(error))
    return together(found.finish(), None, ())
