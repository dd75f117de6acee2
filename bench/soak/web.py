"""A server of the soak: ``ainarres serve`` as its command runs it, in a process that can be killed."""

from __future__ import annotations

import sys
import time

from ainarres.faults import AinarresError
from ainarres.web.serve import serve
from ainarres.web.service import Limits

AGAIN = 0.1


def live(url: str, port: int, log: str) -> None:
    """Serve until a signal ends it; begin again while the database does not answer, as a service manager would."""
    sys.stderr = open(log, "a")  # noqa: SIM115, PTH123 - as long as the process
    while True:
        try:
            serve(url, "127.0.0.1", port, Limits(per_second=1000, burst=3000), lambda _: None)
        except AinarresError:
            time.sleep(AGAIN)
        else:
            return
