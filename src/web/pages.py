"""The pages at ``/``: for people in a browser, readable without scripts, kept live by a few lines of one.

Whoever has a token signs in with it; a cookie that no script reads keeps it. An act needs the page's own mark besides,
which only who holds the token can know, so that no other site's form can act in somebody's name.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from ainarres.verbs.identity import token_hash
from ainarres.web import drawing
from ainarres.web.markup import Markup, join, tag
from ainarres.web.problem import Problem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from ainarres.web.service import Service

COOKIE = "ainarres"
QUIET = 15.0
"""Seconds of silence after which a page is told that the server still lives."""
ACTS = frozenset(verb.replace(" ", "-") for verb in drawing.FORMS)
"""Verbs that the inbox offers."""
PLACES = {"/": "Board", "/families": "Families", "/inbox": "Inbox", "/report": "Report", "/ledger": "Ledger"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_PAGE = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store", "Referrer-Policy": "same-origin"}
"""With ``no-referrer`` a browser would call its own forms' origin ``null``, and the gate would refuse them."""
_MEDIA = {"board.css": "text/css; charset=utf-8", "board.js": "text/javascript; charset=utf-8"}


def router(service: Service) -> APIRouter:
    """Return the routes of the pages."""
    made = APIRouter(include_in_schema=False)
    drawn = {"/": _board, "/task/{task}": _task, "/families": _families, "/inbox": _inbox, "/ledger": _ledger}
    for path, draw in drawn.items():
        made.add_api_route(path, _page(service, path, draw), methods=["GET"])

    @made.get("/report")
    async def report(request: Request) -> Response:
        """The report, which is a whole page of its own."""
        if (token := _token(request)) is None:
            return _to_login(request)
        asked = {"at": request.query_params["at"]} if "at" in request.query_params else {}
        try:
            answer = await service.ask(token, "Report", asked)
        except Problem as problem:
            return _troubled(problem)
        policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
        return HTMLResponse(answer.written("html"), headers=_PAGE | {"Content-Security-Policy": policy})

    @made.get("/static/{name}")
    async def static(name: str) -> Response:
        """A style or a script."""
        if name not in _MEDIA:
            raise Problem(404, "not_found", "no such file")
        text = files("ainarres.web").joinpath("static", name).read_text("utf-8")
        return Response(text, headers={"Cache-Control": "no-cache"}, media_type=_MEDIA[name])

    @made.get("/live")
    async def live(request: Request) -> Response:
        """Say that the ledger moved, whenever it does; what moved is for the page to ask."""
        await service.ask(_token(request), "WhoAmI", {})
        return StreamingResponse(_moves(service), headers={"Cache-Control": "no-store"}, media_type="text/event-stream")

    _doors(made, service)
    return made


def _doors(made: APIRouter, service: Service) -> None:
    @made.get("/login")
    async def login(request: Request) -> Response:
        """Ask for a token."""
        return _login(request.query_params.get("to", "/"), None)

    @made.post("/login")
    async def enter(request: Request) -> Response:
        """Keep a token that is good."""
        form = await _form(request)
        token, to = form.get("token", "").strip(), _inside(form.get("to", "/"))
        try:
            await service.ask(token or None, "WhoAmI", {})
        except Problem as problem:
            return _login(to, problem.detail if token else "Paste a token first.", problem.status)
        answer = RedirectResponse(to, 303)
        secure = request.headers.get("x-forwarded-proto", request.url.scheme) == "https"
        answer.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure, path="/")
        return answer

    @made.post("/logout")
    async def leave(_: Request) -> Response:
        """Forget the token."""
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE, path="/")
        return answer

    @made.post("/act")
    async def act(request: Request) -> Response:
        """Say one of the inbox's verbs for who signed in."""
        if (token := _token(request)) is None:
            return _to_login(request)
        form = await _form(request)
        if not hmac.compare_digest(form.pop("csrf", ""), mark(token)) or form.get("verb") not in ACTS:
            return _troubled(
                Problem(403, "not_eligible", "this form is not of a page that you have open; load it anew")
            )
        verb, key = form.pop("verb"), form.pop("key", "")
        envelope = await service.speaker.say(verb, form, token, _uuid(key))
        said = {"ok": envelope.ok, "reason": envelope.reason}
        return RedirectResponse(f"/inbox?said={quote(json.dumps(said))}", 303)


def mark(token: str) -> str:
    """Return the mark that a page's forms carry."""
    return hmac.new(b"ainarres page", token.encode(), hashlib.sha256).hexdigest()


async def _board(service: Service, token: str, asked: dict[str, str]) -> Markup:
    answer = await service.ask(token, "Board", {"limit": 30, **asked})
    return drawing.board(_plain(answer.written("json")))


async def _task(service: Service, token: str, asked: dict[str, str]) -> Markup:
    found = await service.ask(token, "OneTask", asked)
    history = await service.ask(token, "History", asked)
    why = None
    if "at" not in asked:
        why = (await service.speaker.say("why", {"task": asked["task"]}, token)).to_json()
    return drawing.task(_plain(found.written("json")), _plain(history.written("json")), why)


async def _families(service: Service, token: str, asked: dict[str, str]) -> Markup:
    found = await service.ask(token, "Families", asked)
    report = await service.ask(token, "Report", asked)
    return drawing.families(_plain(found.written("json")), _plain(report.written("json")))


async def _inbox(service: Service, token: str, _: dict[str, str]) -> Markup:
    found = await service.ask(token, "Inbox", {})
    return drawing.inbox(_plain(found.written("json")), mark(token))


