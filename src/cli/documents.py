"""What the command line takes from files and standard input: payloads, definitions, artifacts and their digests."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal

from ainarres.faults import InvalidInput

LIMIT = 1_048_576
"""Bytes of a definition or payload; more is refused before it is read whole."""


def document(name: str) -> dict[str, str]:
    """Read a definition file (``-`` for standard input); returns its ``text`` and its ``source``, the file's name."""
    return {"text": _text("FILE", name), "source": "standard input" if name == "-" else name}


def template(name: str) -> dict[str, str]:
    """Read a template: a file, or one of the stock by its name."""
    return _stocked("template", name)


def policy(name: str) -> dict[str, str]:
    """Read a policy: a file, or one of the stock by its name."""
    return _stocked("policy", name)


def _stocked(kind: Literal["template", "policy"], name: str) -> dict[str, str]:
    if name == "-" or name.endswith(".toml"):
        return document(name)
    from ainarres import stock  # noqa: PLC0415 - only where a stock document is named

    return {"text": stock.read(kind, name), "source": f"{name}.toml"}


def parameter(flag: str, text: str) -> dict[str, str]:
    """Read a template's parameter: ``--set NAME=TEXT``, or an option of its own name."""
    if flag != "--set":
        return {flag[2:]: text}
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise InvalidInput(flag, f"{text!r} is no parameter", "write --set NAME=TEXT")
    return {name: value}


def graph(name: str) -> dict[str, Any]:
    """Read a graph: TOML with ``[[task]]`` tables, a JSON object with ``tasks``, or a JSON list of them.

    What else an object says (``lane``, ``epic``) is kept: the command line comes before it.
    """
    import json  # noqa: PLC0415 - only where a graph is posted
    import tomllib  # noqa: PLC0415 - as above

    text = _text("--graph", name)
    try:
        read = tomllib.loads(text) if name.endswith(".toml") else json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("--graph", f"{name}: {error}", "write a JSON list of tasks, or a .toml file") from None
    said = dict(read) if isinstance(read, dict) else {"tasks": read}
    tasks = said.pop("task", None) or said.pop("tasks", None)
    if not isinstance(tasks, list):
        raise InvalidInput("--graph", f"{name} holds no list of tasks", 'write [{"key": "a", "title": "…"}]')
    return {**said, "tasks": tuple(tasks)}


def json_object(flag: str, given: str) -> dict[str, Any]:
    """Read a JSON object from the text itself, from ``@file`` or from ``-`` (standard input)."""
    import json  # noqa: PLC0415 - most verbs have no payload

    text = given
    if given == "-" or given.startswith("@"):
        text = _text(flag, given.removeprefix("@"))
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        said = "nested too deeply" if isinstance(error, RecursionError) else error
        raise InvalidInput(flag, f"is not JSON: {said}", 'write {"key": "value"}, @file or -') from None
    if not isinstance(value, dict):
        raise InvalidInput(flag, "is not a JSON object", 'write {"key": "value"}')
    return value


def artifact(text: str) -> dict[str, str]:
    """Read ``TYPE=REF[@DIGEST][,base=SHA]``; a file without a digest gets its SHA-256."""
    kind, equals, rest = text.partition("=")
    if not equals or not kind or not rest:
        raise InvalidInput("--artifact", f"{text!r} is no artifact", "write TYPE=REF, as in commit=4f2a91c")
    rest, comma, base = rest.partition(",base=")
    ref, _, digest = _cut_digest(kind, rest)
    found = shorthand(kind, ref) if not digest else {"type": kind, "ref": ref, "digest": digest}
    return found | ({"base": base} if comma else {})


def shorthand(kind: str, ref: str) -> dict[str, str]:
    """Make an artifact of one type: a commit is its own digest, a file is read for its SHA-256."""
    if kind == "commit":
        sha, comma, base = ref.partition(",base=")
        return {"type": "commit", "ref": sha, "digest": sha} | ({"base": base} if comma else {})
    if kind == "file":
        return {"type": "file", "ref": ref, "digest": _sha256(ref)}
    return {"type": kind, "ref": ref}


def _cut_digest(kind: str, text: str) -> tuple[str, str, str]:
    # an address may hold an @ of its own: there only a hexadecimal tail is a digest
    ref, at, digest = text.rpartition("@")
    if not at or (kind != "commit" and not all(one in "0123456789abcdef" for one in digest)) or not ref:
        return text, "", ""
    return ref, at, digest


def _sha256(name: str) -> str:
    import hashlib  # noqa: PLC0415 - only where a file is presented

    try:
        with Path(name).open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise InvalidInput("--file", f"{name}: {error.strerror}", "name a file that can be read") from None


def _text(field: str, name: str) -> str:
    try:
        raw = sys.stdin.buffer.read(LIMIT + 1) if name == "-" else _read(name)
    except OSError as error:
        raise InvalidInput(
            field, f"{name}: {error.strerror}", "name a file that can be read, or - for standard input"
        ) from None
    if len(raw) > LIMIT:
        raise InvalidInput(
            field, f"{name} has more than {LIMIT} bytes", "keep large texts in the repository, name them here"
        )
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise InvalidInput(field, f"{name} is not UTF-8 text", "save it as UTF-8") from None


def _read(name: str) -> bytes:
    with Path(name).open("rb") as opened:
        return opened.read(LIMIT + 1)
