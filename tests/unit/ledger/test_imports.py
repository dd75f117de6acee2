"""A verb from the command line must not pay for a library that it does not use."""

from __future__ import annotations

import subprocess
import sys


def test_the_store_does_without_the_library() -> None:
    program = (
        "import sys; from ainarres.ledger import store, upcast, registry;"
        " print([name for name in sys.modules if name.split('.')[0] in ('eventsourcing', 'psycopg_pool')])"
    )
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"
