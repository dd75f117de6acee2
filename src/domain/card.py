"""Role cards: the published text from which an agent of a role works, and nothing else.

A card is plain markdown and its role is its file's name, so a card needs no header that could disagree with it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ainarres.domain.feature import name
from ainarres.domain.malformed import MalformedError
from ainarres.domain.source import Problem

LIMIT = 32_768
"""Bytes a card may have: it is read by a model at every claim."""


@dataclass(frozen=True)
class Card:
    """One role's card."""

    role: str
    text: str

    @property
    def digest(self) -> str:
        """SHA-256 of the text as UTF-8, in hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def read_card(text: str, source: str) -> Card | tuple[Problem, ...]:
    """Read a card; ``source`` is its file's name, whose stem is the role."""
    stem = source.replace("\\", "/").rpartition("/")[2].removesuffix(".md")
    try:
        role = name(stem)
    except MalformedError as error:
        return (Problem(source, 1, "file name", error.problem, error.cure),)
    first = next((line for line in text.splitlines() if line.strip()), "")
    if not first.startswith("# "):
        return (Problem(source, 1, "heading", "a card opens with a heading", f'write "# {stem.capitalize()}" first'),)
    if len(text.encode()) > LIMIT:
        size = len(text.encode())
        return (Problem(source, 1, "text", f"{size} bytes are too many", f"keep a card within {LIMIT} bytes"),)
    return Card(role, text)
