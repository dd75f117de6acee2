"""Families: harness and model together, the unit that competence attaches to, and what each is granted.

``families.toml`` is the one place where grants are written. A feature that no adopted workflow requires and no lane
answers to would be a lock without a door, so the reader refuses it when it is told what is known.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from ainarres.domain.feature import Features, Key, kind_of, parse
from ainarres.domain.listing import listed
from ainarres.domain.malformed import MalformedError
from ainarres.domain.source import Problem, Source, load

if TYPE_CHECKING:
    from collections.abc import Iterator

_PART = r"[a-z0-9][a-z0-9._:/-]{0,62}"
_FAMILY = re.compile(rf"{_PART}\+{_PART}", re.ASCII)
_ANYWHERE = frozenset({"tier", "skill"})
"""Kinds whose keys need no workflow or lane to mean something."""


def family_key(text: str) -> str:
    """Check a family's key, ``harness+model``, and return it; raises ``MalformedError``."""
    if not _FAMILY.fullmatch(text):
        raise MalformedError(f"{text!r} is not a family", 'write "harness+model", such as "claude-code+sonnet"')
    return text


def short(key: str) -> str:
    """Return the label a report uses for a family that gives none: the harness up to its first hyphen."""
    return key.partition("+")[0].partition("-")[0]


def _skill(text: str) -> str:
    parse(f"skill:{text}")
    return text


FamilyKey = Annotated[
    str, AfterValidator(family_key), WithJsonSchema({"type": "string", "pattern": rf"^{_PART}\+{_PART}$"})
]
Skill = Annotated[str, AfterValidator(_skill)]


class Family(BaseModel):
    """One family and its grants."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True, defer_build=True)

    key: FamilyKey
    """``harness+model``, such as ``claude-code+sonnet``."""
    label: Key = ""
    """Short name for reports; the harness up to its first hyphen if left out."""
    maker: Key
    """Who makes the model, such as ``anthropic``: makers, not names, fail independently."""
    cost_class: int = Field(ge=0, le=1000)
    """Rank of price, 0 the cheapest; only the order matters."""
    grants: Features = ()
    """The features its agents hold."""
    skills: Annotated[tuple[Skill, ...], BeforeValidator(listed)] = ()
    """What its agents are good at; held as ``skill:`` features too."""
    description: str = ""
    """For people."""

    @model_validator(mode="before")
    @classmethod
    def _labelled(cls, given: Any) -> Any:
        if isinstance(given, dict) and "label" not in given and isinstance(given.get("key"), str):
            return {**given, "label": short(given["key"])}
        return given

    @property
    def features(self) -> frozenset[str]:
        """Grants and skills as features."""
        return frozenset(self.grants) | {f"skill:{skill}" for skill in self.skills}


class Roster(BaseModel):
    """The file: families in the order in which they are shown."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True, defer_build=True)

    families: Annotated[tuple[Family, ...], BeforeValidator(listed)] = Field(
        validation_alias="family", serialization_alias="family", min_length=1
    )
    """One table a family."""


def read_families(
    text: str, source: str, known: frozenset[str] | None = None
) -> tuple[Family, ...] | tuple[Problem, ...]:
    """Read a families file; ``source`` is the name under which problems are reported.

    ``known`` holds the features that mean something here: those of the adopted workflows (``Workflow.features``) and
    one ``lane:`` a lane. If given, a grant outside it is a problem; tiers and skills are free.
    """
    loaded = load(text, source)
    if isinstance(loaded, tuple):
        return loaded
    roster = loaded.read(Roster)
    if isinstance(roster, tuple):
        return roster
    return tuple(_doubts(loaded, roster.families, known)) or roster.families


def _doubts(source: Source, families: tuple[Family, ...], known: frozenset[str] | None) -> Iterator[Problem]:
    seen: set[str] = set()
    for place, family in enumerate(families):
        path = ("family", place)
        if family.key in seen:
            yield source.problem((*path, "key"), f"family {family.key!r} is declared twice", "remove one")
        seen.add(family.key)
        for index, grant in enumerate(family.grants):
            where = (*path, "grants", index)
            if grant in family.grants[:index]:
                yield source.problem(where, f"{grant!r} is granted twice", "remove one")
            if known is not None and grant not in known and kind_of(grant) not in _ANYWHERE:
                near = get_close_matches(grant, sorted(known), n=1)
                cure = f"did you mean {near[0]}?" if near else "adopt the workflow or lane that asks for it first"
                yield source.problem(where, f"no workflow or lane knows {grant!r}", cure)
