"""Errors in the form that the path promises: a verb's are envelopes, all others problem documents (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from ainarres.verbs.envelope import Envelope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ainarres.domain.refusal import Refusal
    from ainarres.faults import InvalidInput

MEDIA = "application/problem+json"
VERBS = "/v1/verbs/"
"""Where paths of verbs begin."""


class Problem(Exception):
    """Ends a request with a problem document. ``detail`` names the cure; ``code`` is of the envelope's vocabulary."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        self.status, self.code, self.detail, self.headers = status, code, detail, dict(headers or {})
        self.more = dict(more or {})
        super().__init__(detail)

    @classmethod
    def of(cls, refusal: Refusal, status: int) -> Problem:
        """Return the problem that a refused read is."""
        headers = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}
        return cls(status, refusal.code, refusal.reason, headers, refusal.details)

    @classmethod
    def of_input(cls, error: InvalidInput) -> Problem:
        """Return the problem that a field of a read is, with its parts beside the sentence."""
        parts = {"field": error.field, "problem": error.problem, "cure": error.cure}
        return cls(HTTPStatus.UNPROCESSABLE_ENTITY, error.code, str(error), more=parts)

    def answer(self, path: str) -> JSONResponse:
        """Return what a request to ``path`` is told."""
        return self.envelope() if path.startswith(VERBS) else self.response()

    def envelope(self) -> JSONResponse:
        """Return the envelope of a verb that was never said."""
        more = dict(self.more)
        if (wait := self.headers.get("Retry-After")) is not None:
            more["retry_after"] = int(wait)
        body = Envelope(code=self.code, reason=self.detail, extra=more).to_json()
        return JSONResponse(body, self.status, headers=self.headers)

    def response(self) -> JSONResponse:
        """Return the document."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            **self.more,
        }
        return JSONResponse(body, self.status, headers=self.headers, media_type=MEDIA)
