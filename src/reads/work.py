"""Questions about tasks: the status, the board, one task and its past, the timeline."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from ainarres.domain.refusal import Refusal
from ainarres.faults import InvalidInput
from ainarres.projections import change, columns, declared, glance, governed, history, moments, outlook, timeline
from ainarres.projections import replay as replaying
from ainarres.projections.wording import NONE, printable, short, shortener
from ainarres.reads.asking import Answer, Asker, Refused, storable

if TYPE_CHECKING:
    from ainarres.reads import question as q


def status(asker: Asker, asked: q.Status) -> Answer:
    """Answer ``Status``; an agent sees nothing of governance."""
    lane = asker.lane(asked.lane)
    with asker.at(asked.at) as when:
        found = glance.read_status(asker.connection, lane, asked.limit, governance=asker.lanes is None)
    return Answer(found.to_json(), lambda: when + found.text())


def board(asker: Asker, asked: q.Board) -> Answer:
    """Answer ``Board``; an agent that names no lane sees all of its own, and nothing of governance."""
    seen = asker.lanes
    lane = None if asked.lane is None else asker.lane(asked.lane)
    with asker.at(asked.at) as when:
        now, found = glance.read_columns(asker.connection, lane, asked.limit)
        governance = governed.look(asker.connection) if seen is None else None
    lanes = [one for one in found if seen is None or one.key in seen]
    told = governance.lines() if governance is not None else [NONE]
    told = [] if told == [NONE] else ["governance:", *told]
    document = {
        "lanes": [one.to_json(now) for one in lanes],
        "governance": governance.to_json() if governance is not None else None,
        "told": told,
    }
    return Answer(document, lambda: "\n".join([when + columns.text(lanes), *told]))


def tasks(asker: Asker, asked: q.Tasks) -> Answer:
    """Answer ``Tasks``; an agent that names no lane sees all of its own."""
    seen = asker.lanes
    lane = None if asked.lane is None else asker.lane(asked.lane)
    rows = declared.rows(
        asker.connection,
        "tasks",
        lanes=[lane] if lane is not None else None if seen is None else sorted(seen),
        stage=None if asked.stage is None else storable(asked.stage),
        after=asked.after,
        limit=asked.limit,
    )
    following = rows[-1]["created_position"] if len(rows) == asked.limit else None

    def text() -> str:
        named = shortener(row["task"] for row in rows)
        lines = [f"tasks ({len(rows)}):"]
        for row in rows:
            stands = "cancelled" if row["cancelled"] else row["stage"]
            lines.append(f"- {named(row['task'])} {row['lane']} [{printable(stands)}] {printable(row['title'], 80)}")
        more = [f"more: ainarres task list --after {following}"] if following is not None else []
        return "\n".join([*lines, *more] if rows else [*lines, "  (none)"])

    return Answer({"tasks": rows, "next": following}, text)


def task(asker: Asker, asked: q.OneTask) -> Answer:
    """Answer ``OneTask``."""
    which = asker.task(asked.task)
    try:
        with asker.at(asked.at) as when:
            portrait = glance.read_portrait(asker.connection, which, asker.caller.sees)
    except LookupError:
        raise Refused(Refusal("not_found", "the task was not posted yet at that moment", {"field": "at"})) from None
    document = portrait.to_json()
    return Answer(document, lambda: when + portrait.text(), version=document["version"])


def story(asker: Asker, asked: q.History) -> Answer:
    """Answer ``History``."""
    which = asker.task(asked.task)
    with asker.at(asked.at) as when:
        entries = history.of_task(asker.connection, which)
    document = {"task": str(which), "events": [entry.to_json() for entry in entries]}
    return Answer(document, lambda: when + timeline.story(which, entries))


def replay(asker: Asker, asked: q.Replay) -> Answer:
    """Answer ``Replay``."""
    which = asker.task(asked.task)
    with asker.at(asked.at) as when:
        steps = replaying.steps(asker.connection, which)
    document = {"task": str(which), "steps": [step.to_json() for step in steps]}
    return Answer(document, lambda: when + replaying.render(which, steps))


def newest(asker: Asker, asked: q.Timeline) -> Answer:
    """Answer ``Timeline``."""
    if asked.type is not None:
        _check_type(asked.type)
    which = None if asked.task is None else asker.task(asked.task)
    lane = asker.lane(asked.lane) if which is None or asked.lane is not None else None
    entries = history.newest(
        asker.connection,
        limit=asked.limit,
        lane=lane,
        task=which,
        family=None if asked.family is None else storable(asked.family),
        kind=asked.type,
    )
    document = {"limit": asked.limit, "events": [entry.to_json() for entry in entries]}
    return Answer(document, lambda: timeline.render(entries, asked.limit))


def diff(asker: Asker, asked: q.Diff) -> Answer:
    """Answer ``Diff``."""
    lane = asker.lane(asked.lane)
    first = moments.resolve(asker.connection, asked.from_, "from")
    second = asker.moment(asked.to, "to") or moments.now(asker.connection)
    changes = change.between(asker.connection, first, second, lane)
    document = {"from": first.to_json(), "to": second.to_json(), "changes": [one.to_json() for one in changes]}
    return Answer(document, lambda: change.render(changes, first, second))


def left(asker: Asker, asked: q.Outlook) -> Answer:
    """Answer ``Outlook``; an agent that names no lane asks for all of its own."""
    seen = asker.lanes
    lanes = [str(asker.lane(one)) for one in asked.lanes] or ([] if seen is None else sorted(seen) or [""])
    found = outlook.remaining(asker.connection, lanes)
    document = {"open": found.open, "held": found.held, "position": found.position}
    return Answer(document, lambda: f"{found.open} open, {found.held} held")


def held_line(held: declared.Row) -> str:
    """Say what an agent holds."""
    return f"{short(held['task'])} [{printable(held['stage'])}] {printable(held['title'], 80)}"


def _check_type(name: str) -> None:
    from ainarres.domain.events import REGISTRY  # noqa: PLC0415 - only where a type is asked for

    if name not in REGISTRY:
        near = get_close_matches(name, REGISTRY, n=1)
        cure = f"did you mean {near[0]}?" if near else "types are named as in `ainarres timeline`"
        raise InvalidInput("type", f"there is no event {printable(name)!r}", cure)
