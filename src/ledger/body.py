"""What an event's body may hold, and how its numbers are written.

The ledger must read the same everywhere for good: jsonb keeps every digit it is given, canonical JSON (RFC 8785) keeps
doubles only. So a number is an integer of at most 2^53 - 1 either way, or a finite double in its shortest form; text is
what UTF-8 and jsonb can both hold. Anything else is refused, and the refusal names the place as a JSON path.
"""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ainarres.faults import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GREATEST = 2**53 - 1
"""Largest integer that every reader of JSON keeps exactly."""
DEEPEST = 64
"""Nesting of objects and lists that a body may have."""
_TOO_DEEP = f"is nested deeper than {DEEPEST} levels", "flatten it, or keep it as an artifact"
_DIGITS = len(str(GREATEST)) - 1  # an integer of so few characters is in range without a look


def normalise(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``body`` as the ledger keeps it: plain dicts and lists, whole doubles in range as integers.

    Raises InvalidInput whose field is the JSON path, ``$.artifacts[2].size``, of what cannot be kept.
    """
    try:
        return _object(body, 1)
    except _Unfit as unfit:
        raise InvalidInput(_shown("$" + "".join(reversed(unfit.path))), _shown(unfit.problem), unfit.cure) from None


def encode(document: object) -> str:
    """Return normalised JSON as text for jsonb; doubles in their shortest form."""
    return _ENCODER.encode(document)


def decode(text: str) -> dict[str, Any]:
    """Read a body back from the text of its jsonb. Raises ValueError for what is not a JSON object."""
    document = _DECODER.decode(text)
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - the text is wrong, not a type
    return document


def spelling(number: float) -> str:
    """Return how jsonb shows a normalised number; any other spelling in a stored body was not written by us."""
    return str(number) if isinstance(number, int) else format(Decimal(repr(number)), "f")


def _whole(text: str) -> int | float:
    # jsonb has no exponents: a double beyond the integers comes back as many digits.
    if len(text) <= _DIGITS or abs(int(text)) <= GREATEST:
        return int(text)
    return float(text)


_DECODER = json.JSONDecoder(parse_int=_whole)
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


class _Unfit(Exception):
    """What cannot be kept; ``path`` grows from the inside out, so that what is fine pays for none."""

    def __init__(self, problem: str, cure: str) -> None:
        self.problem, self.cure = problem, cure
        self.path: list[str] = []
        super().__init__(problem)


def _object(value: Mapping[str, Any], depth: int) -> dict[str, Any]:
    if depth > DEEPEST:
        raise _Unfit(*_TOO_DEEP)
    result = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise _Unfit(f"has a key that is not text: {key!r}", "write the key as a string")
        name = _text(key)
        try:
            result[name] = _text(item) if type(item) is str else _value(item, depth)
        except _Unfit as unfit:
            unfit.path.append(f".{key}")
            raise
    return result


def _list(value: Sequence[Any], depth: int) -> list[Any]:
    if depth >= DEEPEST:
        raise _Unfit(*_TOO_DEEP)
    result = []
    for index, item in enumerate(value):
        try:
            result.append(_value(item, depth))
        except _Unfit as unfit:
            unfit.path.append(f"[{index}]")
            raise
    return result


def _value(value: object, depth: int) -> Any:
    match value:
        case None | bool():
            return value
        case str():
            return _text(value)
        case int() | float():
            return _number(value)
        case dict():
            return _object(value, depth + 1)
        case list() | tuple():
            return _list(value, depth + 1)
    raise _Unfit(f"is no JSON value: {type(value).__name__}", "write it as a string, a number, a list or an object")


def _number(value: float) -> int | float:
    if isinstance(value, int):
        if not -GREATEST <= value <= GREATEST:
            raise _Unfit("is beyond 2^53 - 1", "write it as a string")
        return int(value)
    if not math.isfinite(value):
        raise _Unfit(f"is not a finite number: {value!r}", "write null where there is no number")
    if value.is_integer() and abs(value) <= GREATEST:
        return int(value)
    return float(value)


def _text(value: str) -> str:
    if "\0" in value:
        raise _Unfit("holds the character NUL", "remove it")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _Unfit("holds half of a surrogate pair", "write the character in UTF-8") from None
    return value


def _shown(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode().replace("\0", "\\0")
