"""``GET /v1/…``: each read of ``ainarres.reads`` at its path; the query string is the question.

The answer is its JSON document, or, asked for with ``Accept: text/plain``, the very text that the command line prints.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args, get_origin

from fastapi import APIRouter, Request
from starlette.responses import Response

from ainarres.faults import InvalidInput
from ainarres.reads.ask import READS
from ainarres.web import openapi
from ainarres.web.problem import Problem
from ainarres.web.service import bearer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ainarres.reads.ask import Read
    from ainarres.web.service import Service

_WHOLE = re.compile(r"-?[0-9]{1,18}")
MEDIA = {"json": "application/json", "text": "text/plain", "md": "text/markdown", "html": "text/html"}


def router(service: Service) -> APIRouter:
    """Return a route for each read."""
    made = APIRouter(prefix="/v1", tags=["reads"])
    for name, read in READS.items():
        made.add_api_route(
            f"/{read.path}",
            _endpoint(service, name, read),
            methods=["GET"],
            name=name,
            operation_id=f"read_{name}",
            summary=(read.model.__doc__ or name).strip().partition("\n")[0],
            response_class=Response,
            responses=openapi.of_question(read.model, tagged="task" in read.path),
            openapi_extra={"parameters": openapi.parameters(read.model, read.path)},
        )
    return made


def _endpoint(service: Service, name: str, read: Read) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        fields = _fields(request, read)
        answer = await service.ask(bearer(request), name, fields)
        form = fields.get("format") or _accepted(request)
        headers = {"Vary": "Accept"}
        if answer.version is not None and "at" not in fields:
            headers["ETag"] = f'"{answer.version}"'
            if request.headers.get("if-none-match") == headers["ETag"]:
                return Response(status_code=304, headers=headers)
        if not answer.whole:
            headers["Ainarres-Incomplete"] = "true"
        text = answer.written(form) + ("" if form == "json" else "\n")
        if form == "html":
            headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
        return Response(text.encode("utf-8", "backslashreplace"), headers=headers, media_type=MEDIA[form])

    return endpoint


def _accepted(request: Request) -> str:
    """Return the first form named that there is; JSON where none is."""
    for one in request.headers.get("accept", "").split(","):
        match one.partition(";")[0].strip().lower():
            case "application/json" | "*/*":
                return "json"
            case "text/plain":
                return "text"
    return "json"


def _fields(request: Request, read: Read) -> dict[str, Any]:
    """Return the question's fields as the request has them; each at most once, lists with commas."""
    kinds = {name: field.annotation for name, field in read.model.model_fields.items()}
    lists = {name for name, kind in kinds.items() if get_origin(kind) is tuple}
    numbers = {name for name, kind in kinds.items() if int in (kind, *get_args(kind))}
    fields: dict[str, Any] = dict(request.path_params)
    for name, value in request.query_params.multi_items():
        if name in fields:
            raise Problem.of_input(InvalidInput(name, "was given twice", "give it once"))
        fields[name] = [part for part in value.split(",") if part] if name in lists else value
        if name in numbers and _WHOLE.fullmatch(value):  # what is wrong with it is said of a number, then
            fields[name] = int(value)
    return fields
