"""Verbs through ``ainarres serve``: one request with the standard library, because a verb in a loop must start fast.

Neither psycopg nor pydantic is imported here, or by what this imports: the server reads the command and decides.
"""

from __future__ import annotations

import errno
import json
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from ainarres.domain.refusal import Refusal
from ainarres.faults import Fault, InvalidInput, LedgerUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from ainarres.database.settings import Settings

ANSWER_SECONDS = 60
"""Seconds that a verb may take; a claim's own wait comes on top."""
LONGEST_WAIT = 120
"""Seconds after which a server ends a claim's wait."""
_OK = 200
_PROBLEM = ("type", "title", "status", "code", "detail")
_ENVELOPE = ("ok", "code", "reason", "task", "event", "next", "position")
_FORBIDDEN = (errno.EPERM, errno.EACCES)
_SANDBOX = (
    "use the tools of `ainarres mcp`, which harnesses start outside the sandbox, or let the sandbox reach the network "
    "(codex: -c sandbox_workspace_write.network_access=true)"
)


class Incomplete(str):
    """An answer of which a part could not be read; it says which."""

    __slots__ = ()


def chosen(given: Settings) -> bool:
    """Tell whether the settings lead to a server; ``--url`` and ``--home`` lead around it."""
    direct = {given.origin.get("url"), given.origin.get("home")} & {"--url", "--home"}
    return given.server is not None and not direct


def say(given: Settings, verb: str, fields: Mapping[str, Any], key: UUID) -> dict[str, Any]:
    """Say a verb and return its envelope.

    Raises ``InvalidInput`` for a field that is no good, ``LedgerUnavailable`` when the server or its database does not
    answer, ``Fault`` when something broke.
    """
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(key)}
    seconds = ANSWER_SECONDS + (LONGEST_WAIT if fields.get("wait") else 0)
    path = f"/v1/verbs/{verb.replace(' ', '-')}"
    request = ("POST", path, json.dumps(fields).encode())
    status, body, _ = _ask(given, request, headers, seconds=seconds, again=f"repeat it with --key {key}")
    found = _document(str(given.server), status, body)
    if found.get("code") == "invalid" and "problem" in found:
        raise InvalidInput(found["field"], found["problem"], found["cure"])
    if found.get("code") == "unavailable":
        raise LedgerUnavailable(f"{found['reason']} (--key {key})")
    if found.get("code") == "fault":
        raise Fault(str(found["reason"]))
    return found


def text(given: Settings, path: str, fields: Mapping[str, Any], form: str = "json") -> str | Refusal:
    """Ask the read at ``path`` below ``/v1/``, whose words in braces are fields; return its answer as it is printed.

    Raises as ``say`` does.
    """
    left = dict(fields)
    words = [quote(str(left.pop(word[1:-1])), safe="") if word[:1] == "{" else word for word in path.split("/")]
    query = "&".join(f"{name}={quote(_written(value), safe='')}" for name, value in left.items())
    where = "/v1/" + "/".join(words) + (f"?{query}" if query else "")
    media = "application/json" if form == "json" else "text/plain"
    status, body, whole = _ask(
        given, ("GET", where, None), {"Accept": media}, seconds=ANSWER_SECONDS, again="try again"
    )
    if status == _OK:
        found = body.decode("utf-8").removesuffix("\n")
        return found if whole else Incomplete(found)
    document = _document(str(given.server), status, body)
    details = {name: value for name, value in document.items() if name not in _ENVELOPE}
    return Refusal(document["code"], str(document["reason"]), details)


def _written(value: Any) -> str:
    return ",".join(value) if isinstance(value, (list, tuple)) else str(value)


def _ask(
    given: Settings, request: tuple[str, str, bytes | None], headers: dict[str, str], *, seconds: float, again: str
) -> tuple[int, bytes, bool]:
    """Send method, path and body, and return the status, the body, and whether the answer is whole."""
    import http.client  # noqa: PLC0415 - a verb straight to the database needs none of it

    method, path, body = request
    assert given.server is not None
    if given.token is None:
        raise InvalidInput("AINARRES_TOKEN", "is not set", "a server hears nobody without one; ask an operator for it")
    place = urlsplit(given.server)
    if place.scheme not in ("http", "https") or not place.hostname:
        origin = given.origin.get("server", "server")
        raise InvalidInput(origin, f"{given.server!r} is no address", "for example http://127.0.0.1:8700")
    kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
    wire = kind(place.hostname, place.port, timeout=seconds)
    try:
        wire.connect()
    except OSError as error:
        raise _unreachable(given.server, error) from None
    try:
        sent = {**headers, "Authorization": f"Bearer {given.token.strip()}"}
        wire.request(method, place.path.rstrip("/") + path, body, sent)
        answer = wire.getresponse()
        return answer.status, answer.read(), answer.headers.get("Ainarres-Incomplete") is None
    except (OSError, http.client.HTTPException) as error:
        said = str(error) or type(error).__name__
        raise LedgerUnavailable(f"{given.server} broke off ({said}); whether it was done is unknown: {again}") from None
    finally:
        wire.close()


def _document(server: str, status: int, body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Fault(f"{server} answered {status} with something else than JSON; is it an `ainarres serve`?")
    if "detail" in found and "title" in found:  # a problem document
        return _problem(found)
    return found


def _problem(found: dict[str, Any]) -> dict[str, Any]:
    code, said = found.get("code"), str(found["detail"])
    if code == "unavailable":
        raise LedgerUnavailable(said)
    if code in (None, "fault"):
        raise Fault(said)
    if code == "invalid" and "problem" in found:
        raise InvalidInput(found["field"], found["problem"], found["cure"])
    details = {name: value for name, value in found.items() if name not in _PROBLEM}
    keys: dict[str, Any] = {"task": None, "event": None, "next": [], "position": None}
    return {"ok": False, "code": code, "reason": said, **keys, **details}


def _unreachable(server: str, error: OSError) -> Exception:
    said = error.strerror or str(error)
    if error.errno in _FORBIDDEN or os.environ.get("CODEX_SANDBOX_NETWORK_DISABLED") == "1":
        return Fault(f"the sandbox lets nothing reach {server} ({said}): {_SANDBOX}")
    return LedgerUnavailable(f"no answer from {server}: {said}; start it (`ainarres serve`) or correct AINARRES_SERVER")