async def _ledger(service: Service, token: str, _: dict[str, str]) -> Markup:
    found = await service.ask(token, "Timeline", {"limit": 200})
    return drawing.ledger(_plain(found.written("json")), service.pulse.horizon)


def _page(
    service: Service, path: str, draw: Callable[[Service, str, dict[str, str]], Awaitable[Markup]]
) -> Callable[[Request], Awaitable[Response]]:
    travels = path in ("/", "/task/{task}", "/families")

    async def page(request: Request) -> Response:
        if (token := _token(request)) is None:
            return _to_login(request)
        asked = {name: value for name, value in request.query_params.items() if name == "at" and value and travels}
        if path == "/" and request.query_params.get("lane"):
            asked["lane"] = request.query_params["lane"]
        try:
            body = await draw(service, token, {**asked, **request.path_params})
        except Problem as problem:
            return _to_login(request) if problem.status == 401 else _troubled(problem)  # noqa: PLR2004 - its name
        if (said := request.query_params.get("said")) and path == "/inbox":
            body = join(_said(said), body)
        time = _time(service.pulse.horizon, asked.get("at")) if travels else None
        return _whole(PLACES.get(path, "Task"), body, path=path, time=time)

    return page


def _whole(
    title: str,
    body: Markup,
    *,
    path: str = "",
    time: Markup | None = None,
    status: int = 200,
    inside: bool = True,
) -> Response:
    """Draw a page; ``inside`` where somebody signed in."""
    links = [
        tag("li", tag("a", name, href=where, aria_current="page" if where == path else None))
        for where, name in PLACES.items()
    ]
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title} · ainarres"),
        tag("link", rel="stylesheet", href="/static/board.css"),
        tag("link", rel="icon", href="data:,"),
    )
    out = tag("form", tag("button", "Sign out"), method="post", action="/logout") if inside else None
    top = tag(
        "header",
        tag("strong", "ainarres"),
        tag("nav", tag("ul", links), aria_label="Pages"),
        tag("p", "", id="live", role="status"),
        out,
    )
    page = tag(
        "body",
        tag("a", "Skip to the content", href="#main", class_="skip"),
        top,
        time,
        tag("main", body, id="main", data_live="" if path and path != "/inbox" else None),
        tag("script", src="/static/board.js", defer=True),
    )
    return HTMLResponse(f"<!doctype html>{tag('html', head, page, lang='en')}", status, headers=_PAGE)


def _time(horizon: int, at: str | None) -> Markup:
    """Draw the slider: a form that works by itself, and lives with the script."""
    now = int(at) if at and at.isdigit() else horizon
    past = tag("span", f"as of {at}", class_="past") if at else None
    return tag(
        "form",
        tag("label", "Position in time", for_="slider"),
        tag("input", type="range", id="slider", min=1, max=max(1, horizon), value=now),
        tag("label", "Position", for_="position"),
        tag("input", type="number", id="position", name="at", min=1, max=max(1, horizon), value=now),
        tag("button", "Go there"),
        tag("a", "Now", href="?"),
        past,
        method="get",
        id="time",
        class_="time",
        aria_label="Time",
    )


def _login(to: str, wrong: str | None, status: int = 200) -> Response:
    form = tag(
        "form",
        tag("input", type="hidden", name="to", value=_inside(to)),
        tag(
            "label", "Token", tag("input", type="password", name="token", required=True, autocomplete="off", id="token")
        ),
        tag("button", "Sign in"),
        method="post",
        action="/login",
        class_="act",
    )
    see, act = (tag("code", f"ainarres token issue --scope {scope}") for scope in ("monitor", "human"))
    words = join(
        tag("p", "Where the ledger is at home, ", see, " prints a token that sees every lane;"),
        tag("p", act, " prints one that may act from the inbox as well."),
    )
    body = join(tag("h1", "Sign in"), tag("p", wrong, class_="said no", role="alert") if wrong else None, form, words)
    return _whole("Sign in", body, status=status, inside=False)


async def _moves(service: Service) -> AsyncIterator[str]:
    at = service.pulse.horizon
    yield "retry: 1000\n\n"
    while not service.stopping.is_set():
        if await service.pulse.beyond(at, QUIET):
            at = service.pulse.horizon
            yield f"event: moved\ndata: {at}\n\n"
        else:
            yield ": quiet\n\n"


async def _form(request: Request) -> dict[str, str]:
    """Read a form's fields, each once."""
    found = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=20)
    return {name: values[0] for name, values in found.items()}


def _token(request: Request) -> str | None:
    said = request.cookies.get(COOKIE)
    return said if said and isinstance(token_hash(said), str) else None


def _to_login(request: Request) -> Response:
    to = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/login?to={quote(to)}" if request.method == "GET" else "/login", 303)


def _inside(to: str) -> str:
    """Return where to go after signing in, which is on this server whatever was asked."""
    return to if to.startswith("/") and not to.startswith(("//", "/\\")) and to.isprintable() else "/"


def _troubled(problem: Problem) -> Response:
    title = "No such thing" if problem.status == 404 else "Not possible"  # noqa: PLR2004 - its name
    return _whole(title, drawing.trouble(title, problem.detail), status=problem.status)


def wanted(request: Request) -> bool:
    """Tell whether who asks is a browser, outside the paths that programs call."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/v1/")


def missing() -> Response:
    """Return the page for a path that there is none of."""
    return _troubled(Problem(404, "not_found", "There is no such page; the links above lead to those there are."))


def _said(text: str) -> Markup | None:
    try:
        found = json.loads(text)
        return drawing.said({"ok": bool(found["ok"]), "reason": str(found["reason"] or "")})
    except (ValueError, TypeError, KeyError):
        return None


def _plain(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
