"""What a connection remembers between verbs: what was told once is not read, sent and parsed again at every verb.

Adopted workflows never change. What a family may do, tiers, cards, lanes and routes do, rarely: each change counts the
ledger's epoch on, every verb reads the epoch, and what was told in an earlier one is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ainarres.domain.eligibility import Route
from ainarres.verbs import identity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from ainarres.domain.context import Caller
    from ainarres.domain.refusal import Refusal
    from ainarres.domain.workflow import Workflow

_MOST = 1024
"""Tokens that are remembered at most."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where a claim looks first: routes open to the caller, each with the time that a task has to have stood in its
    stage, in microseconds, null for none.
    """

    routes: Sequence[int]
    afters: Sequence[int | None]


@dataclass(slots=True)
class Standing:
    """What the ledger told a token in one epoch: where its holder stands."""

    epoch: int
    family: Mapping[str, Any]
    """``maker``, ``grants`` and ``denials`` of the token's family."""
    tiers: frozenset[int]
    """That some registered family holds."""
    cards: Mapping[str, int]
    """Role to the newest version of its card."""
    lanes: Sequence[Mapping[str, Any]]
    routes: Mapping[int, Route]
    ways: dict[str | None, Way] = field(default_factory=dict)
    """By lane as it was named, null for all; kept where nothing but the caller's features has a say."""
    _last: tuple[Mapping[str, Any], tuple[Caller, identity.Credential]] | None = None

    @classmethod
    def of(cls, epoch: int, document: Mapping[str, Any], known: dict[int, Route]) -> Standing:
        """Read what ``verb.begin`` tells; ``known`` are routes read before, which never change."""
        for row in document["routes"] or ():
            if row["id"] not in known:
                known[row["id"]] = Route.from_json(row["parts"])
        return cls(
            epoch=epoch,
            family={name: document[name] for name in ("maker", "grants", "denials")},
            tiers=frozenset(document["tiers"]),
            cards=document["cards"] or {},
            lanes=document["lanes"] or (),
            routes={row["id"]: known[row["id"]] for row in document["routes"] or ()},
        )

    @property
    def denied(self) -> bool:
        """Tell whether something is denied to the family, if only for a time: then the time has a say."""
        return self.family["denials"] is not None

    def caller(self, row: Mapping[str, Any] | None, now: datetime) -> tuple[Caller, identity.Credential] | Refusal:
        """Return who a credential, ``row`` as ``verb.begin`` shows it, stands for as of ``now``."""
        if self._last is not None and self._last[0] == row and now < self._last[1][1].expires_at:
            return self._last[1]
        found = identity.identify(row and {**row, **self.family}, now)
        if row is not None and isinstance(found, tuple) and not self.denied:
            self._last = row, found
        return found


class Known:
    """What a connection remembers."""

    def __init__(self) -> None:
        self.workflows: dict[tuple[str, int], Workflow] = {}
        self.routes: dict[int, Route] = {}
        """Interned routes by id."""
        self.told: dict[str | None, Standing] = {}
        """By a token's hash; null for who speaks without one."""

    def learn(self, token: str | None, told: Standing) -> None:
        """Remember what a token was told."""
        if len(self.told) >= _MOST:
            self.told.clear()
        self.told[token] = told
