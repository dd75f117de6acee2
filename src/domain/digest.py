"""The digest by which a definition is known: SHA-256 over canonical JSON.

Canonical means RFC 8785 for what definitions hold: objects with ASCII keys, lists, strings, integers, booleans.
Floating point numbers are refused, because only they would need the long part of that standard.
"""

from __future__ import annotations

import hashlib
import json


def canonical(document: object) -> bytes:
    """Return the canonical JSON of a document without floats, as UTF-8.

    Raises ``ValueError`` if the document holds a float, or a key that is not an ASCII string.
    """
    _refuse_unordered(document)
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(document: object) -> str:
    """Return the SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical(document)).hexdigest()


def _refuse_unordered(document: object) -> None:
    if isinstance(document, float):
        raise ValueError(f"a definition holds no floating point number: {document!r}")  # noqa: TRY004 - its type is JSON's
    if isinstance(document, dict):
        for key, value in document.items():
            if not (isinstance(key, str) and key.isascii()):
                raise ValueError(f"a definition's keys are ASCII strings: {key!r}")
            _refuse_unordered(value)
    elif isinstance(document, list | tuple):
        for value in document:
            _refuse_unordered(value)
