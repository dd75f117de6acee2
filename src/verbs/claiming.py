"""Claim, next and done: work is handed out by whoever asks for it, and asking is also what recovers abandoned work.

Recovery is a transaction of its own before the claim: that a lease ran out is a fact about time, whoever finds it, and
stands even if the claim comes to nothing. Then a claim only ever looks at tasks that nobody holds.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ainarres.domain import eligibility, holding, parking
from ainarres.domain.commands import Advance, Claim, Done, Next
from ainarres.domain.eligibility import Route
from ainarres.domain.refusal import Refusal
from ainarres.projections import board
from ainarres.verbs import scoring
from ainarres.verbs.answer import Answer
from ainarres.verbs.ids import new_fence
from ainarres.verbs.memory import Way
from ainarres.verbs.tasks import advance, outlive, resolve, whole
from ainarres.verbs.unit import SQL, Halt, Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from ainarres.domain.events import Score
    from ainarres.domain.task import Task
    from ainarres.domain.workflow import Workflow
    from ainarres.verbs.unit import Row

EXPIRED_AT_ONCE = 16
"""Expired leases that one transaction records at most."""
_COUNTED = 100
Limits = dict[str, dict[str, int]]
"""Lane to stage to the live leases it admits, where the lane says so itself."""
RETRY_AFTER = 5
"""Seconds after which asking again makes sense when nothing says better."""


class Expired(Exception):
    """Leases ran out that are recorded before anything is claimed."""


class Moved(Exception):
    """The task that was picked moved on before its lock was ours; another look finds what there is now."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.reason)


def recover(unit: Unit, *, every_lane: bool = False) -> int:
    """Record leases that ran out on the caller's lanes, or the caller's own; at most ``EXPIRED_AT_ONCE``. Returns how
    many.
    """
    unit.begin(held=True)  # one's own is waited for, others' are not
    lanes = unit.caller.lanes if not every_lane else {row["key"] for row in unit.rows(board.SQL["lanes"])}
    wanted = {"agent": unit.caller.actor, "lanes": sorted(lanes), "most": EXPIRED_AT_ONCE}
    rows, clock = unit.call((board.SQL["expired"], wanted), (SQL["clock"], None))
    unit.now = clock[0]["now"]
    for row in rows:
        task = board.from_row(row)
        unit.take(parking.expire(task, unit.context(task)))
    unit.finish()
    return len(rows)


def claim(unit: Unit, command: Claim, *, recovered: bool) -> Answer:
    """Execute claim or next. Raises ``Expired`` when leases have to be recovered first; ``recovered`` says that this
    was tried: what is left is in others' hands, and no reason to wait.
    """
    seen = unit.begin(wide=True, way=_way(unit, command) if command.task is None else None)
    _may_hold(unit)
    named = resolve(unit, command.task) if command.task is not None else None
    ran_out = seen["ran_out"] or ()
    if any(row["mine"] or (row["lane"] in unit.caller.lanes and not recovered) for row in ran_out):
        raise Expired
    if seen["mine"]:
        return _already(board.from_json(seen["mine"]), command)
    taken = _take(unit, command, named, seen)
    if taken is None:
        return _empty(unit, command.lane)
    outlive(unit, taken)
    return Answer(task=taken)


def done(unit: Unit, command: Done, *, recovered: bool) -> Answer:
    """Execute done: the only legal advance, and with ``claim_next`` a claim in the same transaction."""
    named = whole(command.task) if command.task is not None else None
    way = _way(unit, command) if command.claim_next else None
    seen = unit.begin(locked=named, held=named is None, wide=command.claim_next, way=way)
    row = seen["task"]
    _may_hold(unit)
    if row is None:
        raise Halt(Refusal("lease_lost", "you hold no task; take one with `next`"))
    task = board.from_json(row)
    if command.task is not None and resolve(unit, command.task) != task.id:
        raise Halt(Refusal("lease_lost", f"you hold another task, {task.id}; name that one, or none"))
    move = Advance(task=str(task.id), fence=command.fence, note=command.note, artifacts=command.artifacts)
    finished = unit.take(advance(unit, task, move, unit.context(task))).task
    if not command.claim_next:
        return Answer(task=finished)
    others = [row for row in seen["ran_out"] or () if not row["mine"] and row["lane"] in unit.caller.lanes]
    if others and not recovered:
        raise Expired
    extra = {"done": str(finished.id)}
    taken = _take(unit, Claim(lane=command.lane), None, seen)
    if taken is None:
        empty = _empty(unit, command.lane)
        return Answer(reason=empty.reason, task=None, extra={**empty.extra, **extra})
    lead = len(unit.facts) - 1
    outlive(unit, taken)
    return Answer(task=taken, extra=extra, lead=lead)


