"""The servers: HTTP for any agent that can make a web call, MCP for harnesses that start their tools."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ainarres.cli import access, remote
from ainarres.cli.people import Home, Url  # noqa: TC001 - typer reads them
from ainarres.faults import InvalidInput


def serve(
    *,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, metavar="N", help="Port; 0 takes a free one")] = 8700,
    allow_host: Annotated[
        str, typer.Option("--allow-host", metavar="NAME[,NAME…]", help="Names it answers to besides loopback's")
    ] = "",
    connections: Annotated[
        int, typer.Option("--connections", min=1, max=200, metavar="N", help="Connections to the database at most")
    ] = 8,
    rate: Annotated[
        int, typer.Option("--rate", min=1, metavar="N", help="Calls a second that one token may make")
    ] = 100,
    url: Url = None,
    home: Home = None,
) -> int:
    """Serve the verbs, the reads and the live feed over HTTP; agents need its address and a token, nothing else."""
    given = access.settings(url, home)
    _have("fastapi", "server")
    from ainarres.web.serve import serve as run  # noqa: PLC0415 - the table of commands needs no server
    from ainarres.web.service import Limits  # noqa: PLC0415 - as above

    names = tuple(one.strip() for one in allow_host.split(",") if one.strip())
    limits = Limits(connections=connections, per_second=rate, burst=3 * rate, hosts=names)
    run(access.address(given), host, port, limits, _tell)
    return 0


def mcp(url: Url = None, home: Home = None) -> int:
    """Offer the verbs of an agent as MCP tools on standard input and output; a harness starts this."""
    given = access.settings(url, home)
    _have("mcp", "mcp")
    if given.token is None:
        raise InvalidInput("AINARRES_TOKEN", "is not set", "the tools act for one agent; give the harness its token")
    from ainarres.cli.doors import Straight, Through  # noqa: PLC0415 - as above
    from ainarres.mcp.server import build  # noqa: PLC0415 - as above

    door = Through(given) if remote.chosen(given) else Straight(given)
    build(lambda _: door).run("stdio")
    return 0


def _tell(base: str) -> None:
    print(f"serving on {base}", flush=True)
    print("agents need two things: AINARRES_SERVER, this address, and AINARRES_TOKEN", file=sys.stderr, flush=True)


def _have(module: str, extra: str) -> None:
    from importlib.util import find_spec  # noqa: PLC0415 - as above

    if find_spec(module) is None:
        raise InvalidInput(module, "is not installed", f"install it: pip install 'ainarres[{extra}]'")
