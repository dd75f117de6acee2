"""What a figure was measured on: the machine, how busy it was, the server and its settings."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

_SHOWN = ("fsync", "synchronous_commit", "full_page_writes", "wal_level", "wal_sync_method", "shared_buffers")


def describe() -> dict[str, Any]:
    """Return cores, processor, memory, kernel, Python, time, and the load of the last minute."""
    about = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    models = [line.partition(":")[2].strip() for line in about.splitlines() if line.startswith("model name")]
    return {
        "cores": os.cpu_count(),
        "processor": models[0] if models else platform.processor(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "psycopg": version("psycopg"),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "load": round(os.getloadavg()[0], 2),
    }


def settings(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    """Return the server's version and every setting that is not the default, with those that matter for durability."""
    rows = connection.execute(
        "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY (%s) OR source NOT IN ('default',"
        " 'client', 'override', 'session') AND name NOT LIKE ALL (%s) ORDER BY name",
        (list(_SHOWN), ["lc%", "log%", "%timezone%", "unix_socket%", "application_name", "config_file", "%encoding"]),
    ).fetchall()
    server = connection.execute("SHOW server_version").fetchone()
    assert server is not None
    return {"version": server[0], **dict(rows)}