def _may_hold(unit: Unit) -> None:
    if unit.caller.scope != "agent":
        text = (
            f"a credential of scope {unit.caller.scope} holds no tasks;"
            " `ainarres token issue --family FAMILY` makes one that does"
        )
        raise Halt(Refusal("not_eligible", text, {"missing": ["agent"]}))


def _already(task: Task, command: Claim) -> Answer:
    if isinstance(command, Next):
        return Answer(task=task, extra={"resumed": True})
    assert task.hold is not None
    details = {"holder": task.hold.agent, "expires_at": task.hold.expires_at}
    return Answer(
        code="already_holding",
        reason="you hold the task shown here; finish or release it first",
        task=task,
        extra=details,
    )


def _way(unit: Unit, command: Claim | Done) -> Way | None:
    """Return where the last claim of the kind looked, if nothing has changed since that it could know of."""
    told = unit.known.told.get(unit.token)
    return told.ways.get(command.lane) if told is not None else None


def _take(unit: Unit, command: Claim, named: UUID | None, seen: Row) -> Task | None:
    """Lock the best task, decide, and take the claim into the block; null when there is nothing."""
    lanes = unit.standing.lanes
    limits = limits_of(lanes)
    task: Task | None
    score: Score | None = None
    if named is not None:
        task = _named(unit, named)
    elif seen["looked"]:
        task = board.from_json(seen["picked"]) if seen["picked"] is not None else None
    else:
        lane = unit.lane(command.lane)["key"] if command.lane is not None else None
        open_lanes = {row["key"] for row in lanes if not row["paused"] and lane in (None, row["key"])}
        routes = [route for route in unit.standing.routes.values() if route.lane in open_lanes]
        task, score = _pick(unit, routes, limits, scoring.lanes_in(lanes), command.lane)
    if task is None:
        return None
    paused = any(row["paused"] for row in lanes if row["key"] == task.lane)
    unmet = tuple(row["prerequisite"] for row in unit.rows(board.SQL["unmet"], {"task": task.id})) if named else ()
    context = unit.context(task, lane_paused=paused, unmet=unmet, wip_full=bool(full_stage(unit, task, limits)))
    decision = holding.claim(task, context, fence=new_fence(), score=score)
    if named is None and isinstance(decision, Refusal):
        raise Moved(decision)
    taken = unit.take(decision).task
    if task.hold is not None:  # it ran out since the verb began to look, and nobody has said so yet
        raise Expired
    return taken


def _named(unit: Unit, wanted: UUID) -> Task:
    rows, clock = unit.call((board.SQL["pick_named"], {"task": wanted}), (SQL["clock"], None))
    unit.now = clock[0]["now"]
    if rows:
        return board.from_row(rows[0])
    if unit.row(board.SQL["one"], {"task": wanted}) is None:
        raise Halt(Refusal("not_found", f"no task {wanted}; `ainarres board` lists them", {"field": "task"}))
    raise Halt(Refusal("conflict", "somebody is moving this task right now; look again"))


