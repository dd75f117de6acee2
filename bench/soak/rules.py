"""What must be true of a ledger and of the clients' diaries, whatever befell: pure functions that name what is wrong.

Nothing here uses the product's own fold: a hold begins with a claim and ends with the event that ends it.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from bench.soak.diary import Entry

DONE = ("ok", "blocked")
ENDS = ("TaskAdvanced", "TaskRejected", "TaskReleased", "LeaseExpired", "TaskBlocked", "TaskCancelled")
BY_HOLDER = ("TaskAdvanced", "TaskRejected", "TaskReleased", "ProgressReported", "LeaseRenewed")
AGENT = "agent-"
"""How the agents' names begin."""
SHOWN = 5
"""Findings of one kind that are told in full."""


Asked = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Row:
    """What the rules need of an event."""

    position: int
    stream: str
    version: int
    type: str
    actor: str | None
    task: str | None
    command: str | None
    request: str | None
    at: datetime
    fence: int | None
    until: datetime | None
    """The deadline it gives the hold."""
    stage: str | None
    to: str | None
    title: str | None


@dataclass(slots=True)
class Hold:
    """A hold as the events tell it."""

    agent: str | None
    fence: int | None
    until: datetime | None
    since: int


@dataclass(slots=True)
class Diaries:
    """All that clients wrote down."""

    asked: Asked = field(default_factory=dict)
    """What was asked under each key, verb and fields, in order: the same thing, but for who uses a key twice."""
    answers: list[tuple[str, Entry]] = field(default_factory=list)
    """Answers that say something was done, with the agent's name."""
    seen: list[int] = field(default_factory=list)
    """Positions that the follower saw, in its order."""
    broken: list[str] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    latest: float = 0.0
    gap: float = 0.0
    """The longest time, in seconds, in which nobody got an answer."""

    def take(self, entries: Iterable[tuple[str, Entry]]) -> None:
        """Take entries in."""
        times = []
        for agent, entry in entries:
            if "ask" in entry:
                self.asked.setdefault(entry["ask"], []).append({"verb": entry["verb"], **entry["fields"]})
            elif "answer" in entry:
                self.codes[entry["code"]] += 1
                times.append(entry["at"])
                if entry["code"] in DONE:
                    self.answers.append((agent, {**entry, "asked": len(self.asked[entry["answer"]]) - 1}))
            elif "seen" in entry:
                self.seen.extend(entry["seen"])
            elif "broke" in entry:
                self.broken.append(f"{agent}: {entry['verb']} broke: {entry['broke']}")
        for at in sorted(times):
            if self.latest and at > self.latest:
                self.gap = max(self.gap, at - self.latest)
            self.latest = max(self.latest, at)

    @property
    def acknowledged(self) -> int:
        """How many verbs were answered as done."""
        return len(self.answers)


def holds(rows: Iterable[Row]) -> tuple[list[str], dict[int, Hold]]:
    """Check the holds of tasks, given all rows of those tasks in order.

    Returns what is wrong, and the hold under which each event of a holder was made, by position.
    """
    wrong: list[str] = []
    live: dict[str, Hold] = {}
    under: dict[int, Hold] = {}
    for row in rows:
        if row.task is None:
            continue
        hold = live.get(row.task)
        if row.type == "TaskClaimed":
            if hold is not None:
                wrong.append(f"double hold: {row.task} claimed at {row.position} while held since {hold.since}")
            live[row.task] = Hold(row.actor, row.fence, row.until, row.position)
            continue
        if row.type in BY_HOLDER:
            wrong.extend(_by_holder(row, hold))
        if row.type == "LeaseExpired" and (hold is None or hold.until is None or row.at < hold.until):
            wrong.append(f"lease of {row.task} ended too early at {row.position}")
        if hold is not None:
            under[row.position] = Hold(hold.agent, hold.fence, hold.until, hold.since)
            if row.until is not None:
                hold.until = row.until
        if row.type in ENDS:
            live.pop(row.task, None)
    return wrong, under


def _by_holder(row: Row, hold: Hold | None) -> Iterator[str]:
    if hold is None:
        yield f"{row.type} of {row.task} at {row.position} though nobody held it"
    elif hold.agent != row.actor:
        yield f"{row.type} of {row.task} at {row.position} by {row.actor}, {hold.agent} held it"
    elif hold.until is not None and row.at >= hold.until:
        yield f"{row.type} of {row.task} at {row.position} after the end of the lease"


