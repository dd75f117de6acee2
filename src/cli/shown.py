"""The one JSON document that a command prints under ``--json``."""

from __future__ import annotations

import json
from typing import Any


def show(document: Any) -> int:
    """Print it; returns exit status 0."""
    from ainarres.verbs.envelope import plain_value  # noqa: PLC0415 - text needs none of it

    print(json.dumps(document, ensure_ascii=False, default=plain_value))
    return 0
