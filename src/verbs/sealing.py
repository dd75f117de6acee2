"""Seal the ledger: sign what it was up to the horizon, as an event and as a note to keep elsewhere.

The tree goes on from the peaks that the last checkpoint signed for, so a seal costs what was appended since. Leaves are
read before the transaction; it appends at the version of the stream that was read, so of two seals at once one starts
again.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from psycopg import errors

from ainarres.domain import events as e
from ainarres.domain.refusal import Refusal
from ainarres.faults import VersionConflict
from ainarres.ledger import audit, chain, leaf, notefile, store
from ainarres.ledger.merkle import Tree
from ainarres.ledger.note import Checkpoint, Note
from ainarres.verbs.definitions import fact, require
from ainarres.verbs.memory import Known
from ainarres.verbs.refusing import READ_ONLY
from ainarres.verbs.unit import SQL as UNIT
from ainarres.verbs.unit import Halt, Unit

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from ainarres.domain.events import Event
    from ainarres.ledger.chain import Chain, Seal
    from ainarres.ledger.note import PublicKey, SigningKey

OWN = (e.CheckpointSealed.__name__, e.SealingKeyChanged.__name__)
"""What a seal appends; of these alone no checkpoint is made, or sealing would never be done."""
TRIES = 10
"""How often a seal starts again because another one was first."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A checkpoint: ``fresh`` unless nothing but the last one had been appended since the last one."""

    note: Note
    position: int
    """Of the last event it covers."""
    key: PublicKey
    fresh: bool
    path: Path | None


def seal(
    connection: psycopg.Connection[Any],
    key: SigningKey,
    *,
    to: Path | None = None,
    old: SigningKey | None = None,
    token_sha256: str | None = None,
) -> Sealed | Refusal:
    """Sign the ledger with ``key``, append the checkpoint, write its note to ``to`` (a file or a directory).

    ``old`` is the key before, when ``key`` is to take its place: it signs the change. ``connection`` is in autocommit
    mode and renders rows as tuples. Raises InvalidInput for a note at ``to`` that this history did not write, and for
    a file that cannot be written: then the checkpoint stands, and sealing again writes it.
    """
    for _ in range(TRIES):
        upto = store.horizon(connection)
        told = audit.chain_of(connection, upto)
        if (problem := _unfit(told, key, old)) is not None:
            return problem
        if to is not None:
            notefile.check(to, told)
        try:
            sealed = _seal(connection, told, upto, (key, old), token_sha256)
        except Halt as halt:
            connection.execute(UNIT["rollback"])
            return halt.refusal
        except errors.SequenceGeneratorLimitExceeded:
            connection.execute(UNIT["rollback"])
            return READ_ONLY
        except (errors.UniqueViolation, VersionConflict):
            connection.execute(UNIT["rollback"])
            continue
        return sealed if to is None else replace(sealed, path=notefile.write(to, sealed.note))
    raise VersionConflict(f"gave up after {TRIES} tries: others were always sealing first")


def _unfit(told: Chain, key: SigningKey, old: SigningKey | None) -> Refusal | None:
    if told.id is None:
        return Refusal("not_found", "the ledger is not opened yet; run `ainarres init`")
    if told.differences:
        text = f"the ledger's own stream was altered ({told.differences[0].message}); run `ainarres verify`"
        return Refusal("conflict", text)
    current = told.key
    if current is None or key.public(told.origin).id == current.id:
        return None
    if old is None or old.public(told.origin).id != current.id:
        text = f"key-file: the ledger is sealed with the key {current.id.hex()}; to change it, give that as --old-key"
        return Refusal("conflict", text, {"field": "key-file"})
    return None


def _seal(
    connection: psycopg.Connection[Any],
    told: Chain,
    upto: int,
    keys: tuple[SigningKey, SigningKey | None],
    token_sha256: str | None,
) -> Sealed:
    key, old = keys
    public, last = key.public(told.origin), told.last
    tree, position, fresh = _grown(connection, last, upto)
    changed = told.key is None or told.key.id != public.id
    if last is not None and not fresh and not changed and last.note.checkpoint.origin == told.origin:
        return Sealed(last.note, last.upto, public, fresh=False, path=None)
    checkpoint = Checkpoint(told.origin, tree.size, tree.root())
    signature = key.sign(checkpoint.text().encode())
    block: list[Event] = []
    if changed:
        handed = old.sign(chain.change_message(public)) if old is not None and told.key is not None else None
        block.append(chain.key_change(public, told.key, handed))
    block.append(
        e.CheckpointSealed(
            tree_size=tree.size,
            root=checkpoint.root.hex(),
            position=position,
            peaks=tuple(peak.hex() for peak in tree.peaks),
            key_id=public.id.hex(),
            signature=base64.b64encode(signature).decode(),
        )
    )
    _append(connection, block, told.version, token_sha256)
    return Sealed(Note(checkpoint, ((public.name, public.id, signature),)), position, public, fresh=True, path=None)


def _grown(connection: psycopg.Connection[Any], last: Seal | None, upto: int) -> tuple[Tree, int, bool]:
    """Return the tree up to a position, the last leaf's position, and whether anything but seals is new in it."""
    tree = Tree(last.size, last.peaks) if last else Tree()
    position, fresh = last.upto if last else 0, False
    for row in audit.rows_of(connection, upto, after=position):
        tree.append(leaf.digest(leaf.data(row)))
        position = row[leaf.POSITION]
        fresh = fresh or last is None or row[leaf.TYPE] not in OWN
    return tree, position, fresh


def _append(connection: psycopg.Connection[Any], block: list[Event], version: int, token_sha256: str | None) -> None:
    unit = Unit(connection, Known(), token_sha256=token_sha256, command=None, request=None)
    unit.start()
    require(unit, "operator", "sealing the ledger")
    for number, event in enumerate(block, version + 1):
        unit.add(replace(fact(unit, chain.STREAM, event), version=number))
    unit.finish()
