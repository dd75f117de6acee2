"""The stock definitions: workflows, role cards, templates, policies and their JSON Schemas as the files they are.

In the repository they live in ``workflows/`` and ``governance/``, where people look for them; in a wheel they lie in
this package. Both are found here and nowhere else. A definition has force only once it is adopted.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from ainarres.faults import InvalidInput

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

Kind = Literal["workflow", "role", "template", "policy", "schema"]

_PLACES: dict[Kind, tuple[tuple[str, ...], str]] = {
    "workflow": (("workflows",), ".toml"),
    "role": (("workflows", "roles"), ".md"),
    "template": (("workflows", "templates"), ".toml"),
    "policy": (("governance",), ".toml"),
    "schema": (("workflows", "schemas"), ".json"),
}


def names(kind: Kind) -> list[str]:
    """The names of the stock definitions of ``kind``, sorted."""
    folder, suffix = _folder(kind)
    entries = folder.iterdir() if folder.is_dir() else ()
    return sorted(entry.name.removesuffix(suffix) for entry in entries if entry.name.endswith(suffix))


def read(kind: Kind, name: str) -> str:
    """The text of one definition. Raises InvalidInput for a name that is not among ``names(kind)``."""
    folder, suffix = _folder(kind)
    if name not in (known := names(kind)):
        raise InvalidInput(kind, f"there is no stock {kind} named {name!r}", f"known are: {', '.join(known) or 'none'}")
    return (folder / f"{name}{suffix}").read_text("utf-8")


def _folder(kind: Kind) -> tuple[Traversable, str]:
    if kind not in _PLACES:
        raise InvalidInput("kind", f"{kind!r} is no kind of definition", f"known are: {', '.join(get_args(Kind))}")
    parts, suffix = _PLACES[kind]
    packaged = files(__name__)
    # An editable install runs from the checkout, whose folders no package directory can stand for.
    root = packaged if packaged.joinpath(parts[0]).is_dir() else Path(__file__).parents[2]
    return root.joinpath(*parts), suffix
