"""The one error of every pure parser here: what is wrong, and what to write instead.

It is a ``ValueError`` so that pydantic collects it, and it keeps the cure apart from the problem so that the readers of
files can print both in their own columns.
"""

from __future__ import annotations


class MalformedError(ValueError):
    """A text does not say what it should. ``problem`` names the fault, ``cure`` what to write instead."""

    def __init__(self, problem: str, cure: str) -> None:
        self.problem, self.cure = problem, cure
        super().__init__(f"{problem} ({cure})")
