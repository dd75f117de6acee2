"""Make ``table.json`` and docs/cli.md from the catalogue, the command models and the functions' signatures.

``python -m ainarres.cli.reference [ROOT]`` (``make reference``) writes both; a test holds the committed files to it.
"""

from __future__ import annotations

import json
import sys
import types
from importlib import import_module
from inspect import getdoc
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from ainarres.cli import manual, people
from ainarres.cli.catalogue import ACTS, ASKS, GROUPS, VERBS
from ainarres.cli.table import FILE, Table
from ainarres.domain import commands
from ainarres.domain.artifact import OPTIONS
from ainarres.domain.events import Artifact
from ainarres.reads import question
from ainarres.reads.ask import READS

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

    from ainarres.cli.catalogue import Act, Ask, Verb

_WORDS = {
    "lane": "Lane as `project/lane`; the lane alone where it is unique",
    "task": "Task id; a unique prefix or suffix of it will do",
    "title": "What is to be done, in one line",
    "note": "What whoever comes next should know",
    "text": "The words to leave",
    "correlation": "The brief it descends from; your held task's if left out",
    "reason": "Why, in a few words",
    "epic": "Epic that the task belongs to",
    "template": "Template that the task was made from",
    "priority": "1 to 5; 5 is most urgent",
    "payload": "What the worker needs, instead of what it says now",
    "depends_on": "Tasks that must be done first, instead of those it names now",
    "artifacts": "Work product: TYPE=REF, with @DIGEST and ,base=SHA where they help",
    "claim_next": "Take the next task in the same transaction",
    "credential": "Credential's id, from `ainarres token list`",
    "narrowing": "The only features it may use from now on",
    "family": "Family as `harness+model`",
    "feature": "Feature as `kind:key`",
    "scope": "What the token may do",
    "agent": "Agent that spent them",
    "model": "Model that was used, in its maker's words",
    "workflow": "Key of the workflow",
    "role": "Role; the file's name without `.md` if left out",
}
_METAVARS = {"text": "TEXT", "number": "N", "list": "NAME[,NAME…]", "json": "JSON|@FILE|-", "artifact": "TYPE=REF"}
_SHORTHANDS = {
    "branch": "Branch with the work",
    "commit": "Commit with the work, and the one it was made on, where the move must show a change",
    "pr": "Pull request",
    "file": "File with the work; its SHA-256 is computed",
}
_UNIVERSAL = (
    ("json", "--json", "flag", "Print one JSON document and nothing else", ""),
    ("url", "--url", "text", "Address of PostgreSQL, in place of the embedded server", "URL"),
    ("home", "--home", "text", "Directory of the embedded server", "DIRECTORY"),
)
_KEY = ("key", "--key", "text", "Idempotency key: a repeat with the same key appends nothing", "UUID")
_EXTRA = {
    "Board": (("watch", "--watch", "flag", "Draw it again every second until Ctrl-C", ""),),
    "Report": (("out", "--out", "text", "Write it to a file", "FILE"),),
}
"""What reads take on the command line alone, by their question."""
_DOCUMENTS = {
    "": ("document", "File, or - for standard input", "FILE"),
    "policy adopt": ("policy", "A stock policy, a file that ends in .toml, or - for standard input", "NAME|FILE"),
    "apply": ("template", "A stock template, a file that ends in .toml, or - for standard input", "TEMPLATE|FILE"),
}
_CONTAINER = {"text", "source"}
_APART = ("instruction", "instructed_by")
"""Fields that many commands have, told after each one's own."""


def table() -> dict[str, Any]:
    """Return the table's document: groups, and each command's entry."""
    entries = {verb.words: _verb(verb) for verb in VERBS} | {act.words: _act(act) for act in ACTS}
    entries |= {one.words: _ask(one) for one in ASKS}
    order = [words for group in GROUPS for words in entries if entries[words]["group"] == group]
    return {"groups": GROUPS, "commands": {words: entries[words] for words in order}}


def document() -> str:
    """Return docs/cli.md."""
    return manual.document(Table(table()))


