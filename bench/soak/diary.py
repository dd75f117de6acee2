"""What a client writes down: each command before it is sent, each answer before it is used. One file a client.

Lines are JSON, appended in one write each; a client killed in the middle of one leaves at most a last line that is cut,
which its successor ends and every reader passes over. Nothing is flushed to disk: the processes die, not the machine.
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Entry = dict[str, Any]


class Diary:
    """The file of one client, to append to."""

    def __init__(self, path: Path) -> None:
        whole = not path.exists() or path.read_bytes()[-1:] in (b"\n", b"")
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        if not whole:
            os.write(self._file, b"\n")

    def asked(self, key: str, verb: str, fields: Mapping[str, Any]) -> None:
        """Write down a command that is about to be sent."""
        self.write({"ask": key, "verb": verb, "fields": fields})

    def answered(self, key: str, envelope: Mapping[str, Any]) -> None:
        """Write down an answer, before anybody acts on it."""
        event, task = envelope.get("event") or {}, envelope.get("task") or {}
        self.write(
            {
                "answer": key,
                "code": envelope["code"],
                "event": event.get("position"),
                "type": event.get("type"),
                "position": envelope.get("position"),
                "task": task.get("id"),
                "fence": task.get("fence"),
                "replayed": bool(envelope.get("replayed")),
                "at": round(time.monotonic(), 4),
            }
        )

    def write(self, entry: Entry) -> None:
        """Append one entry."""
        os.write(self._file, json.dumps(entry, separators=(",", ":")).encode() + b"\n")


class Reader:
    """Reads the diaries of a folder, each line once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, int] = {}

    def fresh(self) -> Iterator[tuple[str, Entry]]:
        """Yield what was written since the last call, with the client's name."""
        for path in sorted(self._folder.glob("*.jsonl")):
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                for line in file:
                    if not line.endswith(b"\n"):
                        break
                    self._read[path] = self._read.get(path, 0) + len(line)
                    try:
                        yield path.stem, json.loads(line)
                    except ValueError:
                        continue


def unanswered(path: Path) -> Entry | None:
    """Return the command that a client sent last, if it died before it wrote down the answer."""
    last: Entry | None = None
    for line in path.read_bytes().splitlines() if path.exists() else ():
        try:
            entry: Entry = json.loads(line)
        except ValueError:
            continue
        if "ask" in entry:
            last = entry
        elif last is not None and entry.get("answer") == last["ask"]:
            last = None
    return last
