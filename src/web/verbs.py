"""``POST /v1/verbs/{verb}``: the body is the command, the reply its envelope, the status follows the code."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from ainarres.verbs import asked
from ainarres.web import openapi
from ainarres.web.problem import Problem
from ainarres.web.service import bearer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ainarres.verbs.envelope import Envelope
    from ainarres.web.service import Service

_KEY, _MATCH, _TYPE = {"field": "Idempotency-Key"}, {"field": "If-Match"}, {"field": "Content-Type"}
_TAG = re.compile(r'"(\d{1,15})"')


def router(service: Service) -> APIRouter:
    """Return a route for each verb."""
    made = APIRouter(prefix="/v1/verbs", tags=["verbs"])
    for name, model in asked.VERBS.items():
        made.add_api_route(
            f"/{name}",
            _endpoint(service, name),
            methods=["POST"],
            name=name,
            operation_id=name.replace("-", "_"),
            summary=(model.__doc__ or name).strip().partition("\n")[0],
            response_class=Response,
            responses=openapi.of_verb(),
            openapi_extra=openapi.body_of(model),
        )
    return made


def _endpoint(service: Service, name: str) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        key = _key(request)
        fields = await _fields(request)
        tagged = _expect(request, fields, name)
        saying = asyncio.ensure_future(service.speaker.say(name, fields, bearer(request), key))
        leaving = asyncio.ensure_future(_left(request))
        try:
            await asyncio.wait({saying, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not saying.done():
                return Response(status_code=499)  # nobody reads it
            return _reply(saying.result(), tagged=tagged)
        finally:
            for task in (saying, leaving):
                task.cancel()

    return endpoint


async def _left(request: Request) -> None:
    """Return when the client has hung up: its claim must not go on waiting in its place."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _reply(envelope: Envelope, *, tagged: bool) -> Response:
    document = envelope.to_json()
    headers = {}
    if envelope.http_status == 401:  # noqa: PLR2004 - the status has a name of its own in every reader's head
        headers["WWW-Authenticate"] = "Bearer"
    if (wait := document.get("retry_after")) is not None and not envelope.ok:
        headers["Retry-After"] = str(int(wait) + 1)
    if envelope.task is not None:
        headers["ETag"] = f'"{envelope.task["version"]}"'
    status = 412 if tagged and document.get("field") == "expect_version" else envelope.http_status
    return Response(encoded(document), status, headers, media_type="application/json")


def encoded(document: Any) -> bytes:
    """Write a reply; what UTF-8 cannot hold is spelt as JSON spells it."""
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _key(request: Request) -> uuid.UUID | None:
    said = request.headers.get("idempotency-key")
    if said is None:
        return None
    try:
        return uuid.UUID(said.strip().strip('"'))
    except ValueError:
        raise Problem(400, "invalid", "Idempotency-Key: not a UUID; make one with `uuidgen`", more=_KEY) from None


def _expect(request: Request, fields: dict[str, Any], name: str) -> bool:
    """Read ``If-Match`` as the version that the task must have; tell whether it was there."""
    said = request.headers.get("if-match")
    if said is None or said.strip() == "*":
        return False
    tag = _TAG.fullmatch(said.strip())
    if tag is None:
        raise Problem(400, "invalid", 'If-Match: write the ETag of the task, as in "7"', more=_MATCH)
    if "expect_version" not in asked.VERBS[name].model_fields:
        raise Problem(400, "invalid", f"If-Match: {name} takes no version; leave the header out", more=_MATCH)
    if "expect_version" in fields:
        raise Problem(
            400, "invalid", "If-Match: the body has expect_version already; leave one of them out", more=_MATCH
        )
    fields["expect_version"] = int(tag[1])
    return True


async def _fields(request: Request) -> dict[str, Any]:
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(415, "invalid", "Content-Type: send the command as application/json", more=_TYPE)
    text = await request.body()
    try:
        document = json.loads(text.decode("utf-8") or "{}", parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        said = str(error) if isinstance(error, (json.JSONDecodeError, UnicodeDecodeError)) else "a value is too large"
        raise Problem(400, "invalid", f"the body is not JSON: {said}") from None
    if not isinstance(document, dict):
        raise Problem(400, "invalid", "the body is not a JSON object; send the command's fields")
    return document


def _no_number(name: str) -> Any:
    raise ValueError(name)
