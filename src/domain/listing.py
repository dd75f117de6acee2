"""Lists in files become tuples in frozen models; nothing else does, so that a lone text is not cut into letters."""

from __future__ import annotations


def listed(value: object) -> object:
    """Return a list as a tuple and anything else unchanged, for a ``BeforeValidator`` of a strict model."""
    return tuple(value) if isinstance(value, list) else value
