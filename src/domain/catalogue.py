"""The registry as a page for people: docs/events.md, which a test compares with what this module writes.

Field types and words are read from the source of the models, so that there is one place to change.
``python -m ainarres.domain.catalogue docs/events.md``
"""

from __future__ import annotations

import ast
import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ainarres.domain.events import REGISTRY, agents, families, ledger, tasks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ainarres.domain.events import EventType

HEAD = """# Events

Every event of the ledger: its stream, the schema number of its body, the verb that appends it and the projections that
read it. Written from the registry in `src/domain/events/` by `make reference`; change it there.

Who appended an event, when, with which credential, and whom it credits or charges are columns of the row, not of the
body: see `\\d+ ledger.event`.

| event | stream | schema | verb | projections |
| --- | --- | --- | --- | --- |
"""
PARTS = "## Parts of bodies\n"
_MODULES = (ledger, families, agents, tasks)
"""In the order in which the page tells them."""


def page() -> str:
    """Return the page."""
    classes = _classes()
    kinds = [REGISTRY[name] for name in classes if name in REGISTRY]
    rows = "".join(_row(kind) for kind in kinds)
    told = "\n".join(_section(kind, classes[kind.name]) for kind in kinds)
    parts = "\n".join(_part(node) for name, node in classes.items() if name not in REGISTRY and _is_part(node))
    return f"{HEAD}{rows}\n{told}\n{PARTS}\n{parts}"


def _row(kind: EventType) -> str:
    projections = ", ".join(kind.projections)
    return (
        f"| [`{kind.name}`](#{kind.name.lower()}) | `{kind.stream}-` | {kind.schema} | {kind.verb} | {projections} |\n"
    )


def _section(kind: EventType, node: ast.ClassDef) -> str:
    return f"## {kind.name}\n\n{_words(ast.get_docstring(node))}\n\n{_fields(node)}"


def _part(node: ast.ClassDef) -> str:
    return f"### {node.name}\n\n{_words(ast.get_docstring(node))}\n\n{_fields(node)}"


def _fields(node: ast.ClassDef) -> str:
    rows = "".join(f"| `{name}` | {kind} | {words} |\n" for name, kind, words in _described(node))
    return f"| field | type | meaning |\n| --- | --- | --- |\n{rows}" if rows else ""


def _described(node: ast.ClassDef) -> Iterator[tuple[str, str, str]]:
    """Yield name, type and words of each field; the words are the string that follows it."""
    following = [*node.body[1:], ast.Pass()]
    for statement, after in zip(node.body, following, strict=True):
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        words = ""
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) and isinstance(after.value.value, str):
            words = _words(after.value.value)
        kind = ast.unparse(statement.annotation).replace("|", "\\|").replace("'", '"')
        default = "" if statement.value is None else f", `{ast.unparse(statement.value)}` if left out"
        yield statement.target.id, f"`{kind}`{default}", words


def _words(text: str | None) -> str:
    return " ".join((text or "").replace("``", "`").split())


def _is_part(node: ast.ClassDef) -> bool:
    return any(isinstance(base, ast.Name) and base.id == "Event" for base in node.bases)


def _classes() -> dict[str, ast.ClassDef]:
    nodes = [node for module in _MODULES for node in ast.parse(inspect.getsource(module)).body]
    return {node.name: node for node in nodes if isinstance(node, ast.ClassDef)}


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
