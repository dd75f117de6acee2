"""Templates: several tasks with their edges, posted together, with words left open.

``{title}`` in any text is a parameter. Tasks name the ones they come after, and only ones written above them, so a
template reads in an order in which it can be done, and no cycle can be written.
"""

from __future__ import annotations

from math import isfinite
from string import Formatter
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ainarres.domain.family import Skill
from ainarres.domain.feature import Features, Key, titled
from ainarres.domain.listing import listed
from ainarres.domain.malformed import MalformedError
from ainarres.domain.source import Problem, Source, load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MODEL = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True, defer_build=True)
Keys = Annotated[tuple[Key, ...], BeforeValidator(listed)]


class Parameter(BaseModel):
    """A word left open."""

    model_config = _MODEL

    description: str = ""
    """What to give for it."""
    default: str | None = None
    """What stands if nothing is given; it must be given if left out."""


class Task(BaseModel):
    """One task to be created; texts may hold parameters until the template is expanded."""

    model_config = _MODEL

    key: Key
    """Its name inside the template, for edges."""
    title: str
    """The task's title."""
    payload: dict[str, Any] = Field(default_factory=dict)
    """All that the worker needs to know."""
    priority: int = Field(default=3, ge=1, le=5)
    """5 is most urgent."""
    requires: Features = ()
    """Features a claimer needs besides the stage's."""
    skills: Annotated[tuple[Skill, ...], BeforeValidator(listed)] = ()
    """Skills that the work calls for."""
    after: Keys = ()
    """Tasks written above that must be done first."""


class Template(BaseModel):
    """Tasks in an order in which they can be done."""

    model_config = _MODEL

    key: Key
    """What ``apply`` calls it."""
    title: str = ""
    """What people read; the key if left out."""
    parameters: dict[Key, Parameter] = Field(default_factory=dict)
    """The words left open, by name."""
    tasks: Annotated[tuple[Task, ...], BeforeValidator(listed)] = Field(
        validation_alias="task", serialization_alias="task", min_length=1
    )
    """One table a task."""

    @model_validator(mode="before")
    @classmethod
    def _titled(cls, given: Any) -> Any:
        return titled(given)


def read_template(text: str, source: str) -> Template | tuple[Problem, ...]:
    """Read a template file; ``source`` is the name under which problems are reported."""
    loaded = load(text, source)
    if isinstance(loaded, tuple):
        return loaded
    template = loaded.read(Template)
    if isinstance(template, tuple):
        return template
    return tuple(_doubts(loaded, template)) or template


def expand(template: Template, given: Mapping[str, str]) -> tuple[Task, ...]:
    """Return the tasks with every parameter filled in, in the order of the file.

    ``given`` holds values by parameter name. Raises ``MalformedError`` for a parameter that is unknown or missing.
    """
    names = ", ".join(template.parameters) or "none"
    for key in given:
        if key not in template.parameters:
            raise MalformedError(f"template {template.key!r} has no parameter {key!r}", f"its parameters are {names}")
    values = {key: given.get(key, parameter.default) for key, parameter in template.parameters.items()}
    missing = [key for key, value in values.items() if value is None]
    if missing:
        what = template.parameters[missing[0]].description or "a value"
        raise MalformedError(f"template {template.key!r} needs {missing[0]!r}", f'give --{missing[0]} "{what}"')
    return tuple(
        task.model_copy(update={"title": _filled(task.title, values), "payload": _filled(task.payload, values)})
        for task in template.tasks
    )


def _doubts(source: Source, template: Template) -> Iterator[Problem]:
    known = ", ".join(template.parameters) or "none"
    above: list[str] = []
    for place, task in enumerate(template.tasks):
        path = ("task", place)
        if task.key in above:
            yield source.problem((*path, "key"), f"task {task.key!r} is declared twice", "give it a key of its own")
        for index, key in enumerate(task.after):
            if key not in above:
                cure = f"a task comes after ones above it: {', '.join(above) or 'none'}"
                yield source.problem((*path, "after", index), f"no task {key!r} above", cure)
        above.append(task.key)
        for where, text in (*_texts(task.title, ("title",)), *_texts(task.payload, ("payload",))):
            for name in _names(text):
                if name is None:
                    yield source.problem((*path, *where), "a brace is not a parameter", "write {{ and }} for braces")
                elif name not in template.parameters:
                    yield source.problem((*path, *where), f"no parameter {name!r}", f"parameters are {known}")
        for where, value in _foreign(task.payload, ("payload",)):
            yield source.problem((*path, *where), f"{value} is not JSON", "write it as text in quotes")


def _texts(value: object, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield every text within a value, with its place."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, (*path, index))


def _foreign(value: object, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], object]]:
    """Yield what TOML can say and JSON cannot: dates, times, infinities."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _foreign(inner, (*path, key))
    elif not isinstance(value, str | int) and not (isinstance(value, float) and isfinite(value)):
        yield path, value


def _names(text: str) -> Iterator[str | None]:
    """Yield the parameters of a text; None stands for braces that are no parameter."""
    try:
        for _, name, form, conversion in Formatter().parse(text):
            if name is not None:
                yield name if name.replace("_", "").replace("-", "").isalnum() and not (form or conversion) else None
    except ValueError:
        yield None


def _filled(value: Any, values: Mapping[str, str | None]) -> Any:
    if isinstance(value, str):
        parts = Formatter().parse(value)
        return "".join(text + (values[name] or "" if name is not None else "") for text, name, _, _ in parts)
    if isinstance(value, dict):
        return {key: _filled(inner, values) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, values) for inner in value]
    return value
