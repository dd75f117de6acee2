"""One pass over the ledger that believes nothing: leaves, roots, order, versions, and the notes kept elsewhere.

Rows come in order of position, from the database or from an export; the pass is the same. What it finds is collected,
not raised: the first difference is the one of the lowest position, and how far the ledger is witnessed is always told.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ainarres.database import queries
from ainarres.ledger import body, canonical, leaf, merkle, store
from ainarres.ledger.chain import Chain, Difference, Seal, in_order, read
from ainarres.ledger.merkle import Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from psycopg import Connection

    from ainarres.ledger.leaf import Row
    from ainarres.ledger.note import Note, PublicKey

SQL = queries.load("ainarres.ledger", "audit.sql")
PAGE = 5000
ENOUGH = 100
"""Differences after which no more are collected."""


@dataclass(frozen=True, slots=True)
class Audited:
    """What a pass found. ``differences`` are in the order of their positions."""

    events: int
    position: int
    """Of the last event."""
    root: bytes
    """Over all events."""
    origin: str
    checkpoints: int
    witnessed: int
    """Events covered by the newest checkpoint that holds: of the notes given, or else of the ledger's own."""
    outside: bool
    """A note kept outside says so, and not only the ledger itself."""
    differences: tuple[Difference, ...]

    @property
    def unwitnessed(self) -> int:
        """How many events follow the last witnessed checkpoint."""
        return max(0, self.events - self.witnessed)


class Audit:
    """A pass. ``chain`` is what the ledger says of itself, ``notes`` what was kept outside it."""

    def __init__(self, chain: Chain, notes: Sequence[Note] = (), trusted: PublicKey | None = None) -> None:
        self._chain, self._notes, self._trusted = chain, notes, trusted
        self._seals = sorted(chain.seals, key=lambda seal: seal.size)
        self._wanted = sorted(enumerate(notes), key=lambda one: one[1].checkpoint.size)
        self._tree, self._positions, self._versions = Tree(), array("q"), dict[str, int]()
        self._differences = list(chain.differences)
        self._sound, self._good = 0, 0
        self._broken = False
        self._signed = {number for number, note in enumerate(notes) if self._is_signed(note)}

    def feed(self, row: Row, content: bytes | None = None) -> None:
        """Take the next row; ``content`` is its canonical body or raw bytes, where the reader has them already."""
        position = row[leaf.POSITION]
        if self._positions and position <= self._positions[-1]:
            self._differ("order", position, f"position {position} comes after {self._positions[-1]}")
        self._version(row)
        try:
            hashed = leaf.digest(leaf.data(row) if content is None else leaf.of(row, content))
        except canonical.Misspelt as error:
            self._differ("spelling", position, f"the event at {position} was not written by this ledger: {error}")
            self._broken, hashed = True, merkle.EMPTY
        self._tree.append(hashed)
        self._positions.append(position)
        while self._seals and self._seals[0].size == self._tree.size:
            self._check_seal(self._seals.pop(0))
        while self._wanted and self._wanted[0][1].checkpoint.size == self._tree.size:
            self._check_note(*self._wanted.pop(0))

    def finish(self) -> Audited:
        """Return what was found, once all rows were given."""
        for seal in self._seals:
            self._missing(seal)
        for _, note in self._wanted:
            self._truncated(note)
        return Audited(
            events=self._tree.size,
            position=self._positions[-1] if self._positions else 0,
            root=self._tree.root(),
            origin=self._chain.origin,
            checkpoints=len(self._chain.seals),
            witnessed=self._good if self._notes else self._sound,
            outside=bool(self._notes) and self._good > 0,
            differences=in_order(self._differences),
        )

    def differ(self, code: str, position: int | None, message: str) -> None:
        """Add a difference that the reader of the rows found."""
        self._differ(code, position, message)

    def _version(self, row: Row) -> None:
        stream, version = row[leaf.STREAM], row[leaf.VERSION]
        before = self._versions.get(stream, 0)
        self._versions[stream] = version
        if version != before + 1:
            said = f"version {version} of {stream} at position {row[leaf.POSITION]} follows version {before}"
            self._differ("version", row[leaf.POSITION], said)

    def _check_seal(self, seal: Seal) -> None:
        if self._broken:
            return
        if self._positions[-1] != seal.upto:
            self._missing(seal)
        elif self._tree.root() != seal.note.checkpoint.root:
            self._altered(seal)
        else:
            self._sound = seal.size

    def _missing(self, seal: Seal) -> None:
        if self._broken:
            return
        self._broken = True
        count, first = bisect_right(self._positions, seal.upto), self._at(self._sound)
        counted = f"{count} events up to position {seal.upto}, the checkpoint at {seal.at} sealed {seal.size}"
        what = "missing" if count <= seal.size else "too many"
        said = f"{abs(seal.size - count) or 'some'} {what} between positions {first} and {seal.upto}: {counted}"
        self._differ("count", first, said, seal.upto)

    def _altered(self, seal: Seal) -> None:
        """Narrow down what the root says is wrong, by the peaks and by the checkpoint before."""
        self._broken = True
        at = zip(merkle.ranges(seal.size), seal.peaks, self._tree.peaks, strict=True)
        start, end = next(span for span, sealed, found in at if sealed != found)
        first, last = self._at(max(start, self._sound)), self._positions[end - 1]
        where = f"position {first}" if first == last else f"a position between {first} and {last}"
        self._differ(
            "root", first, f"the event at {where} is not the one that the checkpoint at {seal.at} sealed", last
        )

    def _check_note(self, number: int, note: Note) -> None:
        size, root = note.checkpoint.size, note.checkpoint.root
        if self._tree.root() == root:
            self._good = size if number in self._signed else self._good
            return
        said = f"the first {size} events are not those that the note was signed for: another history, or an altered one"
        self._differ("forked", self._at(self._good), said, self._positions[-1])

    def _truncated(self, note: Note) -> None:
        size = note.checkpoint.size
        said = (
            f"the note was signed for {size} events, here are {self._tree.size}: the end was cut off, or this is an "
            "older copy"
        )
        self._differ("truncated", self._positions[-1] if self._positions else 0, said)

    def _is_signed(self, note: Note) -> bool:
        checkpoint = note.checkpoint
        if checkpoint.origin not in self._chain.origins:
            said = f"the note is of {checkpoint.origin}, this ledger is {self._chain.origin or 'not opened'}"
            self._differ("stranger", None, said)
            return False
        found = [self._chain.key_of(number) for _, number, _ in note.signatures]
        keys = [self._trusted] if self._trusted else [key for key in found if key is not None]
        signed = any(note.signed_by(key) for key in keys)
        if not signed:
            who = f"the key {self._trusted.id.hex()}" if self._trusted else "a key of this ledger"
            self._differ("signature", None, f"the note for {checkpoint.size} events is not signed by {who}")
        return signed

    def _at(self, index: int) -> int:
        """Return the position of a leaf, or the one after the last."""
        if index < len(self._positions):
            return self._positions[index]
        return self._positions[-1] + 1 if self._positions else 1

    def _differ(self, code: str, position: int | None, message: str, upto: int | None = None) -> None:
        if len(self._differences) < ENOUGH:
            self._differences.append(Difference(code, position, message, upto))


