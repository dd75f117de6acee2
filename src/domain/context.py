"""What a decider is told: who asks, what time it is, which definitions hold. Deciders look nothing up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from ainarres.domain.workflow import Workflow

Scope = Literal["agent", "meter", "monitor", "operator", "human"]

_INCLUDES: dict[str, frozenset[str]] = {
    "agent": frozenset({"agent"}),
    "meter": frozenset({"meter"}),
    "monitor": frozenset({"monitor"}),
    "operator": frozenset({"operator", "monitor"}),
    "human": frozenset({"human", "operator", "monitor"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, as the ledger knows them; never as they say."""

    actor: str
    scope: Scope
    credential: str | None = None
    family: str | None = None
    maker: str | None = None
    features: frozenset[str] = frozenset()
    """Effective: (grants ∩ the credential's narrowing) minus live denials."""
    kept: Mapping[str, datetime] = field(default_factory=dict)
    """Features under a reflexive suspension, to the time it began: a hold older than that keeps them."""
    recalled: frozenset[str] = frozenset()
    """Features under a suspension that no hold survives: it may only be released, which costs no attempt."""
    over: frozenset[str] = frozenset()
    """Features whose suspension has run out, which nobody has said yet."""

    def may(self, scope: Scope) -> bool:
        """Tell whether the credential's scope includes ``scope``."""
        return scope in _INCLUDES[self.scope]

    @property
    def lanes(self) -> frozenset[str]:
        """Return the lanes, full keys, on which the caller may work."""
        return frozenset(f.removeprefix("lane:") for f in self.features if f.startswith("lane:"))

    @property
    def seen(self) -> frozenset[str] | None:
        """Return the lanes whose tasks are shown to the caller, null for all: an agent sees its own, a monitor all."""
        return None if self.may("monitor") else self.lanes

    def sees(self, lane: str) -> bool:
        """Tell whether tasks of a lane are shown to the caller."""
        seen = self.seen
        return seen is None or lane in seen

    def features_for(self, claimed_at: datetime) -> frozenset[str]:
        """Return the features effective for a hold that began at ``claimed_at``."""
        return self.features | {f for f, since in self.kept.items() if claimed_at < since}


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The world around one task at one moment."""

    now: datetime
    caller: Caller
    workflow: Workflow
    """The version the task is pinned to."""
    lane_paused: bool = False
    tiers: frozenset[int] = frozenset()
    """Tiers that some registered family holds: an escalation needs a rung to climb to."""
    unmet: tuple[UUID, ...] = ()
    """Prerequisites neither done nor waived."""
    cancelled_prerequisites: tuple[UUID, ...] = ()
    cards: Mapping[str, int] = field(default_factory=dict)
    """Role to the newest version of its card."""
    wip_full: bool = False
