"""Notes on disk, outside the database: the one thing that shows a cut-off end or an older copy.

A note is never replaced by one of a shorter or of another history; a directory keeps them all, a file the newest.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ainarres.faults import InvalidInput
from ainarres.ledger import note as notes

if TYPE_CHECKING:
    from pathlib import Path

    from ainarres.ledger.chain import Chain
    from ainarres.ledger.note import Note

SUFFIX = ".note"


def read(place: Path, field: str = "note") -> Note:
    """Read a note's file, or the newest note of a directory. Raises InvalidInput for ``field``."""
    path = _newest(place) if place.is_dir() else place
    if path is None:
        raise InvalidInput(field, f"{place} holds no *{SUFFIX}", "name a note or a directory that `seal --to` wrote")
    try:
        return notes.parse(path.read_bytes().decode())
    except OSError as error:
        raise InvalidInput(field, f"{path}: {error.strerror}", "name a file that `ainarres seal --to` wrote") from None
    except UnicodeDecodeError:
        raise InvalidInput(
            field, f"{path} is not text in UTF-8", "name a file that `ainarres seal --to` wrote"
        ) from None


def check(place: Path, chain: Chain) -> None:
    """Insist that what is at ``place`` is of the history that ``chain`` tells, before anything is sealed.

    Raises InvalidInput for a note of another ledger, of a longer history, or of one that this ledger never sealed.
    """
    if not place.exists() and not place.parent.is_dir():
        raise InvalidInput("to", f"there is no directory {place.parent}", "make it first")
    if not (place.is_file() or (place.is_dir() and _newest(place))):
        return
    found = read(place).checkpoint
    cure = f"run `ainarres verify --against {place}`, or seal --to another place"
    if found.origin not in chain.origins:
        raise InvalidInput("to", f"{place} holds a note of {found.origin}, this ledger is {chain.origin}", cure)
    if not any((seal.size, seal.note.checkpoint.root) == (found.size, found.root) for seal in chain.seals):
        size = chain.last.size if chain.last else 0
        problem = f"{place} holds a note for {found.size} events that this ledger (sealed up to {size}) does not know"
        raise InvalidInput("to", problem, cure)


def write(place: Path, note: Note) -> Path:
    """Write a note to a file, or to one of its own in a directory, safe from a power cut. Returns the path."""
    path = place / f"checkpoint-{note.checkpoint.size:012d}{SUFFIX}" if place.is_dir() else place
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with new.open("wb") as file:
            file.write(note.text().encode())
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except OSError as error:
        new.unlink(missing_ok=True)
        problem = f"the ledger is sealed, but {path} cannot be written: {error.strerror}"
        raise InvalidInput("to", problem, "seal again to another place; the checkpoint is kept") from None
    return path


def _newest(directory: Path) -> Path | None:
    return max(directory.glob(f"*{SUFFIX}"), key=lambda path: path.name, default=None)
