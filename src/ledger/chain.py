"""What the stream ``ledger`` says of the ledger itself: its origins, the keys that sign for it, its checkpoints.

Read the same way by sealing, which goes on from the last checkpoint, and by verifying, which believes none of them.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ainarres.domain import events as e
from ainarres.faults import InvalidInput
from ainarres.ledger import note
from ainarres.ledger.merkle import Tree
from ainarres.ledger.note import Checkpoint, Note, PublicKey

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

STREAM = "ledger"
TYPES = (e.LedgerOpened, e.LedgerForked, e.SealingKeyChanged, e.CheckpointSealed)
_MODELS = {model.__name__: model for model in TYPES}


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it was written. ``code`` is stable; ``position`` is the first one that may be wrong,
    ``upto`` the last where it is not exactly known.
    """

    code: str
    position: int | None
    message: str
    upto: int | None = None


def in_order(differences: Iterable[Difference]) -> tuple[Difference, ...]:
    """Sort by where each was certain at the latest, so that an exact place comes before a range around it."""
    return tuple(sorted(differences, key=lambda one: (one.position is None, one.upto or one.position or 0)))


@dataclass(frozen=True, slots=True)
class Seal:
    """One checkpoint of the ledger's own."""

    at: int
    """Position of the event that says so."""
    note: Note
    upto: int
    """Position of the last leaf."""
    peaks: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """How many leaves it covers."""
        return self.note.checkpoint.size


@dataclass(slots=True)
class Chain:
    """The ledger's own story."""

    id: UUID | None = None
    """The ledger's id, of the last fork if it was forked."""
    origins: list[str] = field(default_factory=list)
    key: PublicKey | None = None
    """The key that signs now; a fork begins without one."""
    keys: list[PublicKey] = field(default_factory=list)
    version: int = 0
    """Of the stream."""
    seals: list[Seal] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)

    @property
    def origin(self) -> str:
        """The origin of checkpoints from now on."""
        return self.origins[-1] if self.origins else ""

    @property
    def last(self) -> Seal | None:
        """The newest checkpoint."""
        return self.seals[-1] if self.seals else None

    def key_of(self, number: bytes) -> PublicKey | None:
        """Return the key of an id, among all that ever signed."""
        return next((key for key in self.keys if key.id == number), None)


def read(rows: Iterable[tuple[int, str, dict[str, Any]]]) -> Chain:
    """Read the stream's events, given as position, type and body, in order."""
    chain = Chain()
    for chain.version, (position, kind, body) in enumerate(rows, 1):
        try:
            _take(chain, position, kind, body)
        except (ValueError, InvalidInput) as error:
            said = str(error).partition("\n")[0]
            chain.differences.append(Difference("unreadable", position, f"{kind} at {position} is unreadable: {said}"))
    return chain


def change_message(key: PublicKey) -> bytes:
    """Return what the key before signs to hand over to ``key``."""
    return f"{key.text()}\n".encode()


def _take(chain: Chain, position: int, kind: str, body: dict[str, Any]) -> None:
    event = _MODELS[kind].model_validate(body) if kind in _MODELS else None
    match event:
        case e.LedgerOpened(id=ledger) | e.LedgerForked(id=ledger):
            chain.id, chain.key = ledger, None
            chain.origins.append(note.origin_of(ledger))
        case e.SealingKeyChanged():
            _key(chain, position, event)
        case e.CheckpointSealed():
            _seal(chain, position, event)
        case _:
            pass


def _key(chain: Chain, position: int, event: e.SealingKeyChanged) -> None:
    key, before = note.parse_key(event.public_key), chain.key
    if before is not None and not (
        event.signature and before.verifies(change_message(key), note.decoded(event.signature, "the signature"))
    ):
        text = f"the sealing key that changed at {position} was not handed over by the key before, {before.id.hex()}"
        chain.differences.append(Difference("key", position, text))
    if key.name != chain.origin or key.id.hex() != event.key_id:
        text = f"the sealing key of {position} is named {key.name}, the ledger is {chain.origin}"
        chain.differences.append(Difference("key", position, text))
    chain.key = key
    chain.keys.append(key)


def _seal(chain: Chain, position: int, event: e.CheckpointSealed) -> None:
    checkpoint = Checkpoint(chain.origin, event.tree_size, bytes.fromhex(event.root))
    peaks = tuple(bytes.fromhex(peak) for peak in event.peaks)
    signature = note.decoded(event.signature, "the signature")
    signed = Note(checkpoint, ((chain.origin, bytes.fromhex(event.key_id), signature),))
    if Tree(event.tree_size, peaks).root() != checkpoint.root:
        raise ValueError("its peaks are not those of its root")
    if chain.key is None or not signed.signed_by(chain.key):
        text = f"the checkpoint at {position} is not signed by the key of its time"
        chain.differences.append(Difference("signature", position, text))
    chain.seals.append(Seal(position, signed, event.position, peaks))


def key_change(key: PublicKey, before: PublicKey | None, signature: bytes | None) -> e.SealingKeyChanged:
    """Return the event that brings ``key`` into force."""
    return e.SealingKeyChanged(
        key_id=key.id.hex(),
        public_key=key.text(),
        signed_by=before.id.hex() if before else None,
        signature=base64.b64encode(signature).decode() if signature else None,
    )
