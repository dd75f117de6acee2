"""The OpenAPI document, and a client that makes up requests from it: no fault, no answer that the document denies.

``AINARRES_FUZZ_REQUESTS`` is how many requests are made in all, shared by the operations; a few hundred by default,
20,000 by ``make api``.
"""

from __future__ import annotations

import os
import random
import socket
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any, cast

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.api.served import Served

from ainarres.verbs import asked

if TYPE_CHECKING:
    from tests.scene import Scene

REQUESTS = int(os.environ.get("AINARRES_FUZZ_REQUESTS", "400"))
CHECKS = [not_a_server_error, response_schema_conformance, status_code_conformance, content_type_conformance]


def document(served: Served) -> dict[str, Any]:
    return served.client().get("/openapi.json").document


def test_it_names_every_verb(served: Served) -> None:
    found = document(served)
    assert found["openapi"].startswith("3.1")
    verbs = {path.removeprefix("/v1/verbs/") for path in found["paths"] if path.startswith("/v1/verbs/")}
    assert verbs == set(asked.VERBS)
    assert found["components"]["schemas"]["Create"]["properties"]["priority"]["maximum"] == 5


def test_made_up_requests_meet_no_fault(scene: Scene) -> None:
    served = Served(scene.url, "--rate", "100000")
    asked: Counter[int] = Counter()
    try:
        token = scene.token(None, "fuzz", scope="operator")
        schema = schemathesis.openapi.from_dict(document(served))
        schema.config.update(base_url=served.base)
        operations = [cast("Any", found).ok() for found in schema.get_all_operations()]
        left_out = ("/v1/feed", "/v1/verbs/token-revoke", "/v1/verbs/next", "/v1/verbs/claim")
        # one has no end, one would end the token, two may be told to wait
        operations = [one for one in operations if one.path not in left_out]
        turn = 0
        while sum(asked.values()) < REQUESTS:  # an operation without parameters has but one request to make
            for operation in operations:
                run(operation, token, -(-REQUESTS // len(operations)), turn, asked)
            turn += 1
    finally:
        served.stop()
    assert sum(asked.values()) >= REQUESTS
    assert not [status for status in asked if status >= 500]
    assert asked[200] > REQUESTS / 20, "hardly anything was understood"
    sys.stdout.write(f"{sum(asked.values())} requests, by status: {dict(sorted(asked.items()))}\n")


def run(operation: Any, token: str, examples: int, turn: int, asked: Counter[int]) -> None:
    @hypothesis.seed(turn)
    @hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        answer = case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=CHECKS)
        asked[answer.status_code] += 1

    ask()


HOSTILE = [
    "'; DROP TABLE ledger.event; --",
    "<script>alert(1)</script>",
    "\u202egnp.exe",
    "{{7*7}}",
    "%s %(x)s",
    "😀" * 50,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_comes_back_as_it_was(scene: Scene, served: Served, text: str) -> None:
    boss = served.client(scene.token(None, "boss", scope="operator"))
    task = boss.ok("create", lane="web/dev", title=text, payload={text: [text]})["task"]
    assert (task["title"], task["payload"]) == (text, {text: [text]})
    boss.ok("note", task=task["id"], text=text)
    assert boss.get(f"/v1/tasks/{task['id']}").document["title"] == text
    for odd in (text + "\0", "\ud800"):
        reply = boss.say("create", lane="web/dev", title=odd)
        assert (reply.status, reply.document["code"]) == (422, "invalid")
        nested = boss.say("create", lane="web/dev", title="x", payload={"a": {"b": odd}})
        assert nested.status == 422
    odd_name = b'{"lane": "web/dev", "title": "x", "\\ud800": 1}'
    assert boss.ask("POST", "/v1/verbs/create", odd_name).status == 422
    assert boss.get("/v1/tasks/%00%FF").status == 404
    assert boss.get("/v1/board?lane=%00%ED%A0%80").status == 404


def test_raw_bytes_at_the_port_meet_no_fault(served: Served) -> None:
    dice = random.Random(7)
    openings = [b"", b"GET ", b"POST /v1/verbs/claim HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\n"]
    for number in range(200):
        raw = openings[number % len(openings)] + dice.randbytes(dice.randrange(1, 400)) + b"\r\n\r\n"
        with socket.create_connection(("127.0.0.1", served.port), timeout=10) as wire:
            wire.sendall(raw)
            wire.shutdown(socket.SHUT_WR)
            answer = b""
            while more := _received(wire):
                answer += more
        assert not answer.startswith(b"HTTP/1.1 5"), raw
    assert served.client().get("/healthz").status == 200


def _received(wire: socket.socket) -> bytes:
    try:
        return wire.recv(65_536)
    except ConnectionResetError:
        return b""
