"""The real server in a subprocess, and a client that speaks to it over a socket."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PROGRAM = Path(sys.executable).with_name("ainarres")


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


class Served:
    """``ainarres serve`` on a database; ``port`` 0 takes a free one."""

    def __init__(self, url: str, *argv: str, port: int = 0) -> None:
        self._clients: list[Client] = []
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115 - open as long as the server
        self._process = subprocess.Popen(
            [str(PROGRAM), "serve", "--url", url, "--port", str(port), *argv],
            stdout=subprocess.PIPE,
            stderr=self._said,  # not a pipe, which would fill up and stop it
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith("serving on "):
            self._process.communicate()
            raise AssertionError(self._stderr())
        self.base = line.removeprefix("serving on ").strip()
        self.port = urlsplit(self.base).port or 0

    def kill(self) -> None:
        """End it as a power cut would."""
        for client in self._clients:
            client.close()
        self._process.kill()
        self._process.communicate()
        self._stderr()

    def stop_soon(self) -> None:
        """Tell it to end."""
        self._process.send_signal(signal.SIGTERM)

    def stop(self) -> str:
        """End it in peace; returns what it said on stderr, of which nothing may be a traceback."""
        for client in self._clients:
            client.close()
        if self._process.poll() is None:
            self.stop_soon()
        self._process.communicate(timeout=30)
        said = self._stderr()
        assert "Traceback" not in said, said
        return said

    def _stderr(self) -> str:
        with self._said:
            self._said.seek(0)
            return self._said.read()

    def client(self, token: str | None = None, timeout: float = 30) -> Client:
        """Return a client that keeps one connection."""
        self._clients.append(Client(self.port, token, timeout))
        return self._clients[-1]


class Client:
    """One connection, one token."""

    def __init__(self, port: int, token: str | None, timeout: float) -> None:
        self._wire = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        self._token = token

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        """Send one request."""
        self.send(method, path, body, **headers)
        return self.answer()

    def answer(self) -> Reply:
        """Return what came back to a request that was sent."""
        answer = self._wire.getresponse()
        return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())

    def send(self, method: str, path: str, body: bytes | None = None, **headers: str) -> None:
        """Send a request, and do not wait for what comes back."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self._token is not None:
            sent.setdefault("Authorization", f"Bearer {self._token}")
        self._wire.request(method, path, body, sent)

    def get(self, path: str, **headers: str) -> Reply:
        """Read."""
        return self.ask("GET", path, None, **headers)

    def say(self, verb: str, key: str | None = None, **fields: Any) -> Reply:
        """Say a verb."""
        more = {"Idempotency-Key": key} if key else {}
        headers = {"Content-Type": "application/json", **more}
        return self.ask("POST", f"/v1/verbs/{verb}", json.dumps(fields).encode(), **headers)

    def ok(self, verb: str, **fields: Any) -> dict[str, Any]:
        """Say a verb and insist that it worked."""
        reply = self.say(verb, **fields)
        assert reply.status == 200, reply.body
        return reply.document

    def close(self) -> None:
        """Hang up."""
        self._wire.close()
