"""The inbox: what awaits a person, with the evidence beside it and the exact command that acts on it.

Each section is read by itself. One that cannot be read is an item as well: an inbox that is empty is empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from ainarres.domain.duration import show
from ainarres.faults import Fault
from ainarres.projections import catchup, epics, governed, lookout, moments, watch
from ainarres.projections.following import PROJECTIONS
from ainarres.projections.governed import broken_line, flag_line, halted_line, recommended_line
from ainarres.projections.span import Span
from ainarres.projections.track_record import TrackRecord
from ainarres.projections.wording import count, moment, printable, short

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from uuid import UUID

    from ainarres.projections.governed import Row

ACTS = 100
"""Operators' acts that are shown at most."""
SHOWN = 5
"""Tasks and suspensions that an item's evidence names."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a person is asked for."""

    kind: str
    """``epic``, ``recommend_revocation``, ``flag``, ``halted``, ``broken_policy``, ``blocked``, ``starving``,
    ``operator_act`` or ``unreadable``."""
    subject: str
    """Id of the epic, task or flag; else family, capability, policy, position or route."""
    what: str
    evidence: tuple[str, ...]
    acts: tuple[str, ...]
    """Commands, any of which settles it; what is left to say is an ellipsis."""

    def to_json(self) -> dict[str, Any]:
        """Return the item as plain JSON values."""
        named = {"kind": self.kind, "subject": self.subject, "what": self.what}
        return named | {"evidence": list(self.evidence), "acts": list(self.acts)}


def gather(connection: psycopg.Connection[Any]) -> tuple[Item, ...]:
    """Return what awaits a person, what only a person can do first; empty when there is nothing."""
    sections: dict[str, Callable[[psycopg.Connection[Any]], Iterator[Item]]] = {
        "epics": _epics,
        "recommendations": _recommended,
        "flags": _flags,
        "halted capabilities": _halted,
        "policies": _broken,
        "blocked tasks": _blocked,
        "starving work": _starving,
        "operators' acts": _acts,
    }
    found: list[Item] = []
    for name, section in sections.items():
        try:
            found += section(connection)
        except (psycopg.Error, Fault) as error:
            trouble = (str(error).partition("\n")[0],)
            found.append(Item("unreadable", name, f"{name} could not be read", trouble, ("ainarres doctor",)))
    return tuple(found)


def render(items: Sequence[Item]) -> str:
    """Write the inbox for a terminal."""
    lines = [f"inbox ({len(items)}):" if items else "inbox: empty; nothing awaits a person"]
    for item in items:
        lines.append(f"- {item.kind}: {printable(item.what, 200)}")
        lines += [f"    {printable(one, 300)}" for one in item.evidence]
        lines += [f"    $ {printable(act, 300)}" for act in item.acts]
    return "\n".join(lines)


def _epics(connection: psycopg.Connection[Any]) -> Iterator[Item]:
    (standing,) = catchup.ready(connection, [PROJECTIONS["epics"]])
    for one in epics.read(connection, Span(standing.position)):
        if one.status != "delivered":
            continue
        shipped = governed.rows(connection, "shipped", epic=one.key)
        told = f"{one.done} of {count(one.tasks, 'task')} done, {one.cancelled} given up"
        more = [f"and {len(shipped) - SHOWN} more"] if len(shipped) > SHOWN else []
        task = _typed(one.key)
        yield Item(
            "epic",
            one.key,
            f"epic {short(one.key)} {one.title} is delivered and awaits a verdict",
            (told, *(_work(row) for row in shipped[:SHOWN]), *more),
            (
                f"ainarres verdict {task} accept",
                f'ainarres verdict {task} reject --code below_bar --reason "…"',
            ),
        )


def _work(row: Row) -> str:
    refs = ", ".join(f"{one['type']} {one['ref']}" for one in row["artifacts"])
    return f"{short(row['task'])} {row['title']}" + (f": {refs}" if refs else "")


