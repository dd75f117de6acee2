"""What the OpenAPI document says of verbs and reads: bodies from the command models, one envelope, one problem."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ainarres.verbs.envelope import CODES

if TYPE_CHECKING:
    from fastapi import FastAPI
    from pydantic import BaseModel

_REF = "#/components/schemas/{model}"
_JSON = {"type": "object", "additionalProperties": True}
_HEADERS = [
    {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "A UUID; a repeat with the same one appends nothing and answers the same",
        "schema": {"type": "string", "format": "uuid"},
    },
]
_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The task's ETag: refuse unless it still stands at this version",
    "schema": {"type": "string", "pattern": '^"[0-9]{1,15}"$'},
}
SCHEMAS: dict[str, Any] = {
    "Envelope": {
        "type": "object",
        "description": "A verb's reply; further keys where they help",
        "required": ["ok", "code", "reason", "task", "event", "next", "position"],
        "properties": {
            "ok": {"type": "boolean"},
            "code": {"type": "string", "enum": list(CODES)},
            "reason": {"type": ["string", "null"], "description": "What is missing, and the cure"},
            "task": {"type": ["object", "null"]},
            "event": {"type": ["object", "null"]},
            "next": {"type": "array", "items": {"type": "string"}, "description": "Verbs that lead on from here"},
            "position": {"type": ["integer", "null"], "description": "The ledger's position after the verb's events"},
            "retry_after": {"type": "number", "description": "Seconds after which asking again makes sense"},
        },
    },
    "Problem": {
        "type": "object",
        "description": "An error outside a verb (RFC 9457)",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "code": {"type": "string"},
            "detail": {"type": "string"},
        },
    },
}
_WORDS = {
    400: "Not a request this server can read",
    401: "No token, or none that is good",
    403: "The token may not do this",
    404: "No such thing",
    408: "The body came too slowly",
    409: "The state of the task or of its lane forbids it",
    412: "The task is not at the version of If-Match",
    413: "The body is too large",
    415: "The body is not JSON",
    421: "Not a name of this server",
    422: "Bad input, an illegal move, or an unmet guard",
    429: "Too many calls with this token",
    500: "A fault",
    503: "The database does not answer, or the server is busy",
}
_OF_A_VERB = (401, 403, 404, 409, 412, 422, 429, 500, 503)
_OF_ANYTHING = (400, 403, 408, 413, 415, 421)
_OF_A_READ = (400, 401, 403, 404, 421, 422, 429, 500, 503)


def of_verb() -> dict[int | str, dict[str, Any]]:
    """Return what a verb may answer."""
    found: dict[int | str, dict[str, Any]] = {200: _answer("Done, or nothing to do", "Envelope")}
    return found | {status: _answer(_WORDS[status], "Envelope") for status in sorted({*_OF_A_VERB, *_OF_ANYTHING})}


def of_read(media: str = "application/json") -> dict[int | str, dict[str, Any]]:
    """Return what a read may answer; ``media`` is of its good answer."""
    schema: Any = _JSON if media == "application/json" else {"type": "string"}
    good = {"description": "What was asked for", "content": {media: {"schema": schema}}}
    bad: dict[int | str, dict[str, Any]] = {
        status: {"description": _WORDS[status], "content": _content("Problem")} for status in _OF_A_READ
    }
    return {200: good, **bad}


def of_question(model: type[BaseModel], *, tagged: bool) -> dict[int | str, dict[str, Any]]:
    """Return what the read of a question may answer; ``tagged`` where it may be unchanged."""
    forms = [
        "application/json",
        "text/plain",
        *(["text/markdown", "text/html"] if "format" in model.model_fields else []),
    ]
    found = of_read()
    found[200] = {
        "description": "What was asked for; text where the request accepts `text/plain` first",
        "content": {media: {"schema": _JSON if media == "application/json" else {"type": "string"}} for media in forms},
    }
    return {**found, 304: {"description": "Still at the version of If-None-Match"}} if tagged else found


def parameters(model: type[BaseModel], path: str) -> list[dict[str, Any]]:
    """Return a question's fields as parameters of a path or of its query string."""
    schema = model.model_json_schema()
    found = []
    for name, field in schema.get("properties", {}).items():
        words = field.pop("description", name)
        field.pop("metavar", None)
        kept = [one for one in field.pop("anyOf", ()) if one != {"type": "null"}]
        shape = {**field, **(kept[0] if kept else {})}
        if shape.get("default", "") is None:
            del shape["default"]
        inside = f"{{{name}}}" in path
        found.append(
            {
                "name": name,
                "in": "path" if inside else "query",
                "required": inside or name in schema.get("required", ()),
                "description": words,
                "schema": {key: value for key, value in shape.items() if key not in ("title", "metavar")},
                **({"style": "form", "explode": False} if shape.get("type") == "array" else {}),
            }
        )
    return found


def of_readiness() -> dict[int | str, dict[str, Any]]:
    """Return what a server that cannot work answers."""
    return {503: _answer(_WORDS[503], "Problem")}


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return what FastAPI is told of a verb's request."""
    versioned = "expect_version" in model.model_fields
    schema = {"$ref": _REF.format(model=model.__name__)}
    required = any(field.is_required() for field in model.model_fields.values())
    return {
        "parameters": [*_HEADERS, *([_MATCH] if versioned else [])],
        "requestBody": {"required": required, "content": {"application/json": {"schema": schema}}},
    }


def complete(app: FastAPI, models: list[type[BaseModel]]) -> None:
    """Make ``app.openapi`` return the document with every schema in it."""
    made = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            found = made()
            parts = found.setdefault("components", {})
            schemas = parts.setdefault("schemas", {})
            schemas.update(SCHEMAS)
            for model in models:
                schema = model.model_json_schema(ref_template=_REF)
                schemas.update(schema.pop("$defs", {}))
                schemas[model.__name__] = schema
            parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            found["security"] = [{"token": []}]
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _answer(words: str, schema: str) -> dict[str, Any]:
    return {"description": words, "content": _content(schema)}


def _content(schema: str) -> dict[str, Any]:
    media = "application/problem+json" if schema == "Problem" else "application/json"
    return {media: {"schema": {"$ref": _REF.format(model=schema)}}}
