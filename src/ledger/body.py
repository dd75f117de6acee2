"""What an event's body may hold, and how its numbers are written.

The ledger must read the same everywhere for good: jsonb keeps every digit it is given, canonical JSON (RFC 8785) keeps
doubles only. So a number is an integer of at most 2^53 - 1 either way, or a finite double in its shortest form; text is
what UTF-8 and jsonb can both hold. Anything else is refused, and the refusal names the place as a JSON path.
"""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn

from ainarres.faults import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

GREATEST = 2**53 - 1
"""Largest integer that every reader of JSON keeps exactly."""
DEEPEST = 64
"""Nesting of objects and lists that a body may have."""
_DIGITS = len(str(GREATEST)) - 1  # an integer of so few characters is in range without a look


def normalise(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``body`` as the ledger keeps it: plain dicts and lists, whole doubles in range as integers.

    Raises InvalidInput whose field is the JSON path, ``$.artifacts[2].size``, of what cannot be kept.
    """
    return _object(body, "$", 1)


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


def _object(value: Mapping[str, Any], path: str, depth: int) -> dict[str, Any]:
    if depth > DEEPEST:
        _refuse(path, f"is nested deeper than {DEEPEST} levels", "flatten it, or keep it as an artifact")
    result = {}
    for key, item in value.items():
        if not isinstance(key, str):
            _refuse(path, f"has a key that is not text: {key!r}", "write the key as a string")
        result[_text(key, path)] = _value(item, f"{path}.{key}", depth)
    return result


def _value(value: object, path: str, depth: int) -> Any:
    match value:
        case None | bool():
            return value
        case str():
            return _text(value, path)
        case int() | float():
            return _number(value, path)
        case dict():
            return _object(value, path, depth + 1)
        case list() | tuple():
            if depth >= DEEPEST:
                _refuse(path, f"is nested deeper than {DEEPEST} levels", "flatten it, or keep it as an artifact")
            return [_value(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(value)]
    problem = f"is no JSON value: {type(value).__name__}"
    return _refuse(path, problem, "write it as a string, a number, a list or an object")


def _number(value: float, path: str) -> int | float:
    if isinstance(value, int):
        if not -GREATEST <= value <= GREATEST:
            _refuse(path, "is beyond 2^53 - 1", "write it as a string")
        return int(value)
    if not math.isfinite(value):
        _refuse(path, f"is not a finite number: {value!r}", "write null where there is no number")
    if value.is_integer() and abs(value) <= GREATEST:
        return int(value)
    return float(value)


def _text(value: str, path: str) -> str:
    if "\0" in value:
        _refuse(path, "holds the character NUL", "remove it")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            _refuse(path, "holds half of a surrogate pair", "write the character in UTF-8")
    return value


def _refuse(path: str, problem: str, cure: str) -> NoReturn:
    shown = path.encode("ascii", "backslashreplace").decode().replace("\0", "\\0")
    raise InvalidInput(shown, problem.encode("ascii", "backslashreplace").decode().replace("\0", "\\0"), cure)
