"""A proxy before PostgreSQL that understands enough of the protocol to cut a connection at a chosen point.

It listens on loopback and passes everything on to the server's socket. Armed with a point, it lets the next connection
that gets there have it: what was to pass is dropped (or held up), both ends are closed, and the event is reported.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

POINTS = (
    "after_begin",
    "before_append",
    "inside_append",
    "before_commit",
    "half_commit",
    "after_commit",
    "stall",
    "deaf",
)
"""after_begin: the verb's first answer is lost, its locks taken. before_append: the append is not sent. inside_append:
it is, and its answer lost. before_commit: COMMIT is not sent. half_commit: half of its message is. after_commit: its
answer is lost. stall: COMMIT comes late. deaf: nothing comes from the server any more after COMMIT, then the line ends.
"""
OPENS, WRITES = re.compile(rb"\bverb\.begin\("), re.compile(rb"\b(verb\.write|ledger\.append)\(")
COMMITS = re.compile(rb"^COMMIT\b", re.MULTILINE)
STALL, DEAF = 1.5, 2.0
"""Seconds."""
HEAD = 5
"""Bytes of a message's type and length."""


def run(orders: Connection, socket_path: str) -> None:
    """Serve until ``orders`` closes; the first report is the port, each later one a point that was met."""
    asyncio.run(_Proxy(orders, socket_path).serve())


class _Proxy:
    def __init__(self, orders: Connection, socket_path: str) -> None:
        self._orders, self._socket = orders, socket_path
        self._armed: list[str] = []

    async def serve(self) -> None:
        server = await asyncio.start_server(self._client, "127.0.0.1", 0)
        ended = asyncio.Event()

        def told() -> None:
            try:
                self._armed.append(self._orders.recv())
            except (EOFError, OSError):
                ended.set()

        asyncio.get_running_loop().add_reader(self._orders.fileno(), told)
        self._orders.send(server.sockets[0].getsockname()[1])
        await ended.wait()

    def meet(self, *points: str) -> str | None:
        """Return the armed point that is met here, which disarms it."""
        for point in points:
            if point in self._armed:
                self._armed.remove(point)
                with contextlib.suppress(OSError):
                    self._orders.send(point)
                return point
        return None

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream = await asyncio.open_unix_connection(self._socket)
        except OSError:
            writer.close()
            return
        line = _Line(self, (reader, writer), upstream)
        ways = [asyncio.ensure_future(line.forth()), asyncio.ensure_future(line.back())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for end in (writer, upstream[1]):
                end.close()


class _Line:
    """One connection through the proxy."""

    def __init__(self, proxy: _Proxy, client: tuple[Any, Any], server: tuple[Any, Any]) -> None:
        self._proxy = proxy
        self._from_client, self._to_client = client
        self._from_server, self._to_server = server
        self._statements: dict[bytes, bytes] = {}
        """Prepared statements of the client by name."""
        self._cut_answer = False
        self._deaf = False

    async def forth(self) -> None:
        """Pass on what the client says."""
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            size = await self._from_client.readexactly(4)
            self._to_server.write(size + await self._from_client.readexactly(struct.unpack("!I", size)[0] - 4))
            while True:
                head = await self._from_client.readexactly(HEAD)
                body = await self._from_client.readexactly(struct.unpack("!I", head[1:])[0] - 4)
                said = self._executes(head[:1], body)
                if said is not None and await self._cut_forth(said, head + body):
                    return
                self._to_server.write(head + body)
                await self._to_server.drain()

    def _executes(self, kind: bytes, body: bytes) -> bytes | None:
        """Return the text of a statement that this message executes."""
        if kind == b"P":
            name, text = body.split(b"\0", 2)[:2]
            self._statements[name] = text
        elif kind == b"B":
            return self._statements.get(body.split(b"\0", 2)[1])
        elif kind == b"Q":
            return body.rstrip(b"\0")
        return None

    async def _cut_forth(self, text: bytes, message: bytes) -> bool:
        """Tell whether the connection ends here."""
        if OPENS.search(text):
            self._cut_answer = self._proxy.meet("after_begin") is not None
        if WRITES.search(text):
            self._cut_answer = self._proxy.meet("inside_append") is not None
            if self._proxy.meet("before_append"):
                return True
        if COMMITS.search(text):
            point = self._proxy.meet("before_commit", "half_commit", "stall", "deaf")
            if point == "half_commit":
                self._to_server.write(message[: len(message) // 2])
                await self._to_server.drain()
            if point == "stall":
                await asyncio.sleep(STALL)
            self._deaf = point == "deaf"
            return point in ("before_commit", "half_commit")
        return False

    async def back(self) -> None:
        """Pass on what the server says."""
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                head = await self._from_server.readexactly(HEAD)
                body = await self._from_server.readexactly(struct.unpack("!I", head[1:])[0] - 4)
                if self._deaf:
                    await asyncio.sleep(DEAF)
                    return
                if head[:1] == b"C":
                    begun, committed = body == b"BEGIN\0", body == b"COMMIT\0"
                    if (self._cut_answer and not begun and not committed) or (
                        committed and self._proxy.meet("after_commit")
                    ):
                        return
                self._to_client.write(head + body)
                await self._to_client.drain()
