"""Show the settings as this directory and this environment give them, and where each comes from."""

from __future__ import annotations

from typing import Annotated

import typer

from ainarres.cli import access
from ainarres.cli.people import Home, Json, Url  # noqa: TC001 - typer reads them
from ainarres.cli.shown import show as show_json

NAMES = ("home", "url", "server", "token", "project", "lane", "fence")


def show(
    origin: Annotated[bool, typer.Option("--origin", help="Say where each comes from")] = False,
    json: Json = False,
    url: Url = None,
    home: Home = None,
) -> int:
    """Show every setting; secrets are hidden."""
    from ainarres.database.connect import redact  # noqa: PLC0415 - the table of commands needs no driver

    given = access.settings(url, home)
    hidden = {"token": "ain_…" if given.token else None, "url": redact(given.url) if given.url else None}
    values = {name: hidden.get(name, getattr(given, name)) for name in NAMES}
    values["home"] = str(given.home)
    if json:
        return show_json({name: {"value": value, "origin": given.origin.get(name)} for name, value in values.items()})
    for name, value in values.items():
        source = f"  ({given.origin.get(name, 'nobody said')})" if origin else ""
        print(f"{name} = {value if value is not None else '—'}{source}")
    return 0
