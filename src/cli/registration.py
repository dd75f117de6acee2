"""How each harness is told of the tools, as lines to type; nothing is written into anybody's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER = "http://127.0.0.1:8700"
"""Where ``ainarres serve`` listens unless it is told otherwise."""
_BEARER = '"Authorization: Bearer $AINARRES_TOKEN"'


def lines(server: str | None) -> Iterator[str]:
    """Yield a line for each harness; ``server`` is the address of `ainarres serve`, its default where null."""
    url = f"{(server or SERVER).rstrip('/')}/mcp"
    yield f"claude mcp add -s project -t http ainarres {url} -H 'Authorization: Bearer ${{AINARRES_TOKEN}}'"
    yield f"codex mcp add ainarres --url {url} --bearer-token-env-var AINARRES_TOKEN"
    yield f"gemini mcp add -s project -t http ainarres {url} -H {_BEARER}"
    yield f"qwen mcp add -s project -t http ainarres {url} -H {_BEARER}"
    yield f"grok mcp add -s project -t http ainarres {url} --header {_BEARER}"
    yield f"copilot mcp add --transport http ainarres {url} --header {_BEARER}"
    yield f"opencode mcp add ainarres --url {url} --header {_BEARER.replace(': ', '=', 1)}"


def hooks() -> Iterator[str]:
    """Yield what goes into .claude/settings.json under ``hooks``, for harnesses that speak Claude Code's dialect."""
    for name, event in (("SessionStart", "start"), ("Stop", "stop"), ("PreCompact", "compaction")):
        yield f'"{name}": [{{"hooks": [{{"type": "command", "command": "ainarres hook {event}"}}]}}]'
