"""What commands are made of: their base, and the texts, names and numbers that their fields hold."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from ainarres.domain import duration, feature

TEXT_LIMIT = 65_536
"""Characters that one text field may hold."""


def storable(text: str) -> str:
    """Return a text that the ledger can keep. Raises ``ValueError`` for one that it cannot."""
    if "\x00" in text:
        raise ValueError("holds a NUL character, which no text of the ledger can; remove it")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("is not valid UTF-8: it holds half of a surrogate pair; remove it") from None
    return text


def said(text: str) -> str:
    """Return a text that is not blank. Raises ``ValueError`` for one that is."""
    if not text.strip():
        raise ValueError("must not be blank; say it in a few words")
    return text


def span(text: str) -> str:
    """Return a text that is a duration, as ``30s``. Raises ``ValueError`` for another."""
    duration.parse(text)
    return text


Text = Annotated[str, StringConstraints(max_length=TEXT_LIMIT), AfterValidator(storable)]
Words = Annotated[Text, AfterValidator(said)]
Key = Annotated[str, StringConstraints(max_length=200), AfterValidator(storable), AfterValidator(said)]
TaskRef = Annotated[Key, Field(description="Task id; a unique prefix or suffix of it will do")]
FeatureName = Annotated[str, StringConstraints(max_length=200), AfterValidator(feature.parse)]
Fence = Annotated[int | None, Field(description="The number of your hold, from the claim's `task.fence`")]
Version = Annotated[int | None, Field(ge=0, description="Refuse with `conflict` unless the task is at this version")]
Tokens = Annotated[int | None, Field(ge=0, le=2**53 - 1, description="Null is unmeasured, which is not zero")]


class Command(BaseModel):
    """Base of all commands."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=False, defer_build=True)


class File(Command):
    """A command that brings a document along."""

    text: Annotated[str, StringConstraints(max_length=1_048_576), AfterValidator(storable)]
    source: Annotated[Key, Field(description="File name, for the messages")]


class Instructed(Command):
    """A command of somebody who may act on another's word; whose it was is recorded and never enforced."""

    instruction: Annotated[Words | None, Field(description="What you were told to do, where somebody told you")] = None
    instructed_by: Annotated[Key | None, Field(description="Who told you")] = None
