"""How projections are put into words: short ids, ages, labels, and text from agents made safe to print.

Whatever an agent wrote may hold escape sequences, so every text passes ``printable`` on its way to a terminal.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

NONE = "  (none)"
UNKNOWN = "—"
_SHORTEST = 4
# Controls, invisible format characters (among them those that turn the direction of writing), and line separators.
_UNSAFE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def printable(text: str, limit: int | None = None) -> str:
    r"""Return ``text`` on one line with control and format characters spelt out (``\x1b``), cut after ``limit``."""
    spelt = "".join(_spell(one) if unicodedata.category(one) in _UNSAFE else one for one in text)
    return spelt if limit is None or len(spelt) <= limit else spelt[: limit - 1] + "…"


def printable_block(text: str) -> str:
    """Do the same to a text of several lines; line ends and tabs stay."""
    return "\n".join("\t".join(printable(cell) for cell in line.split("\t")) for line in text.splitlines())


def short(task: UUID | str, among: Iterable[UUID | str] = ()) -> str:
    """Write an id as its unique suffix, ``…d25d``: four digits, or as many as tell it apart ``among`` others."""
    digits = _digits(task)
    others = {_digits(other) for other in among} - {digits}
    length = _SHORTEST
    while length < len(digits) and any(other.endswith(digits[-length:]) for other in others):
        length += 1
    return f"…{digits[-length:]}"


def shortener(tasks: Iterable[UUID | str]) -> Callable[[UUID | str], str]:
    """Return ``short`` among many tasks, worked out once for all of them."""
    digits = sorted({_digits(task)[::-1] for task in tasks})
    lengths: dict[str, int] = {}
    for place, one in enumerate(digits):  # in this order whoever shares the longest ending is a neighbour
        near = [digits[other] for other in (place - 1, place + 1) if 0 <= other < len(digits)]
        shared = max((_shared(one, other) for other in near), default=0)
        lengths[one[::-1]] = max(_SHORTEST, shared + 1)

    def shorten(task: UUID | str) -> str:
        text = _digits(task)
        return f"…{text[-lengths.get(text, _SHORTEST) :]}"

    return shorten


def amount(number: float | None) -> str:
    """Write a count for a person: ``950``, ``1.2k``, ``1.2M``; ``unknown`` where nobody counted."""
    if number is None:
        return "unknown"
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= size * 0.9995:
            return f"{number / size:.1f}{unit}"
    return f"{number:.0f}"


def count(number: int, noun: str) -> str:
    """Write a number of things: ``1 task``, ``2 tasks``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def percent(share: float | None) -> str:
    """Write a share in whole per cent, ``unknown`` where there is none."""
    return "unknown" if share is None else f"{share * 100:.0f}%"


def distinct(labels: Mapping[str, str]) -> dict[str, str]:
    """Return what each family (a key, ``harness+model``) is called, given the labels: no two families alike.

    Families that share a label get their model behind it, and where that is not enough they go by their keys.
    """
    often = Counter(labels.values())
    named = {key: label if often[label] == 1 else f"{label}+{key.partition('+')[2]}" for key, label in labels.items()}
    again = Counter(named.values())
    return {key: name if again[name] == 1 else key for key, name in named.items()}


def clock(age: timedelta) -> str:
    """Write a span as ``hh:mm:ss``, hours as many as there are."""
    seconds = max(0, age // timedelta(seconds=1))
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def instant(at: datetime) -> str:
    """Write a time for machines: UTC, six digits."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment(at: datetime) -> str:
    """Write a time for people: UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def section(title: str, lines: Iterable[str], total: int | None = None) -> list[str]:
    """Return a block: ``title (n):`` and its lines, or ``  (none)``; where ``total`` is more, how many come before."""
    body = list(lines)
    more = (total or 0) - len(body)
    before = [f"  (and {more} before these)"] if more > 0 else []
    return [f"{title} ({max(len(body), total or 0)}):", *before, *(body or [NONE])]


def _shared(one: str, other: str) -> int:
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _spell(one: str) -> str:
    return one.encode("unicode_escape", "backslashreplace").decode()


def _digits(task: UUID | str) -> str:
    return (task.hex if isinstance(task, UUID) else task).replace("-", "")