def one_hold_an_agent(rows: Iterable[Row]) -> list[str]:
    """Check that no agent holds two tasks, given all rows."""
    wrong: list[str] = []
    holder_of: dict[str, str | None] = {}
    held: dict[str | None, set[str]] = defaultdict(set)
    for row in rows:
        if row.task is None:
            continue
        if row.type == "TaskClaimed":
            if held[row.actor]:
                wrong.append(f"{row.actor} claimed {row.task} at {row.position} and holds {min(held[row.actor])}")
            held[row.actor].add(row.task)
            holder_of[row.task] = row.actor
        elif row.type in ENDS:
            held[holder_of.pop(row.task, None)].discard(row.task)
    return wrong


def versions(rows: Iterable[Row]) -> list[str]:
    """Check that the streams, given whole, have neither holes nor doubles."""
    last: dict[str, int] = defaultdict(int)
    wrong = []
    for row in sorted(rows, key=lambda one: (one.stream, one.version)):
        if row.version != last[row.stream] + 1:
            wrong.append(f"{row.stream} goes from {last[row.stream]} to {row.version} at {row.position}")
        last[row.stream] = row.version
    return wrong


def commands(rows: Iterable[Row], asked: Asked) -> list[str]:
    """Check that each command was done once, by whom it was asked for, and that nothing came from nowhere."""
    blocks: dict[str, list[Row]] = defaultdict(list)
    titles: dict[str, int] = {}
    wrong = []
    for row in rows:
        if row.command is not None:
            blocks[row.command].append(row)
        if row.title is not None and (first := titles.setdefault(row.title, row.position)) != row.position:
            wrong.append(f"doubled: the task {row.title!r} was created at {first} and at {row.position}")
    for key, block in blocks.items():
        if block[0].actor is None or not block[0].actor.startswith(AGENT):
            continue
        whole = block[-1].position - block[0].position == len(block) - 1
        if not whole or len({(one.actor, one.request) for one in block}) != 1:
            wrong.append(f"doubled: command {key} stands at {[one.position for one in block]}, not in one block")
        if len({one.type for one in block}) < len(block):
            wrong.append(f"doubled: command {key} is {[one.type for one in block]} at {block[0].position}")
        if key not in asked:
            wrong.append(f"command {key} at {block[0].position} was asked for by nobody")
    return wrong


def acknowledged(
    answers: Iterable[tuple[str, Entry]],
    rows: Mapping[int, Row],
    under: Mapping[int, Hold],
    asked: Asked,
) -> list[str]:
    """Check each answer against the ledger: what was acknowledged stands there, done once, under the right fence."""
    wrong: list[str] = []
    told: dict[int, str] = {}
    for agent, answer in answers:
        if answer["event"] is None:
            continue
        key, row = answer["answer"], rows.get(answer["event"])
        if row is None or (row.type, row.command, row.actor) != (answer["type"], key, agent):
            wrong.append(f"lost: {agent} was told of {answer['type']} at {answer['event']} for {key}; there is {row}")
            continue
        if answer["position"] not in rows:
            wrong.append(f"lost: {agent} was told of position {answer['position']}")
        if (other := told.setdefault(row.position, key)) != key:
            wrong.append(f"doubled: {row.position} was acknowledged for {key} and for {other}")
        fields = asked[key][answer["asked"]]
        if fields != asked[key][0]:
            wrong.append(f"{agent} used {key} for two commands and both were acknowledged")
        hold = under.get(row.position)
        if row.type in BY_HOLDER and hold is not None and fields.get("fence") not in (None, hold.fence):
            wrong.append(f"{agent} was let through at {row.position} with the fence of an earlier hold")
        if not _is_of(row, fields):
            wrong.append(f"{agent} asked {fields} under {key} and was told of another command's {row.type}")
    return wrong


def _is_of(row: Row, fields: Mapping[str, Any]) -> bool:
    """Tell whether an event is what was asked for; ``done`` may answer with the next task's claim."""
    if fields["verb"] == "create":
        return bool(row.title == fields["title"])
    return fields["verb"] == "done" or fields.get("task") in (None, row.task)


def followed(seen: Sequence[int], positions: Iterable[int]) -> list[str]:
    """Check that a follower saw every event up to where it is, each once and in order."""
    if not seen:
        return []
    wrong = [f"the follower saw {b} after {a}" for a, b in itertools.pairwise(seen) if b <= a]
    missed = {one for one in positions if one <= seen[-1]} - set(seen)
    return wrong + [f"lost to the follower: {one}" for one in sorted(missed)]


def brief(wrong: Sequence[str]) -> list[str]:
    """Keep the first few of each kind, by their first words, and count the others."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for one in wrong:
        kinds[" ".join(one.split()[:2]) if one.startswith(("lost", "doubled")) else one.split()[0]].append(one)
    told = []
    for found in kinds.values():
        told += found[:SHOWN] + ([f"and {len(found) - SHOWN} more like the last"] if len(found) > SHOWN else [])
    return told