def chain_of(connection: Connection[Any], upto: int) -> Chain:
    """Read what the ledger of ``connection`` says of itself, up to a position."""
    rows = connection.execute(SQL["seals"]).fetchall()
    return read((row[0], row[2], _body(row[3])) for row in rows if row[0] <= upto)


def rows_of(connection: Connection[Any], upto: int, after: int = 0) -> Iterator[Row]:
    """Yield rows after a position, up to a horizon read before."""
    while True:
        page = connection.execute(SQL["leaves"], {"after": after, "upto": upto, "limit": PAGE}).fetchall()
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1][0]


def audit(
    connection: Connection[Any],
    notes: Sequence[Note] = (),
    trusted: PublicKey | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Audited:
    """Pass over the whole ledger of ``connection``, which is in autocommit mode and renders rows as tuples.

    ``notes`` were kept outside; ``trusted`` is the one key that may have signed them, any key of the ledger otherwise.
    ``progress`` hears the position reached and the last one.
    """
    upto = store.horizon(connection)
    found = Audit(chain_of(connection, upto), notes, trusted)
    for count, row in enumerate(rows_of(connection, upto), 1):
        found.feed(row)
        if progress is not None and count % PAGE == 0:
            progress(row[leaf.POSITION], upto)
    last, taken = connection.execute(SQL["beyond"]).fetchone() or (0, 0)
    if last > taken:
        found.differ("order", last, f"there is an event at position {last}, but positions were given up to {taken}")
    return found.finish()


def _body(text: str | None) -> dict[str, Any]:
    return {} if text is None else body.decode(text)