def _recommended(connection: psycopg.Connection[Any]) -> Iterator[Item]:
    for one in governed.rows(connection, "recommended", suspensions=governed.SUSPENSIONS, flags=governed.FLAGS):
        family, feature = one["family"], one["feature"]
        past = governed.rows(connection, "history", family=family, feature=feature)
        yield Item(
            "recommend_revocation",
            f"{family} / {feature}",
            recommended_line(one),
            tuple(f"{row['state']} since {moment(row['since'])}: {row['reason']}" for row in past[:SHOWN]),
            (
                f'ainarres revoke {family} {feature} --reason "…"',
                f"ainarres governance explain {family} {feature}",
            ),
        )


def _flags(connection: psycopg.Connection[Any]) -> Iterator[Item]:
    for one in governed.rows(connection, "flags", all=False):
        by = f"policy {one['policy']}" if one["policy"] else str(one["raised_by"])
        about = f", task {short(one['task'])}" if one["task"] else ""
        raised = f"raised by {by} on {moment(one['raised_at'])}{about}"
        act = f'ainarres flag resolve {one["id"]} --reason "…"'
        yield Item("flag", str(one["id"]), flag_line(one)[2:], (raised,), (act,))


def _halted(connection: psycopg.Connection[Any]) -> Iterator[Item]:
    denials = {(row["family"], row["feature"]): row for row in governed.rows(connection, "denials")}
    for one in governed.rows(connection, "halted"):
        denied = [denials[family, one["capability"]] for family in one["families"]]
        evidence = tuple(
            f"{row['family']} "
            + (f"until {moment(row['until'])}" if row["until"] else "for good")
            + f": {row['reason']}"
            for row in denied
        )
        acts = (f'ainarres lift {family} {one["capability"]} --reason "…"' for family in one["families"])
        yield Item("halted", one["capability"], halted_line(one), evidence, tuple(acts))


def _broken(connection: psycopg.Connection[Any]) -> Iterator[Item]:
    for one in governed.rows(connection, "standing"):
        if one["broken"] is not None:
            act = f"ainarres policy adopt {one['key']}.toml"
            yield Item("broken_policy", one["key"], broken_line(one), (f"it decides {one['slot']}",), (act,))


def _blocked(connection: psycopg.Connection[Any]) -> Iterator[Item]:
    for one in governed.rows(connection, "blocked"):
        what = f"{one['lane']} [{one['stage']}] {one['title']}"
        evidence = f"{one['reason'] or 'no reason given'}; since {moment(one['updated_at'])}"
        task = _typed(one["task"])
        acts = (f'ainarres unblock {task} --reason "…"', f'ainarres cancel {task} --reason "…"')
        yield Item("blocked", str(one["task"]), f"{short(one['task'])} {what}", (evidence,), acts)


def _starving(connection: psycopg.Connection[Any]) -> Iterator[Item]:
    catchup.ready(connection, [PROJECTIONS["watch"]])
    # of what the watch knows, only work that nobody takes: no family's figures are needed for that
    told = lookout.world(connection, moments.now(connection), TrackRecord((), ()))
    for one in lookout.findings(connection, told):
        if one.kind == "starving":
            acts = ("ainarres demand", "ainarres agent run --family FAMILY -- COMMAND")
            yield Item("starving", one.subject, f"{one.subject}: work that nobody takes", (one.text,), acts)
        elif one.kind == "wiped":
            yield Item("unreadable", one.subject, one.text, (), ("ainarres rebuild",))


def _acts(connection: psycopg.Connection[Any]) -> Iterator[Item]:
    (standing,) = catchup.ready(connection, [PROJECTIONS["watch"]])
    asked = {"after": 0, "upto": standing.position, "limit": ACTS, "uninstructed": True, "lane": None}
    now = moments.now(connection).clock
    for row in catchup.rows(connection, watch.SQL["acts"], **asked):
        about = short(row["task"]) if row["task"] else row["subject"]
        what = f"{row['type']} {about} by {row['actor']}, {show(now - row['at'])} ago, without an instruction"
        act = f'ainarres instruct {row["position"]} --instruction "…" --instructed-by NAME'
        yield Item("operator_act", str(row["position"]), what, (row["reason"] or "no reason given",), (act,))


def _typed(task: UUID | str) -> str:
    return str(task).replace("-", "")[-8:]
