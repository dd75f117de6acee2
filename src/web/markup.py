"""HTML written by calls: every text is escaped, and what an agent wrote is made printable first."""

from __future__ import annotations

from html import escape

from ainarres.projections.wording import printable, printable_block

_VOID = frozenset({"input", "link", "meta"})


class Markup(str):
    """Text that is HTML already; only this module makes it."""

    __slots__ = ()


def tag(name: str, /, *parts: object, **attributes: object) -> Markup:
    """Return an element. Attributes lose a trailing ``_``, and ``_`` within is a hyphen; null ones are left out."""
    said = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(printable(str(value)))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Markup(f"<{name}{said}>" if name in _VOID else f"<{name}{said}>{join(*parts)}</{name}>")


def join(*parts: object) -> Markup:
    """Put parts one after the other; lists are taken apart, null is nothing."""
    return Markup("".join(_written(part) for part in parts))


def block(text: str) -> Markup:
    """Return a text of several lines."""
    return tag("pre", Markup(escape(printable_block(text))), tabindex="0")


def _written(part: object) -> str:
    if part is None:
        return ""
    if isinstance(part, Markup):
        return part
    if isinstance(part, (list, tuple)):
        return join(*part)
    return escape(printable(str(part)))
