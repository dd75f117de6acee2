"""The ledger as it grows: pages of JSON lines, and a live feed whose ids are positions. Both take scope ``monitor``:
events of every lane are in them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from ainarres.projections import history
from ainarres.web import openapi
from ainarres.web.problem import Problem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ainarres.projections.timeline import Entry
    from ainarres.web.service import Service

PAGE = 500
"""Events that the feed reads at a time."""
FIRST = Annotated[int, Query(ge=0, le=2**53 - 1, description="Only what comes after this position")]
QUIET = 15.0
"""Seconds of silence after which a feed says that it still lives, and its credential is looked at again."""
_FAR = 2**53 - 1


def router(service: Service) -> APIRouter:
    """Return the routes of the events."""
    made = APIRouter(prefix="/v1", tags=["events"], default_response_class=Response)

    @made.get("/events", responses=openapi.of_read("application/jsonl"))
    async def events(
        request: Request, after: FIRST = 0, limit: Annotated[int, Query(ge=1, le=10_000)] = 1000
    ) -> Response:
        """Return events after a position, one JSON object a line; fewer than ``limit`` are the end for now."""
        page = await _page(service, request, after, limit)
        text = "".join(json.dumps(one.to_json(), ensure_ascii=False) + "\n" for one in page)
        more = {"Link": f'</v1/events?after={page[-1].position}&limit={limit}>; rel="next"'} if page else {}
        return Response(text, headers=more, media_type="application/jsonl")

    @made.get("/feed", responses=openapi.of_read("text/event-stream"), include_in_schema=False)
    async def feed(request: Request, after: FIRST = 0) -> Response:
        """Stream events; ``Last-Event-ID`` (a position) resumes exactly, else ``after``."""
        start = _position(request.headers.get("last-event-id"), after)
        first = await _page(service, request, start, PAGE)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        stream = _stream(service, request, start, first)
        return StreamingResponse(stream, headers=headers, media_type="text/event-stream")

    return made


async def _page(service: Service, request: Request, after: int, limit: int) -> list[Entry]:
    return await service.read(request, lambda connection: history.following(connection, after, limit), scope="monitor")


async def _stream(service: Service, request: Request, start: int, page: list[Entry]) -> AsyncIterator[str]:
    """Yield events for ever. It ends with the server, or when the credential does; the client comes back by itself."""
    at = start
    yield "retry: 1000\n\n"
    try:
        while not service.stopping.is_set():
            for entry in page:
                data = json.dumps(entry.to_json(), ensure_ascii=False)
                yield f"id: {entry.position}\nevent: {type(entry.fact.event).__name__}\ndata: {data}\n\n"
                at = entry.position
            if len(page) < PAGE and not await service.pulse.beyond(at, QUIET):
                yield ": quiet\n\n"
            if service.stopping.is_set():
                return
            page = await _page(service, request, at, PAGE)
    except Problem:
        return


def _position(said: str | None, after: int) -> int:
    if said is None or not said.strip():
        return after
    digits = said.strip()
    if not (digits.isascii() and digits.isdigit()) or len(digits) > len(str(_FAR)) or int(digits) > _FAR:
        raise Problem(400, "invalid", "Last-Event-ID: not a position; leave it out to begin at the beginning")
    return int(digits)