def _pick(
    unit: Unit, routes: list[Route], limits: Limits, scored: frozenset[str], lane: str | None
) -> tuple[Task | None, Score | None]:
    """Lock the best ready task of the routes open to the caller, leaving out stages that are full; return it with its
    score where that chose it.

    A stage may fill up between this look and the lock its limit is counted under. Then the claim begins anew and finds
    it full: to hold one such lock and ask for the next, in the order of one's own taste, could hold each other up.
    """
    limited = any(_limit(_workflow_of(unit, r), r.stage, r.lane, limits) for r in routes)
    if limited:
        routes = _not_full(unit, routes, limits)
    openings = [o for r in routes if (o := eligibility.opening(r, unit.caller, _workflow_of(unit, r)))]
    if not openings:
        return None, None
    score = None
    if scored and (suited := scoring.pick(unit, routes, scored)) is not None:
        task, score = board.from_row(suited[0]), suited[1]
    else:
        way = Way(
            [o.route for o in openings],
            [None if o.after is None else o.after // timedelta(microseconds=1) for o in openings],
        )
        if not limited and not scored and not unit.standing.denied:
            unit.standing.ways[lane] = way
        row = unit.pick(way)
        if row is None:
            return None, None
        task = board.from_json(row)
    return task, score


def limits_of(lanes: Iterable[Mapping[str, Any]]) -> Limits:
    """Return the limits that lanes set themselves."""
    return {row["key"]: row["wip"] or {} for row in lanes}


def full_stage(unit: Unit, task: Task, limits: Limits | None = None) -> tuple[str, int] | None:
    """Return the limit that the task's stage has reached: the scope (lane or project) it counts in, and how many live
    leases it admits there; null where the stage admits another.

    Counted under a lock that lasts until the claim commits, so that a limit holds whoever else claims.
    """
    if limits is None:
        limits = limits_of(unit.rows(board.SQL["lanes"]))
    limit = _limit(unit.workflow(task), task.stage, task.lane, limits)
    if limit is None:
        return None
    scope, most = limit
    where = {"scope": scope, "stage": task.stage, "workflow": task.workflow}
    _, found = unit.call((board.SQL["lock_wip"], where), (board.SQL["wip"], where))
    return limit if int(found[0]["live"]) >= most else None


def _not_full(unit: Unit, routes: list[Route], limits: Limits) -> list[Route]:
    """Return the routes whose stage admits another lease at this moment; counted without a lock, in one round trip."""
    limit_of = {r: limit for r in routes if (limit := _limit(_workflow_of(unit, r), r.stage, r.lane, limits))}
    places = list({(r.workflow, r.stage, scope) for r, (scope, _) in limit_of.items()})
    asked = [
        (board.SQL["wip"], {"workflow": workflow, "stage": stage, "scope": scope}) for workflow, stage, scope in places
    ]
    live = {place: int(rows[0]["live"]) for place, rows in zip(places, unit.call(*asked), strict=True)}
    return [r for r in routes if r not in limit_of or live[r.workflow, r.stage, limit_of[r][0]] < limit_of[r][1]]


def _limit(workflow: Workflow, stage_key: str, lane: str, limits: Limits) -> tuple[str, int] | None:
    """Return the scope in which live leases on a stage are counted, and how many it admits; null for any number."""
    stage, own = workflow.stage(stage_key), limits.get(lane, {}).get(stage_key)
    assert stage is not None
    if own is not None:
        return lane, own
    if stage.wip is None:
        return None
    return (lane.partition("/")[0] if stage.wip_scope == "project" else lane), stage.wip


def _routes(unit: Unit, ids: list[int]) -> dict[int, Route]:
    known = unit.known.routes
    unread = [one for one in ids if one not in known]
    if unread:
        for row in unit.rows(board.SQL["routes"], {"ids": unread}):
            known[row["id"]] = Route.from_json(row["parts"])
    return {one: known[one] for one in ids}


def routes_of(unit: Unit, lane: str) -> list[Route]:
    """Return the routes of a lane."""
    ids = [row["id"] for row in unit.rows(board.SQL["route_ids"], {"lane": lane})]
    return list(_routes(unit, ids).values())


def _workflow_of(unit: Unit, route: Route) -> Workflow:
    return unit.workflow_version(route.workflow, route.workflow_version)


def _empty(unit: Unit, lane: str | None) -> Answer:
    return nothing_for(unit, [unit.lane(lane)["key"]] if lane is not None else sorted(unit.caller.lanes))


def nothing_for(unit: Unit, lanes: list[str], *, open_is: str = "reserved, paused, full or being taken") -> Answer:
    """Say why there is nothing for the caller on some lanes, each cause counted to a hundred at most.

    ``open_is`` says what of tasks whose route is open: for a claim that found none, why it did not get one of those.
    """
    if not lanes:
        text = f"{unit.caller.family} is granted no lane; see `ainarres whoami`"
        return Answer(code="empty", reason=text, extra={"retry_after": RETRY_AFTER})
    causes: Counter[str] = Counter()
    for row in unit.rows(board.SQL["obstacles"], {"lanes": lanes, "agent": unit.caller.actor}):
        causes[_WORDS[row["cause"]]] += row["tasks"]
    for _, count, because in ready_routes(unit, lanes):
        causes[because or open_is] += count
    said = ", ".join(_count(n, cause) for cause, n in causes.most_common() if n)
    return Answer(code="empty", reason=said or "no open task on these lanes", extra={"retry_after": RETRY_AFTER})


def ready_routes(unit: Unit, lanes: list[str]) -> list[tuple[Route, int, str | None]]:
    """Return the routes of some lanes with work: how much, a hundred at most, and why they are closed to the caller."""
    found = unit.rows(board.SQL["ready_routes"], {"lanes": lanes})
    routes = _routes(unit, [row["id"] for row in found])
    return [
        (route, row["tasks"], eligibility.closed_because(route, unit.caller, _workflow_of(unit, route)))
        for row in found
        for route in (routes[row["id"]],)
    ]


_WORDS = {"blocked": "blocked", "waits": "wait on prerequisites", "held": "held by others"}


def _count(tasks: int, cause: str) -> str:
    verb, _, rest = cause.partition(" ")
    if tasks == 1 and verb in ("need", "wait"):
        return f"1 {verb}s {rest}"
    return f"{_COUNTED}+ {cause}" if tasks >= _COUNTED else f"{tasks} {cause}"
