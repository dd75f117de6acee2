"""The application: routes on a service, behind the gate."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response

from ainarres.database.migrate import check
from ainarres.faults import LedgerUnavailable, SchemaMismatch
from ainarres.verbs import asked
from ainarres.web import feed, figures, openapi, pages, reads, verbs
from ainarres.web.gate import Gate, broken
from ainarres.web.problem import VERBS, Problem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp

    from ainarres.web import inside
    from ainarres.web.service import Service


def build(service: Service) -> ASGIApp:
    """Return the application that serves ``service``, which it closes at its end; with /mcp where that is installed."""
    tools = _tools(service)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.callback(service.desk.close)
            service.pulse.start()
            stack.callback(service.pulse.close)
            if tools is not None:
                await stack.enter_async_context(tools.sessions.run())
            polling = asyncio.create_task(service.lobby.poll())
            stack.callback(polling.cancel)
            yield
            service.stop()

    app = FastAPI(
        title="ainarres",
        version=version("ainarres"),
        summary="A ledger by which swarms of AI coding agents coordinate shared work",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    _health(app, service)
    for router in (verbs.router(service), reads.router(service), feed.router(service), pages.router(service)):
        app.include_router(router)
    if tools is not None:
        app.router.routes.extend(tools.routes)
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(Exception, _broken)
    app.add_exception_handler(HTTPException, _elsewhere)
    app.add_exception_handler(RequestValidationError, _wrong)
    openapi.complete(app, list(asked.VERBS.values()))
    return Gate(app, hosts=service.limits.hosts, figures=service.figures)


def _tools(service: Service) -> inside.Tools | None:
    if find_spec("mcp") is None:
        return None
    from ainarres.web import inside  # noqa: PLC0415 - the tools are an extra of their own

    return inside.mount(service)


def _health(app: FastAPI, service: Service) -> None:
    @app.get("/healthz", tags=["health"], response_class=PlainTextResponse)
    async def healthz() -> Response:
        """Say that the process answers."""
        return PlainTextResponse("ok\n")

    @app.get("/readyz", tags=["health"], response_class=PlainTextResponse, responses=openapi.of_readiness())
    async def readyz() -> Response:
        """Say whether verbs would be executed: the database answers and holds a ledger of this version."""
        if service.stopping.is_set():
            raise Problem(503, "unavailable", "the server is stopping")
        try:
            await service.desk.run(check)
        except (LedgerUnavailable, SchemaMismatch) as error:
            raise Problem(503, "unavailable", str(error)) from None
        return PlainTextResponse("ready\n")

    @app.get("/metrics", tags=["health"], response_class=PlainTextResponse)
    async def metrics() -> Response:
        """Return the server's figures in Prometheus' text form."""
        return Response(service.figures.text(), media_type=figures.MEDIA)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return _told(request, error)


def _told(request: Request, problem: Problem) -> Response:
    """Tell a browser of a path that there is none of in a page, everybody else as the path promises."""
    if problem.status == 404 and pages.wanted(request):  # noqa: PLR2004 - not found
        return pages.missing()
    return problem.answer(request.url.path)


async def _broken(request: Request, _: Exception) -> Response:
    """Answer in the form of every other error; the gate, where it goes on to, writes the log."""
    return broken(request.scope["trace"]).answer(request.url.path)


async def _elsewhere(request: Request, error: Exception) -> Response:
    """Answer for paths and methods that there are not."""
    assert isinstance(error, HTTPException)
    path, codes = request.url.path, {404: "not_found", 405: "invalid"}
    what = "method here" if error.status_code == 405 else "verb" if path.startswith(VERBS) else "path"  # noqa: PLR2004
    detail = f"no such {what}; the OpenAPI document at /openapi.json lists them"
    return _told(request, Problem(error.status_code, codes.get(error.status_code, "invalid"), detail, error.headers))


async def _wrong(_: Request, error: Exception) -> Response:
    """Name the first wrong parameter of a read."""
    assert isinstance(error, RequestValidationError)
    first: dict[str, Any] = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:])
    return Problem(422, "invalid", f"{where}: {first['msg'][0].lower()}{first['msg'][1:]}").response()
