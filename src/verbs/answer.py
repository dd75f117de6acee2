"""What a verb hands back before its transaction is committed: the envelope minus the positions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ainarres.domain.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A verb's answer in the making."""

    code: str = "ok"
    reason: str | None = None
    task: Task | None = None
    lead: int = 0
    """Which fact of the block the reply shows as its event."""
    extra: Mapping[str, Any] = field(default_factory=dict)
