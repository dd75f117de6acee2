"""JSON Schema of each kind of definition file, for editors; the committed copies are in ``workflows/schemas``.

``python -m ainarres.domain.schema workflow`` writes one to standard output. A field's description is the docstring
under it, read from the source here alone: pydantic can do so itself, but would make every start of a verb pay for it.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from ainarres.domain.family import Roster
from ainarres.domain.policy import Policy
from ainarres.domain.project import Project
from ainarres.domain.template import Template
from ainarres.domain.workflow import Workflow

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS: Mapping[str, type[BaseModel]] = {
    "families": Roster,
    "policy": Policy,
    "project": Project,
    "template": Template,
    "workflow": Workflow,
}


def schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a kind of file, a key of ``KINDS``."""
    model = KINDS[kind]
    document = model.model_json_schema(by_alias=True, mode="validation")
    described = {model.__name__: document, **document.get("$defs", {})}
    sources = {found.__name__: found for found in _reachable(model)}
    for name, table in described.items():
        told = _docstrings(sources[name])
        for field, definition in sources[name].model_fields.items():
            written = str(definition.serialization_alias or field)
            table["properties"][written]["description"] = told[field]
    _plain(document)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **document}


def written(kind: str) -> str:
    """Return the schema as the text of its file."""
    return json.dumps(schema(kind), indent=2, ensure_ascii=False) + "\n"


def _reachable(model: type[BaseModel]) -> list[type[BaseModel]]:
    """Return the models of a model's module: a kind of file and all its tables live in one."""
    found = vars(inspect.getmodule(model)).values()
    return [one for one in found if isinstance(one, type) and issubclass(one, BaseModel) and one is not BaseModel]


def _docstrings(model: type[BaseModel]) -> dict[str, str]:
    """Return the text under each field of a model's class body, on one line, without the marks of code."""
    body = ast.parse(inspect.getsource(model)).body[0]
    assert isinstance(body, ast.ClassDef)
    told, field = {}, ""
    for statement in body.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            field = statement.target.id
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) and field:
            told[field] = " ".join(str(statement.value.value).split()).replace("``", "")
            field = ""
    return told


def _plain(node: Any) -> None:
    """Drop the titles that pydantic derives from field names: in an editor they only repeat the key."""
    if isinstance(node, dict):
        for name, inner in list(node.items()):
            if name == "title" and isinstance(inner, str):
                del node[name]
            else:
                _plain(inner)
    elif isinstance(node, list):
        for inner in node:
            _plain(inner)


if __name__ == "__main__":
    sys.stdout.write(written(sys.argv[1]))
