"""The Merkle tree of RFC 9162 (the same as RFC 6962): root, proofs, and their verification.

A growing tree is kept as its *peaks*, the roots of the perfect subtrees from left to right, one for each bit of the
size: at most 48 hashes for any ledger, and all that sealing needs to go on from the checkpoint before.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

EMPTY = sha256(b"").digest()
"""The root of no leaves."""


class Tree:
    """A tree that grows at its right end, known by size and peaks."""

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size, self.peaks = size, list(peaks)
        if len(self.peaks) != size.bit_count() or any(len(peak) != 32 for peak in self.peaks):  # noqa: PLR2004 - SHA-256
            raise ValueError(f"{len(self.peaks)} peaks are not those of a tree of {size} leaves")

    def append(self, leaf: bytes) -> None:
        """Append the hash of a leaf."""
        self.size += 1
        size, node = self.size, leaf
        while not size & 1:
            node = sha256(b"\1" + self.peaks.pop() + node).digest()
            size >>= 1
        self.peaks.append(node)

    def root(self) -> bytes:
        """Return the root."""
        if not self.peaks:
            return EMPTY
        node = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            node = sha256(b"\1" + peak + node).digest()
        return node


def ranges(size: int) -> list[tuple[int, int]]:
    """Return which leaves stand under each peak of a tree of ``size``: (first, one past the last)."""
    found, first = [], 0
    for bit in reversed(range(size.bit_length())):
        if size >> bit & 1:
            found.append((first, first + (1 << bit)))
            first += 1 << bit
    return found


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root over the hashes of leaves."""
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def inclusion(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the inclusion proof of leaf ``index`` in the tree of all ``leaves`` (hashes): RFC 9162, 2.1.3.1."""
    if not 0 <= index < len(leaves):
        raise ValueError(f"there is no leaf {index} in a tree of {len(leaves)}")
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion(leaves[:split], index), root_of(leaves[split:])]
    return [*inclusion(leaves[split:], index - split), root_of(leaves[:split])]


def consistency(leaves: Sequence[bytes], earlier: int) -> list[bytes]:
    """Return the proof that the tree of all ``leaves`` grew from the first ``earlier`` ones: RFC 9162, 2.1.4.1."""
    if not 0 < earlier <= len(leaves):
        raise ValueError(f"a tree of {len(leaves)} did not grow from one of {earlier}")
    return _consistency(leaves, earlier, whole=True)


def _consistency(leaves: Sequence[bytes], earlier: int, *, whole: bool) -> list[bytes]:
    if earlier == len(leaves):
        return [] if whole else [root_of(leaves)]
    split = _split(len(leaves))
    if earlier <= split:
        return [*_consistency(leaves[:split], earlier, whole=whole), root_of(leaves[split:])]
    return [*_consistency(leaves[split:], earlier - split, whole=False), root_of(leaves[:split])]


def included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether ``proof`` shows the hash ``leaf`` at ``index`` in the tree of ``size`` and ``root``: 2.1.3.2."""
    if not 0 <= index < size:
        return False
    at, last, node = index, size - 1, leaf
    for other in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            node = sha256(b"\1" + other + node).digest()
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = sha256(b"\1" + node + other).digest()
        at, last = at >> 1, last >> 1
    return last == 0 and node == root


def consistent(earlier: int, size: int, old: bytes, new: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether ``proof`` shows that the tree (``size``, ``new``) grew from (``earlier``, ``old``): 2.1.4.2."""
    if not 0 < earlier <= size:
        return False
    if earlier == size:
        return not proof and old == new
    path = [old, *proof] if earlier & (earlier - 1) == 0 else list(proof)
    if not path:
        return False
    at, last = earlier - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    left = right = path[0]
    for other in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            left, right = sha256(b"\1" + other + left).digest(), sha256(b"\1" + other + right).digest()
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            right = sha256(b"\1" + right + other).digest()
        at, last = at >> 1, last >> 1
    return last == 0 and left == old and right == new


def _split(size: int) -> int:
    """Return the largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1
