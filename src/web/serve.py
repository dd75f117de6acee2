"""Run the server: one process, one socket, and an end that finishes what was begun."""

from __future__ import annotations

import logging
import resource
import socket
from typing import TYPE_CHECKING

import uvicorn

from ainarres.faults import InvalidInput
from ainarres.web import application
from ainarres.web.service import Service

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from ainarres.web.service import Limits

GRACE = 20
"""Seconds that requests in flight have to finish."""


class _Server(uvicorn.Server):
    """Tells those who wait for work that the server is ending; otherwise it would wait for them."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._service.stop_soon()
        super().handle_exit(sig, frame)


def serve(url: str, host: str, port: int, limits: Limits, tell: Callable[[str], None]) -> None:
    """Serve until a signal ends it. ``tell`` is called with the base URL once requests are taken.

    Raises as ``connect`` does, and ``InvalidInput`` for an address that cannot be listened on.
    """
    listening = _listen(host, port)
    with listening:
        logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        service = Service.open(url, limits)
        _take_files()
        config = uvicorn.Config(
            application.build(service),
            log_level="warning",
            access_log=False,  # a log of paths helps nobody, and a proxy keeps one anyway
            server_header=False,
            lifespan="on",
            timeout_graceful_shutdown=GRACE,
            timeout_keep_alive=30,
            backlog=2048,
        )
        name = listening.getsockname()
        shown = f"[{name[0]}]" if ":" in name[0] else name[0]
        tell(f"http://{shown}:{name[1]}")
        _Server(config, service).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(2048)
    except OSError as error:
        cure = "choose another with --host and --port"
        raise InvalidInput("--port", f"cannot listen on {host}:{port}: {error.strerror or error}", cure) from None
    return listening


def _take_files() -> None:
    """Allow as many open sockets as the system lets us: each waiting claim is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
