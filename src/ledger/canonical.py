"""Canonical JSON (RFC 8785): one document, one spelling, so that a digest of it means the document.

Nearly every body holds integers and text alone; for these Python's own encoder gives the canonical bytes, ten times as
fast as the `rfc8785` library, which spells the rest: fractions, and keys beyond the Basic Multilingual Plane, whose
order differs between UTF-16 and code points. A test compares the two.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

import rfc8785

from ainarres.ledger.body import GREATEST, spelling

_QUICK = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_FRACTION = re.compile(r"[0-9][.e]|[0-9]{16}")
"""What every fraction looks like, and much text: it costs a slower encoding only."""
_SHORT = len(str(GREATEST)) - 1  # an integer of so few characters is in range without a look


class Misspelt(ValueError):
    """A number that is not in the one spelling the ledger gives it."""


def encode(document: object) -> bytes:
    """Return the canonical bytes of any JSON document. Raises ValueError for what RFC 8785 cannot keep."""
    return bytes(rfc8785.dumps(document))  # type: ignore[arg-type]  # its type of JSON is narrower than object


def from_jsonb(text: str) -> bytes:
    """Return the canonical bytes of a stored body, given as the text of its jsonb.

    Raises Misspelt for a number that the ledger's own append would have written in another way.
    """
    return _canonical(text, _STORED_QUICK, _STORED)


def from_line(line: bytes) -> dict[str, Any]:
    """Read a JSON object that is canonical already. Raises ValueError where it is not, Misspelt included."""
    text = line.decode()
    try:
        document = (_PLAIN if _awkward(text) else _PLAIN_QUICK).decode(text)
        again = encode(document) if _awkward(text) else quick(document)
    except _Fraction:
        document = _PLAIN.decode(text)
        again = encode(document)
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - the text is wrong, not a type
    if again != line:
        raise Misspelt("it is not canonical JSON (RFC 8785)")
    return document


def of(document: object) -> bytes:
    """Return the canonical bytes of a document read by ``from_line``."""
    text = _QUICK.encode(document)
    return encode(document) if _awkward(text) or _FRACTION.search(text) else text.encode()


def quick(document: object) -> bytes:
    """Return the canonical bytes of a document without fractions whose keys are of the Basic Multilingual Plane."""
    return _QUICK.encode(document).encode()


def _awkward(text: str) -> bool:
    """Tell whether the text may hold a key that UTF-16 orders in a way of its own; an escape may hide one."""
    return "\\u" in text or not (text.isascii() or _ASTRAL.search(text) is None)


def _canonical(text: str, fast: json.JSONDecoder, exact: json.JSONDecoder) -> bytes:
    if not _awkward(text):
        try:
            return quick(fast.decode(text))
        except _Fraction:
            pass
    return encode(exact.decode(text))


class _Fraction(Exception):
    """The quick way met a number that is no small integer."""


def _slow(text: str) -> NoReturn:
    raise _Fraction(text)


def _small(text: str) -> int:
    if len(text) > _SHORT:
        raise _Fraction(text)
    return int(text)


def _exact(text: str) -> int | float:
    double = float(text)
    if not math.isfinite(double):
        raise Misspelt(f"the number {text[:40]} is beyond what a double can hold")
    number = int(double) if double.is_integer() and abs(double) <= GREATEST else double
    if spelling(number) != text:
        raise Misspelt(f"the number {text[:40]} is not in its one spelling, {spelling(number)[:40]}")
    return number


def _any(text: str) -> int | float:
    number = int(text)
    return number if abs(number) <= GREATEST else float(text)


_STORED_QUICK = json.JSONDecoder(parse_int=_small, parse_float=_slow)
_STORED = json.JSONDecoder(parse_int=_exact, parse_float=_exact)
_PLAIN_QUICK = json.JSONDecoder(parse_int=_small, parse_float=_slow)
_PLAIN = json.JSONDecoder(parse_int=_any)
