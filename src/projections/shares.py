"""The board's rows folded from the whole ledger, by this process alone or by several, a share of the tasks at a time.

Only the shares under way are held in memory. Workers read what the caller's snapshot shows, or up to a position that is
settled; they are started only where there is enough to do for their start to pay.
"""

from __future__ import annotations

import json
import multiprocessing
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import conninfo, sql

from ainarres.database.connect import connect
from ainarres.database.queries import load
from ainarres.domain.workflow import Workflow
from ainarres.ledger import store
from ainarres.projections.fold import TaskFold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from concurrent.futures import Future
    from uuid import UUID

    import psycopg

    from ainarres.ledger.event import StoredEvent
    from ainarres.projections.fold import Workflows

    Share = tuple[UUID, UUID, int]
    Definitions = list[dict[str, Any]]

SQL = load("ainarres.projections", "rebuild.sql")
COLUMNS = tuple(name.strip() for name in SQL["copy_board"].partition("(")[2].partition(")")[0].split(","))
EVENTS = 20_000
"""Events of one share, and the number from which on a second process pays for its start."""
WORKERS = 2
AHEAD = 2
"""Shares that wait for each worker, or for being written."""
_JSON = [COLUMNS.index(name) for name in ("payload", "tiers", "authors", "artifacts")]


@dataclass(frozen=True, slots=True)
class Folded:
    """What a share of the tasks gives."""

    rows: list[tuple[Any, ...]]
    """Values of ``COLUMNS``, as COPY takes them."""
    routes: Mapping[int, dict[str, Any]]
    """Parts of every route that was met, by its id."""
    events: int
    of: int
    """Events of all shares."""


def everything(
    connection: psycopg.Connection[Any], upto: int, *, workers: int = WORKERS, worth: int = EVENTS
) -> Iterator[Folded]:
    """Fold all tasks as of position ``upto``. ``workers`` processes do so for ``worth`` events and more."""
    shares = store.shares(connection, upto, EVENTS)
    of, definitions = sum(events for *_, events in shares), _definitions(connection, upto)
    if workers < 2 or of < worth:  # noqa: PLR2004 - one is this very process
        folder = _Folder(connection, upto, definitions, of)
        yield from map(folder.fold, shares)
        return
    snapshot = None
    if connection.info.transaction_status.name == "INTRANS":
        (snapshot,) = connection.execute(SQL["export_snapshot"]).fetchone() or (None,)
    begin = (_address(connection), snapshot, upto, definitions, of)
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin, begin) as pool:
        yield from _in_turn(pool, shares, workers * AHEAD)


def some(connection: psycopg.Connection[Any], tasks: Iterable[UUID], upto: int) -> Iterator[Folded]:
    """Fold these tasks as of position ``upto``."""
    folder, left = _Folder(connection, upto, _definitions(connection, upto), 0), list(tasks)
    for first in range(0, len(left), EVENTS // 20):
        yield folder.folded(store.read_tasks(connection, left[first : first + EVENTS // 20], upto))


def workflows(connection: psycopg.Connection[Any], upto: int) -> Workflows:
    """Read every version of every workflow that was adopted up to a position."""
    return _read(_definitions(connection, upto))


def _in_turn(pool: ProcessPoolExecutor, shares: Iterable[Share], ahead: int) -> Iterator[Folded]:
    waiting: deque[Future[Folded]] = deque()
    try:
        for share in shares:
            waiting.append(pool.submit(_fold, share))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for one in waiting:
            one.cancel()


class _Folder:
    """Reads shares on one connection and folds them."""

    def __init__(self, connection: psycopg.Connection[Any], upto: int, definitions: Definitions, of: int) -> None:
        self._connection, self._upto, self._of = connection, upto, of
        self._workflows = _read(definitions)

    def fold(self, share: Share) -> Folded:
        """Fold a share."""
        first, last, _ = share
        return self.folded(store.read_share(self._connection, first, last, self._upto))

    def folded(self, events: list[StoredEvent]) -> Folded:
        """Fold the lives of some tasks."""
        fold = TaskFold(self._workflows)
        rows = [_to_copy(row) for row in fold.rows(events)]
        return Folded(rows, {key: route.to_json() for key, route in fold.routes.items()}, len(events), self._of)


_folder: _Folder | None = None


def _begin(address: str, snapshot: str | None, upto: int, definitions: Definitions, of: int) -> None:
    global _folder  # noqa: PLW0603 - what a worker keeps from its start on
    connection = connect(address, application_name="ainarres fold")
    if snapshot is not None:
        connection.execute(SQL["begin_check"])
        connection.execute(sql.SQL(SQL["import_snapshot"]).format(snapshot=sql.Literal(snapshot)))
        connection.execute(SQL["patient"])
    _folder = _Folder(connection, upto, definitions, of)


def _fold(share: Share) -> Folded:
    assert _folder is not None
    return _folder.fold(share)


def _definitions(connection: psycopg.Connection[Any], upto: int) -> Definitions:
    pages = store.stream_types(connection, 0, upto, ["WorkflowAdopted"], only=True)
    return [stored.body for page in pages for stored in page if stored.body is not None]


def _read(definitions: Definitions) -> Workflows:
    return {(one["key"], one["version"]): Workflow.from_json(one["definition"]) for one in definitions}


def _address(connection: psycopg.Connection[Any]) -> str:
    info = connection.info
    return conninfo.make_conninfo(info.dsn, **({"password": info.password} if info.password else {}))


def _to_copy(row: dict[str, Any]) -> tuple[Any, ...]:
    values = [row[name] for name in COLUMNS]
    for place in _JSON:
        values[place] = json.dumps(values[place])
    return tuple(values)
