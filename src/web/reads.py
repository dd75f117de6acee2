"""The reads: board, tasks, histories, report, families, cards, who I am.

An agent sees the lanes it is granted and nothing of others; ``monitor`` and what includes it see all.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from ainarres.domain.refusal import Refusal
from ainarres.projections import declared, glance, governed, history, inbox, roster
from ainarres.projections.report import fold
from ainarres.verbs import asking
from ainarres.verbs.envelope import plain_value
from ainarres.web import openapi
from ainarres.web.service import bearer
from ainarres.web.verbs import encoded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    import psycopg

    from ainarres.domain.context import Caller
    from ainarres.web.service import Service

Lane = Annotated[str | None, Query(max_length=200, description="`project/lane`; the lane alone where it is unique")]
FIRST = Annotated[int, Query(ge=0, le=2**53 - 1, description="Only what comes after this position")]


def router(service: Service) -> APIRouter:
    """Return the routes of the reads."""
    made = APIRouter(prefix="/v1", tags=["reads"], default_response_class=Response)
    seen = openapi.of_read()

    @made.get("/whoami", responses=seen)
    async def whoami(request: Request) -> Response:
        """Say who the token stands for, what it may do, and what it holds."""
        return _reply(await service.read(request, lambda found, _: _whoami(found, bearer(request))))

    @made.get("/board", responses=seen)
    async def board(request: Request, lane: Lane = None, limit: Annotated[int, Query(ge=1, le=1000)] = 8) -> Response:
        """Show each lane's columns with at most ``limit`` cards each."""
        return _reply(await service.read(request, lambda found, caller: _board(found, caller, lane, limit)))

    @made.get("/tasks", responses=seen)
    async def tasks(
        request: Request,
        lane: Lane = None,
        stage: Annotated[str | None, Query(max_length=200)] = None,
        after: FIRST = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Response:
        """List tasks in the order of their creation; ``next`` is the ``after`` of the next page, or null."""
        page = {"stage": stage, "after": after, "limit": limit}
        return _reply(await service.read(request, lambda found, caller: _tasks(found, caller, lane, page)))

    @made.get("/tasks/{task}", responses={**seen, 304: {"description": "Still at the version of If-None-Match"}})
    async def task(request: Request, task: str) -> Response:
        """Show one task; ``task`` may be a unique prefix or suffix of its id."""
        row = await service.read(request, lambda found, caller: task_of(found, caller, task))
        tag = f'"{row["version"]}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        return _reply(row, {"ETag": tag})

    @made.get("/tasks/{task}/history", responses=seen)
    async def task_history(request: Request, task: str) -> Response:
        """Tell everything that ever happened to a task, oldest first."""
        return _reply(await service.read(request, lambda found, caller: _history(found, caller, task)))

    @made.get("/report", responses=seen)
    async def report(request: Request, lane: Lane = None) -> Response:
        """Report on the whole run; an agent names one of its lanes."""
        return _reply(await service.read(request, lambda found, caller: _report(found, caller, lane)))

    _of_people(made, service)
    return made


def _of_people(made: APIRouter, service: Service) -> None:
    """Add who there is, and what each works from."""
    seen = openapi.of_read()

    @made.get("/families", responses=seen)
    async def families(request: Request) -> Response:
        """List families with what they were granted and are denied."""
        return _reply(await service.read(request, lambda found, _: {"families": declared.rows(found, "families")}))

    @made.get("/agents", responses=seen)
    async def agents(
        request: Request,
        family: Annotated[str | None, Query(max_length=200)] = None,
        everyone: Annotated[bool, Query(alias="all", description="Those without a live credential too")] = False,
    ) -> Response:
        """List agents: what each may do and holds, and how its family's work was judged; an agent sees its lanes'."""
        return _reply(await service.read(request, lambda found, who: _agents(found, who, family, gone=everyone)))

    @made.get("/governance", responses=seen)
    async def governance(request: Request) -> Response:
        """Show policies, denials with time to heal, halted capabilities, open flags and the evidence there is."""
        return _reply(await service.read(request, lambda found, _: governed.look(found).to_json(), scope="monitor"))

    @made.get("/inbox", responses=seen)
    async def waiting(request: Request) -> Response:
        """List what awaits a person, with the evidence and the commands that settle it."""
        return _reply(await service.read(request, lambda found, _: _inbox(found), scope="monitor"))

    @made.get("/cards/{role}", responses=seen)
    async def card(
        request: Request, role: str, version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None
    ) -> Response:
        """Return a role card."""
        return _reply(await service.read(request, lambda found, _: card_of(found, role, version)))


def plain(document: Any) -> Any:
    """Return what a read found as JSON values."""
    return json.loads(json.dumps(document, default=plain_value))


def _reply(document: Any, headers: Mapping[str, str] | None = None) -> Response:
    return Response(encoded(plain(document)), headers=dict(headers or {}), media_type="application/json")


def lanes_of(caller: Caller) -> frozenset[str] | None:
    """Return the lanes that a caller may see; null for all."""
    if caller.may("monitor"):
        return None
    return frozenset(f.removeprefix("lane:") for f in caller.features if f.startswith("lane:"))


def _lane(connection: psycopg.Connection[Any], caller: Caller, typed: str | None) -> str | Refusal | None:
    """Resolve a lane; one that is hidden from the caller looks as one that does not exist."""
    if typed is None:
        return None
    known, seen = declared.lane(connection, _storable(typed)), lanes_of(caller)
    if seen is None or (isinstance(known, str) and known in seen):
        return known
    return Refusal("not_found", f"no such lane; yours are {', '.join(sorted(seen)) or 'none'}")


def _which(connection: psycopg.Connection[Any], caller: Caller, typed: str) -> UUID | Refusal:
    found, seen = declared.task(connection, _storable(typed)), lanes_of(caller)
    if seen is None:
        return found
    row = declared.one(connection, "task", task=found) if not isinstance(found, Refusal) else None
    if row is not None and row["lane"] in seen:
        assert not isinstance(found, Refusal)
        return found
    return Refusal("not_found", "no such task on your lanes; `/v1/tasks` lists them", {"field": "task"})


def _storable(typed: str) -> str:
    return typed.replace("\0", "").encode("utf-8", "replace").decode()


def _whoami(connection: psycopg.Connection[Any], token: str | None) -> dict[str, Any] | Refusal:
    found = asking.whoami(connection, token)
    if isinstance(found, Refusal):
        return found
    caller, credential = found
    return {
        "agent": caller.actor,
        "family": caller.family,
        "maker": caller.maker,
        "scope": caller.scope,
        "features": sorted(caller.features),
        "suspended": sorted(caller.kept),
        "credential": caller.credential,
        "expires_at": credential.expires_at if credential else None,
        "holds": declared.one(connection, "held_by", agent=caller.actor),
    }


def _board(
    connection: psycopg.Connection[Any], caller: Caller, typed: str | None, limit: int
) -> dict[str, Any] | Refusal:
    lane = _lane(connection, caller, typed)
    if isinstance(lane, Refusal):
        return lane
    seen = lanes_of(caller)
    now, lanes = glance.read_columns(connection, lane, limit)
    return {"lanes": [one.to_json(now) for one in lanes if seen is None or one.key in seen]}


def _tasks(
    connection: psycopg.Connection[Any], caller: Caller, typed: str | None, page: Mapping[str, Any]
) -> dict[str, Any] | Refusal:
    lane = _lane(connection, caller, typed)
    if isinstance(lane, Refusal):
        return lane
    lanes: Iterable[str] | None = [lane] if lane is not None else lanes_of(caller)
    wanted = {**page, "stage": None if page["stage"] is None else _storable(page["stage"])}
    rows = declared.rows(connection, "tasks", lanes=None if lanes is None else list(lanes), **wanted)
    more = len(rows) == page["limit"]
    return {"tasks": rows, "next": rows[-1]["created_position"] if more else None}


def task_of(connection: psycopg.Connection[Any], caller: Caller, typed: str) -> dict[str, Any] | Refusal:
    """Return one task as its caller may see it."""
    which = _which(connection, caller, typed)
    return which if isinstance(which, Refusal) else glance.read_portrait(connection, which).to_json()


def _history(connection: psycopg.Connection[Any], caller: Caller, typed: str) -> dict[str, Any] | Refusal:
    which = _which(connection, caller, typed)
    if isinstance(which, Refusal):
        return which
    return {"task": str(which), "events": [one.to_json() for one in history.of_task(connection, which)]}


def _report(connection: psycopg.Connection[Any], caller: Caller, typed: str | None) -> dict[str, Any] | Refusal:
    if typed is None and lanes_of(caller) is not None:
        return Refusal("not_eligible", "the report of all lanes needs scope monitor; name one of yours (?lane=)")
    lane = _lane(connection, caller, typed)
    return lane if isinstance(lane, Refusal) else fold(history.whole(connection), lane).to_json()


def _agents(
    connection: psycopg.Connection[Any], caller: Caller, family: str | None, *, gone: bool
) -> dict[str, Any] | Refusal:
    wanted = None if family is None else _storable(family)
    found = roster.read(connection, family=wanted, lanes=lanes_of(caller), gone=gone)
    return found if isinstance(found, Refusal) else {"agents": [one.to_json() for one in found]}


def _inbox(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    return {"inbox": [item.to_json() for item in inbox.gather(connection)]}


def card_of(connection: psycopg.Connection[Any], role: str, version: int | None = None) -> dict[str, Any] | Refusal:
    """Return a role card, the newest where no version is named."""
    row = declared.one(connection, "card", role=_storable(role), version=version)
    if row is None:
        known = ", ".join(each["role"] for each in declared.rows(connection, "cards"))
        return Refusal("not_found", f"no such role card; cards are {known or 'none: adopt one'}", {"field": "role"})
    return row