def _verb(verb: Verb) -> dict[str, Any]:
    model: type[BaseModel] = getattr(commands, verb.model)
    fields = {name: model.model_fields[name] for name in sorted(model.model_fields, key=_APART.__contains__)}
    takes_file = "text" in verb.places and "text" in fields and verb.model != "Note"
    places = [_place(name, fields[name], takes_file, verb.words) for name in verb.places]
    options: list[dict[str, Any]] = []
    for name, field in fields.items():
        if name in verb.places or (takes_file and name in _CONTAINER):
            continue
        options += _options(name, field)
    if verb.model == "Create":
        words = (
            "Many tasks at once, all or nothing: [[task]] tables of a TOML file, or JSON, each with `key`, `title`, "
            "and `after` for the keys that come first"
        )
        options.append(_row("graph", "--graph", "graph", words, "FILE|-"))
    if verb.model == "AdoptCard":
        options[0]["required"] = False  # the file's name tells
    universal = [_row(*one) for one in (*_UNIVERSAL, _KEY)]
    summary = _first_line(model)
    return _entry(verb, summary, places, options + universal, model=verb.model)


def _act(act: Act) -> dict[str, Any]:
    module, _, name = act.function.partition(":")
    function = getattr(import_module(f"ainarres.cli.{module}"), name)
    places, options = people.parameters(function, act.words)
    return _entry(act, _first_line(function), places, options, function=act.function)


def _ask(one: Ask) -> dict[str, Any]:
    model: type[BaseModel] = getattr(question, one.question)
    path = READS[one.question].path if one.question in READS else ""
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    places = [_place(name, fields.pop(name), False, one.words) for name in one.places]
    options = [row for name, field in fields.items() for row in _options(name, field)]
    options += [_row(*row) for row in (*_EXTRA.get(one.question, ()), *_UNIVERSAL)]
    row = _entry(one, _first_line(model), places, options, function=one.function)
    return {**row, "question": one.question, "path": path}


def _entry(of: Verb | Act | Ask, summary: str, places: list[Any], options: list[Any], **run: str) -> dict[str, Any]:
    named = {"group": of.group, "summary": summary, "example": of.example, "model": "", "function": ""}
    return {**named, **run, "places": places, "options": options}


def _place(name: str, field: FieldInfo, takes_file: bool, verb: str) -> dict[str, Any]:
    if takes_file:
        return _row(name, "", *_DOCUMENTS.get(verb, _DOCUMENTS[""]), required=True)
    kind, _ = _kind(field.annotation)
    return _row(name, "", kind, _help(name, field), name.upper(), required=field.is_required())


def _options(name: str, field: FieldInfo) -> list[dict[str, Any]]:
    if name == "parameters":
        return [
            _row(name, "--title", "parameter", "The template's `title`, which most of them take", "TEXT"),
            _row(
                name,
                "--set",
                "parameter",
                "Another parameter, which may also be written `--NAME TEXT`; may be repeated",
                "NAME=TEXT",
            ),
        ]
    kind, choices = _kind(field.annotation)
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    metavar = str(extra.get("metavar", "|".join(choices) if choices else _METAVARS.get(kind, "")))
    default = field.get_default(call_default_factory=True) if not field.is_required() else None
    shown = str(default) if default and kind in ("text", "number") else ""
    flag = "--artifact" if kind == "artifact" else "--" + name.replace("_", "-")
    rows = [_row(name, flag, kind, _help(name, field), metavar, required=field.is_required(), default=shown)]
    if kind == "artifact":
        for short, metavar in OPTIONS.items():
            rows.append(_row("artifacts", f"--{short}", "shorthand", _SHORTHANDS[short], metavar))
    return rows


def _row(
    field: str, flag: str, kind: str, words: str, metavar: str, *, required: bool = False, default: str = ""
) -> dict[str, Any]:
    row = {"field": field, "flag": flag, "kind": kind, "help": words, "metavar": metavar}
    return row | ({"required": True} if required else {}) | ({"default": default} if default else {})


def _help(name: str, field: FieldInfo) -> str:
    words = field.description or _WORDS[name]
    if _kind(field.annotation)[0] == "artifact":
        words += "; may be repeated"
    return words


def _kind(annotation: Any) -> tuple[str, tuple[str, ...]]:
    """Return how a field is written on the command line, and its choices if it has some."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return _kind(next(one for one in inner if one is not type(None)))
    if origin is Annotated:
        return _kind(inner[0])
    if origin is Literal:
        return "text", tuple(str(one) for one in inner)
    if origin is tuple:
        return ("artifact" if inner[0] is Artifact else "list"), ()
    if origin is dict:
        return "json", ()
    return {bool: "flag", int: "number"}.get(annotation, "text"), ()


def _first_line(thing: Any) -> str:
    return (getdoc(thing) or "").partition("\n\n")[0].replace("\n", " ").strip()


def main(root: Path) -> None:
    """Write both files; ``root`` is the folder that holds ``docs``."""
    FILE.write_text(json.dumps(table(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (root / "docs" / "cli.md").write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path())
