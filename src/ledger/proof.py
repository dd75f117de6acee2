"""Proofs that a stranger can check offline: an event is in a signed tree; a signed tree grew from an older one.

An inclusion proof is written as c2sp.org/tlog-proof has it, with the leaf's input as its extra data; a consistency
proof as the request to a witness (c2sp.org/tlog-witness): the old size, the hashes, an empty line, the new checkpoint.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ainarres.faults import InvalidInput
from ainarres.ledger import leaf as leaves
from ainarres.ledger import merkle

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ainarres.ledger.note import Checkpoint, Note

Entry = tuple[int, bytes]
"""A position and the leaf's input."""


@dataclass(frozen=True, slots=True)
class Inclusion:
    """The event at ``position`` is leaf ``index`` of the tree that ``note`` is about."""

    position: int
    index: int
    leaf: bytes
    """The leaf's input: the row in canonical JSON."""
    path: tuple[bytes, ...]
    note: Note

    def text(self) -> str:
        """Return the proof as a file."""
        extra = base64.b64encode(self.leaf).decode()
        head = f"c2sp.org/tlog-proof@v1\nextra {extra}\nindex {self.index}\n"
        return f"{head}{_lines(self.path)}\n{self.note.text()}"

    def to_json(self) -> dict[str, Any]:
        """Return the proof as a document, hashes in hexadecimal."""
        return {
            "position": self.position,
            "leaf_index": self.index,
            "tree_size": self.note.checkpoint.size,
            "leaf": self.leaf.decode(),
            "leaf_hash": leaves.digest(self.leaf).hex(),
            "inclusion_path": [node.hex() for node in self.path],
            "root_hash": self.note.checkpoint.root.hex(),
            "note": self.note.text(),
        }


@dataclass(frozen=True, slots=True)
class Consistency:
    """The tree of ``note`` begins with the tree of ``old``."""

    old: Checkpoint
    path: tuple[bytes, ...]
    note: Note

    def text(self) -> str:
        """Return the proof as a file."""
        return f"old {self.old.size}\n{_lines(self.path)}\n{self.note.text()}"

    def to_json(self) -> dict[str, Any]:
        """Return the proof as a document, hashes in hexadecimal."""
        return {
            "first_tree_size": self.old.size,
            "first_root_hash": self.old.root.hex(),
            "second_tree_size": self.note.checkpoint.size,
            "second_root_hash": self.note.checkpoint.root.hex(),
            "consistency_path": [node.hex() for node in self.path],
            "note": self.note.text(),
        }


def inclusion(rows: Iterable[Entry], position: int, note: Note) -> Inclusion:
    """Prove that the event at ``position`` is in the tree of ``note``, from all rows in order.

    Raises InvalidInput when there is no such event below the checkpoint, or the rows are not those of the note.
    """
    hashes, index, found = _hashes(rows, note.checkpoint, position)
    if index is None or found is None:
        problem = f"no event at {position} is among the {note.checkpoint.size} that the checkpoint covers"
        raise InvalidInput(
            "position", problem, "see `ainarres timeline` for positions; `ainarres seal` covers new ones"
        )
    return Inclusion(position, index, found, tuple(merkle.inclusion(hashes, index)), note)


def consistency(rows: Iterable[Entry], old: Checkpoint, note: Note) -> Consistency:
    """Prove that the tree of ``note`` grew from the tree ``old``. Raises InvalidInput where it did not."""
    hashes, _, _ = _hashes(rows, note.checkpoint, None)
    if not 0 < old.size <= len(hashes) or merkle.root_of(hashes[: old.size]) != old.root:
        problem = f"the note for {old.size} events is not of this history of {len(hashes)}"
        raise InvalidInput("since", problem, "run `ainarres verify --against` it")
    return Consistency(old, tuple(merkle.consistency(hashes, old.size)), note)


def _hashes(
    rows: Iterable[Entry], checkpoint: Checkpoint, position: int | None
) -> tuple[Sequence[bytes], int | None, bytes | None]:
    hashes: list[bytes] = []
    index = found = None
    for at, data in rows:
        if len(hashes) == checkpoint.size:
            break
        if at == position:
            index, found = len(hashes), data
        hashes.append(leaves.digest(data))
    if len(hashes) != checkpoint.size or merkle.root_of(hashes) != checkpoint.root:
        problem = "the events are not those it was signed for, so nothing can be proven"
        raise InvalidInput("checkpoint", problem, "run `ainarres verify`")
    return hashes, index, found


def _lines(path: Sequence[bytes]) -> str:
    return "".join(f"{base64.b64encode(node).decode()}\n" for node in path)
