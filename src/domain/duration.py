"""Durations as people write them: ``30m``, ``1h30m``, ``250ms``.

Definitions, events and reports carry durations as text, so that a number in JSON never needs a unit beside it.
``parse`` and ``text`` are inverse and exact to the millisecond; ``show`` rounds down for a person's eye.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from ainarres.domain.malformed import MalformedError

_MILLISECONDS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_PATTERN = "".join(rf"(?:(\d+){unit}(?: (?=\d))?)?" for unit in _MILLISECONDS)
_TEXT = re.compile(_PATTERN, re.ASCII)
_CURE = 'write a positive duration such as "30m", "2h" or "1h30m"; units are d, h, m, s, ms, largest first'
_LONGEST = timedelta(days=3650)


def parse(text: str) -> timedelta:
    """Read a positive duration.

    ``text`` is whole numbers with the units d, h, m, s, ms, largest first, each at most once, with or without one space
    between. Raises ``MalformedError`` (a ``ValueError``) for anything else, zero and more than ten years included.
    """
    match = _TEXT.fullmatch(text)
    if match is None or not any(match.groups()):
        raise MalformedError(f"{text!r} is not a duration", _CURE)
    amounts = zip(match.groups(), _MILLISECONDS.values(), strict=True)
    total = sum(int(amount[:15]) * unit for amount, unit in amounts if amount)
    if not 0 < total <= _LONGEST // timedelta(milliseconds=1):
        raise MalformedError(f"{text!r} is not between 1ms and 3650d", _CURE)
    return timedelta(milliseconds=total)


def text(duration: timedelta) -> str:
    """Write a duration exactly and compactly, such as ``1h30m``: the form that definitions and events store."""
    rest, parts = duration // timedelta(milliseconds=1), []
    for unit, size in _MILLISECONDS.items():
        amount, rest = divmod(rest, size)
        if amount:
            parts.append(f"{amount}{unit}")
    return "".join(parts)


def show(duration: timedelta | float) -> str:
    """Round a duration (or seconds) down for reading: ``22s``, ``45m``, ``3h 20m``, ``2d 4h``; ``-5m`` is past."""
    span = duration if isinstance(duration, timedelta) else timedelta(seconds=duration)
    if span < timedelta(0):
        return f"-{show(-span)}"
    seconds = span // timedelta(seconds=1)
    if seconds == 0:
        milliseconds = span // timedelta(milliseconds=1)
        return f"{milliseconds}ms" if milliseconds else "0s"
    for large, small in (("d", "h"), ("h", "m")):
        amount, rest = divmod(seconds, _MILLISECONDS[large] // 1000)
        if amount:
            lesser = rest // (_MILLISECONDS[small] // 1000)
            return f"{amount}{large} {lesser}{small}" if lesser else f"{amount}{large}"
    return f"{seconds // 60}m" if seconds >= _MILLISECONDS["m"] // 1000 else f"{seconds}s"


def _read(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return parse(text(value)) if value > timedelta(0) else parse(str(value))
    if isinstance(value, str):
        return parse(value)
    raise MalformedError(f"{value!r} is not a duration", _CURE)


Duration = Annotated[
    timedelta,
    BeforeValidator(_read),
    PlainSerializer(text, return_type=str, when_used="json"),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^(?=.*[1-9]){_PATTERN}$",
            "description": "A positive duration such as 30m, 2h or 1h30m.",
            "examples": ["30m", "2h", "1h30m"],
        }
    ),
]
"""The field type of models: text or ``timedelta`` in, ``timedelta`` in memory, text in JSON."""
