"""The ledger and its definitions: what opens it, seals it, and says how work goes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ainarres.domain.events.registry import Event, registered


@registered("ledger", verb="init", projections="definitions")
class LedgerOpened(Event):
    """The first event; ``id`` is the origin of checkpoints."""

    id: UUID


@registered("ledger", verb="seal", projections="none")
class SealingKeyChanged(Event):
    """Checkpoints are signed with this key from now on. Only the first key of an origin comes without a signature."""

    key_id: str
    """Eight hexadecimal digits, as notes name the key."""
    public_key: str
    """``name+id+key``, the way in which tools for signed notes take it."""
    signed_by: str | None
    """Id of the key before."""
    signature: str | None
    """In base64: the key before signs the line ``public_key``."""


@registered("ledger", verb="seal", projections="none")
class CheckpointSealed(Event):
    """What the ledger was up to a position, signed; the signed note can be written again from this."""

    tree_size: int
    """How many events, the first being the leaf with index 0."""
    root: str
    """Of the Merkle tree, in hexadecimal."""
    position: int
    """Of the last leaf."""
    peaks: tuple[str, ...]
    """Roots of the perfect subtrees, from the left: the next seal goes on from them, and they narrow a difference."""
    key_id: str
    signature: str
    """Ed25519 over the checkpoint's text, in base64."""


@registered("ledger", verb="promote", projections="credential definitions")
class LedgerForked(Event):
    """An imported copy became a ledger of its own; every credential of the copy is void."""

    id: UUID
    """The new origin of checkpoints."""
    of: UUID
    """The ledger it was until then."""
    position: int
    """The last position they share."""


@registered("project", verb="project adopt", projections="definitions")
class ProjectRegistered(Event):
    """A project was declared, or declared anew with other words."""

    key: str
    title: str
    repository: str | None
    digest: str


@registered("lane", verb="project adopt", projections="definitions")
class LaneOpened(Event):
    """An area of a project that takes tasks under one workflow."""

    project: str
    key: str
    title: str
    workflow: str
    settings: dict[str, Any]
    """Routing, reservation, wip and review floor as adopted."""


@registered("lane", verb="project adopt", projections="definitions")
class LaneChanged(Event):
    """The lane's declaration as it stands from now on; tasks keep the workflow they were created under."""

    project: str
    key: str
    title: str
    workflow: str
    settings: dict[str, Any]


@registered("lane", verb="lane pause", projections="definitions")
class LanePaused(Event):
    """No claims from now on; holds may finish."""

    reason: str


@registered("lane", verb="lane resume", projections="definitions")
class LaneResumed(Event):
    """Claims are open again."""

    reason: str


@registered("workflow", verb="workflow adopt", projections="definitions")
class WorkflowAdopted(Event):
    """A workflow's definition, whole: replay never needs a file."""

    key: str
    version: int
    digest: str
    definition: dict[str, Any]


@registered("card", verb="card adopt", projections="definitions")
class CardAdopted(Event):
    """A role card's text, whole."""

    role: str
    version: int
    digest: str
    text: str
