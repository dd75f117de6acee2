"""Definitions and declarations: what is adopted, what a file would change, whether a file is sound."""

from __future__ import annotations

import json as _json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ainarres.cli import access, documents, trouble
from ainarres.cli.people import Home, Json, Url  # noqa: TC001 - typer reads them
from ainarres.cli.shown import show as show_json
from ainarres.domain.refusal import Refusal
from ainarres.projections.wording import printable

if TYPE_CHECKING:
    from ainarres.domain.source import Problem
    from ainarres.domain.workflow import Workflow

Name = Annotated[
    str, typer.Argument(metavar="KEY|FILE", help="Key of an adopted workflow, or a file that ends in .toml")
]
File = Annotated[str, typer.Argument(metavar="FILE", help="Workflow file, or - for standard input")]
Version = Annotated[int | None, typer.Option("--version", min=1, metavar="N", help="An older version")]


def check(file: File, json: Json = False) -> int:
    """Examine a workflow file without adopting it, with line, field and cure; a problem is exit status 1."""
    found = _read(file)
    if not isinstance(found, tuple):
        if json:
            return show_json({"ok": True, "workflow": found.key, "digest": found.digest(), "problems": []})
        print(f"{file}: sound: {found.key}, {len(found.stages)} stages, {len(found.transitions)} transitions")
        return 0
    _told(found, as_json=json)
    return 1


def show(name: Name, version: Version = None, json: Json = False, url: Url = None, home: Home = None) -> int:
    """Show a workflow's stages, leases and moves."""
    found = _workflow(name, version, url, home)
    if isinstance(found, Refusal):
        return trouble.refuse(found, as_json=json)
    if isinstance(found, tuple):
        return _told(found, as_json=json)
    if json:
        return show_json(found.to_json())
    from ainarres.domain.duration import show as span  # noqa: PLC0415 - as above

    print(f"{found.key}: {printable(found.title)}")
    for stage in found.stages:
        marks = ", initial" if stage.initial else (", terminal" if stage.terminal else "")
        print(f"  {stage.key} (lease {span(found.lease_of(stage.key))}{marks})")
        for move in found.exits(stage.key):
            review = f", reviews {move.reviews}: {move.rule} another {move.distinct}" if move.reviews else ""
            needs = " ".join(move.requires)
            print(f"    {move.kind} → {move.to_stage} needs {needs}{review}")
    return 0


def graph(name: Name, version: Version = None, json: Json = False, url: Url = None, home: Home = None) -> int:
    """Draw a workflow as a Mermaid flowchart."""
    from ainarres.domain.graph import workflow_graph  # noqa: PLC0415 - as above

    found = _workflow(name, version, url, home)
    if isinstance(found, Refusal):
        return trouble.refuse(found, as_json=json)
    if isinstance(found, tuple):
        return _told(found, as_json=json)
    if json:
        return show_json({"workflow": found.key, "mermaid": workflow_graph(found)})
    print(workflow_graph(found), end="")
    return 0


def diff(file: File, json: Json = False, url: Url = None, home: Home = None) -> int:
    """Show what adopting a file would change."""
    from ainarres.domain.difference import diff as compare  # noqa: PLC0415 - as above

    new = _read(file)
    if isinstance(new, tuple):
        return _told(new, as_json=json)
    old = _adopted(new.key, None, url, home)
    if isinstance(old, Refusal):  # the key is the file's own, so nothing was mistyped
        lines = [f"+ workflow {new.key}, which is not adopted yet: `ainarres workflow adopt {file}`"]
    else:
        lines = compare(old, new)
    if json:
        return show_json({"workflow": new.key, "changes": lines})
    print("\n".join(map(printable, lines)) or f"{file} is what is adopted already")
    return 0


def _workflow(
    name: str, version: int | None, url: str | None, home: str | None
) -> Workflow | tuple[Problem, ...] | Refusal:
    if name.endswith(".toml") or name == "-":
        return _read(name)
    return _adopted(name, version, url, home)


def _adopted(key: str, version: int | None, url: str | None, home: str | None) -> Workflow | Refusal:
    from ainarres.domain.workflow import Workflow  # noqa: PLC0415 - as above
    from ainarres.projections import declared  # noqa: PLC0415 - as above

    with access.opened(url, home) as connection:
        row = declared.one(connection, "workflow", key=key, version=version)
        known = [each["key"] for each in declared.rows(connection, "workflows")]
    if row is None:
        which = f"no workflow {key!r}" + (f" of version {version}" if version else "")
        return Refusal("not_found", f"{which}; adopted are {', '.join(known) or 'none'}", {"field": "workflow"})
    return Workflow.from_json(row["definition"])


def _read(file: str) -> Workflow | tuple[Problem, ...]:
    from ainarres.domain.definition import read_workflow  # noqa: PLC0415 - as above

    given = documents.document(file)
    return read_workflow(given["text"], Path(given["source"]).name)


def _told(problems: tuple[Problem, ...], *, as_json: bool) -> int:
    rows: list[dict[str, Any]] = [
        {"source": p.source, "line": p.line, "field": p.field, "message": p.message, "cure": p.cure} for p in problems
    ]
    if as_json:
        print(_json.dumps({"ok": False, "code": "invalid", "problems": rows}, ensure_ascii=False))
    else:
        print("\n".join(printable(str(problem)) for problem in problems))
    return 2
