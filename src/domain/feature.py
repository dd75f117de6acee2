"""Features: the keys that open transitions, lanes and tasks, written ``kind:key``.

An agent that holds a feature may pass where it is required. They stay plain strings everywhere, because sets of
strings are what grants, denials and requirements are; this module alone knows how one is spelled.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from ainarres.domain.listing import listed
from ainarres.domain.malformed import MalformedError

KINDS = frozenset({"role", "capability", "lane", "tier", "skill"})
ALWAYS_KNOWN = frozenset({"role:triage", "role:auditor"})
"""Features that mean something though no workflow asks for them: unblocking, and raising flags."""

_NAME = r"[a-z0-9][a-z0-9._-]{0,62}"
_SHAPES = {
    "role": (rf"{_NAME}", "role:reviewer"),
    "capability": (rf"{_NAME}", "capability:integrate"),
    "lane": (rf"{_NAME}/{_NAME}", "lane:web/dev"),
    "tier": (r"[1-9][0-9]{0,3}", "tier:2"),
    "skill": (r"[a-z0-9][a-z0-9._+#-]{0,62}", "skill:python"),
}
_NAMED = re.compile(_NAME, re.ASCII)


def parse(text: str) -> str:
    """Check one feature and return it unchanged.

    ``text`` is ``kind:key``; a lane's key is ``project/lane``, a tier's a positive integer without leading zeros.
    Raises ``MalformedError`` (a ``ValueError``) naming the problem and the cure.
    """
    kind, colon, key = text.partition(":")
    if not colon:
        raise MalformedError(f"{text!r} is not a feature", 'write "kind:key", such as "role:reviewer"')
    if kind not in KINDS:
        near = get_close_matches(kind, sorted(KINDS), n=1)
        cure = f'did you mean "{near[0]}:{key}"?' if near else f"kinds are {', '.join(sorted(KINDS))}"
        raise MalformedError(f"unknown kind {kind!r} in feature {text!r}", cure)
    pattern, example = _SHAPES[kind]
    if not re.fullmatch(pattern, key, re.ASCII):
        raise MalformedError(f"{text!r} is not a well-formed {kind} feature", f'write it like "{example}"')
    return text


def kind_of(feature: str) -> str:
    """Return the part before the colon."""
    return feature.partition(":")[0]


def key_of(feature: str) -> str:
    """Return the part after the colon."""
    return feature.partition(":")[2]


def name(text: str) -> str:
    """Check the key of a workflow, stage, project, lane or role card and return it unchanged.

    Raises ``MalformedError`` unless it is at most 63 lower-case letters, digits, ``.``, ``_``, ``-``.
    """
    if not _NAMED.fullmatch(text):
        raise MalformedError(
            f"{text!r} is not a key", "use lower-case letters, digits, '.', '_' and '-', at most 63, no other first"
        )
    return text


def titled(given: Any) -> Any:
    """Give a table without a title its key as one, hyphens as spaces; for a ``mode="before"`` validator."""
    if isinstance(given, dict) and not given.get("title") and isinstance(given.get("key"), str):
        return {**given, "title": given["key"].replace("-", " ").replace("_", " ")}
    return given


Feature = Annotated[
    str,
    AfterValidator(parse),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^(" + "|".join(f"{kind}:{_SHAPES[kind][0]}" for kind in sorted(_SHAPES)) + ")$",
            "description": "A feature, kind:key.",
            "examples": [example for _, example in _SHAPES.values()],
        }
    ),
]
"""The field type of models for one feature."""

Features = Annotated[tuple[Feature, ...], BeforeValidator(listed)]
"""The field type of models for a list of features."""

Key = Annotated[str, AfterValidator(name), WithJsonSchema({"type": "string", "pattern": f"^{_NAME}$"})]
"""The field type of models for a key."""
