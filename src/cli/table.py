"""The table of commands from which the program starts: ``table.json``, made by ``ainarres.cli.reference``.

Reading it costs a millisecond; building the same from models and signatures would cost a verb most of its budget.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FILE = Path(__file__).with_name("table.json")


@dataclass(frozen=True, slots=True)
class Option:
    """One argument or option, of a verb or of any other command."""

    field: str
    flag: str
    """``--name``; empty for what is given by place."""
    kind: str
    """``text``, ``number``, ``flag``, ``list``, ``json``, ``artifact``, ``shorthand``, ``document``."""
    help: str
    required: bool = False
    metavar: str = ""
    default: str = ""
    """As shown; empty where there is none."""

    @property
    def shown(self) -> str:
        """What a person calls it."""
        return self.flag or self.metavar


@dataclass(frozen=True, slots=True)
class Entry:
    """One command."""

    words: str
    group: str
    summary: str
    example: str
    model: str
    """Of a verb; empty for other commands."""
    function: str
    """``module:name`` of what runs another command, or writes a read's answer in its own way."""
    places: tuple[Option, ...]
    options: tuple[Option, ...]
    question: str = ""
    """Of a read: the model of what is asked."""
    path: str = ""
    """Of a read: where it stands on a server, below ``/v1/``."""


class Table:
    """Commands by their words."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document

    @property
    def words(self) -> tuple[str, ...]:
        """Every command, in the order in which they are shown."""
        return tuple(self.document["commands"])

    @property
    def groups(self) -> Mapping[str, str]:
        """Groups and their titles."""
        groups: Mapping[str, str] = self.document["groups"]
        return groups

    def entry(self, words: str) -> Entry:
        """Return one command's entry; the others are not built."""
        row = dict(self.document["commands"][words])
        places, options = (tuple(Option(**one) for one in row.pop(name)) for name in ("places", "options"))
        return Entry(words=words, places=places, options=options, **row)

    def find(self, argv: Sequence[str]) -> tuple[str, int] | None:
        """Return the command that ``argv`` begins with and how many words it has, the longer name first."""
        for length in (2, 1):
            words = " ".join(argv[:length])
            if len(argv) >= length and words in self.document["commands"]:
                return words, length
        return None

    def under(self, word: str) -> tuple[str, ...]:
        """Return the commands of two words that begin with ``word``."""
        return tuple(words for words in self.words if words.startswith(f"{word} "))


def load() -> Table:
    """Read the table."""
    return Table(json.loads(FILE.read_text(encoding="utf-8")))
