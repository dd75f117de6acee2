"""Keeps a lease alive while a harness works, and says when it is lost.

A heartbeat with more than half of the lease left appends nothing, so it beats four times a lease: the second beat falls
just past the half and renews, and half a lease remains for a slow machine.
"""

from __future__ import annotations

import threading
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from ainarres.domain.commands import Heartbeat
from ainarres.faults import LedgerUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from ainarres.swarm.halt import Halt
    from ainarres.swarm.line import Connect
    from ainarres.verbs.envelope import Envelope

BEATS = 4
LOST = frozenset({"lease_lost", "cancelled", "not_found", "unauthenticated", "expired"})


class Heart:
    """A thread with a connection of its own, for one hold; it calls ``halt`` when the hold is over.

    ``task`` is the claim's, as in the envelope; ``lease`` is its length in seconds.
    """

    def __init__(self, connect: Connect, task: Mapping[str, Any], lease: float, halt: Halt) -> None:
        self._connect, self._halt = connect, halt
        self._command = Heartbeat(task=task["id"], fence=task["fence"])
        self._interval = lease / BEATS
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._over.wait(self._interval):
            try:
                with self._connect() as speaker:
                    while True:
                        if speaker.execute(self._command).code in LOST:
                            self._halt.call("lease_lost")
                            return
                        if self._over.wait(self._interval):
                            return
            except LedgerUnavailable:
                continue  # the lease may outlast the outage; if not, the next answer says so


def lease_of(claimed: Envelope, now: datetime) -> float:
    """Return the seconds that a lease just claimed or resumed has, one tenth of a second at least.

    A claim tells by the ledger's clock alone; a resumed hold is measured against ``now``.
    """
    assert claimed.task is not None
    begun = _moment(claimed.event["recorded_at"]) if claimed.event is not None else now
    return max(0.1, (_moment(claimed.task["lease_expires_at"]) - begun).total_seconds())


def _moment(said: Any) -> datetime:
    return said if isinstance(said, datetime) else datetime.fromisoformat(str(said))
