"""What ``init`` leaves in a folder, and how ``init --undo`` takes it away again.

Settings and sample definitions are written where there are none. AGENTS.md gets a marked block and keeps every other
byte. A file that was edited since is its owner's: it is neither overwritten nor removed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from ainarres.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

AGENTS = "AGENTS.md"
SKILL = ".agents/skills/ainarres/SKILL.md"
_MARKED = re.compile(r"<!-- ainarres:begin.*?<!-- ainarres:end -->", re.DOTALL)

What = Literal["wrote", "updated", "kept as it was", "kept, since it was edited", "removed"]


@dataclass(frozen=True, slots=True)
class Touched:
    """One file, and what became of it."""

    path: Path
    what: What


def install(folder: Path, samples: Mapping[str, str]) -> list[Touched]:
    """Write what is missing into ``folder``: ``samples`` by name, the skill, the block in AGENTS.md."""
    touched = [_write(folder / name, text) for name, text in samples.items()]
    skill = folder / SKILL
    skill.parent.mkdir(parents=True, exist_ok=True)
    return [*touched, _write(skill, _text("skill.md")), _mark(folder / AGENTS, _text("block.md").rstrip("\n"))]


def remove(folder: Path, samples: Mapping[str, str]) -> list[Touched]:
    """Take away what ``install`` wrote and nobody changed since."""
    ours = {folder / name: text for name, text in samples.items()} | {folder / SKILL: _text("skill.md")}
    touched = [_unwrite(path, text) for path, text in ours.items() if path.exists()]
    for parent in list((folder / SKILL).parents)[:3]:  # those that are empty now: ainarres, skills, .agents
        if parent.is_dir() and not any(parent.iterdir()):
            parent.rmdir()
    agents = folder / AGENTS
    return [*touched, *_unmark(agents)] if agents.exists() else touched


def _text(name: str) -> str:
    return files("ainarres.cli").joinpath(name).read_text("utf-8")


def _write(path: Path, text: str) -> Touched:
    try:
        with path.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        return Touched(path, "kept as it was")
    return Touched(path, "wrote")


def _unwrite(path: Path, text: str) -> Touched:
    if path.read_bytes() != text.encode():
        return Touched(path, "kept, since it was edited")
    path.unlink()
    return Touched(path, "removed")


def _mark(path: Path, block: str) -> Touched:
    """Put the block into the file, in place of an older one or at the end."""
    if not path.exists():
        path.write_text(block + "\n", encoding="utf-8")
        return Touched(path, "wrote")
    before = _read(path)
    end = "\r\n" if "\r\n" in before else "\n"
    block = block.replace("\n", end)
    if _MARKED.search(before):
        after = _MARKED.sub(lambda _: block, before, count=1)
    elif not before:
        after = block + end
    else:  # `_unmark` tells by the last line's end how the file ended before
        after = before + end + (block + end if before.endswith("\n") else end + block)
    if after == before:
        return Touched(path, "kept as it was")
    path.write_bytes(after.encode())
    return Touched(path, "updated")


def _unmark(path: Path) -> list[Touched]:
    before = _read(path)
    found = _MARKED.search(before)
    if found is None:
        return []
    end = "\r\n" if "\r\n" in before else "\n"
    head, tail = before[: found.start()], before[found.end() :]
    if tail in ("", end):
        tail, gap = "", end if tail else end * 2
        head = head.removesuffix(gap)
    if not head + tail:
        path.unlink()
        return [Touched(path, "removed")]
    path.write_bytes((head + tail).encode())
    return [Touched(path, "updated")]


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise Fault(f"{path} is not UTF-8 text; convert it, then run `ainarres init` again") from None
