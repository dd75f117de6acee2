"""A process whose clock is wrong: every reading of the time of day that Python offers is shifted.

What a child is to run is imported after that, so this module imports nothing else. The server's clock stays.
"""

from __future__ import annotations

import ctypes
import datetime as dt
import logging
import signal
import time
import warnings
from importlib import import_module
from typing import Any


def child(name: str, function: str, arguments: tuple[Any, ...], ahead: float) -> None:
    """Be a child process: run a function of a module, with a clock that is ``ahead`` (seconds)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # dies with whoever started it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger("psycopg").setLevel(logging.ERROR)  # it tells of each pipeline that ends with its connection
    warnings.filterwarnings("ignore", message="datetime.datetime size changed")  # as it has, where it is shifted
    shift(ahead)
    getattr(import_module(name), function)(*arguments)


def shift(seconds: float) -> None:
    """Set this process's clock ahead by ``seconds``; back, where they are negative."""
    if not seconds:
        return
    real, real_time, real_ns = dt.datetime, time.time, time.time_ns
    ahead = dt.timedelta(seconds=seconds)

    class Meta(type(real)):  # type: ignore[misc]
        def __instancecheck__(cls, one: object) -> bool:
            return isinstance(one, real)

        def __subclasscheck__(cls, one: type) -> bool:
            return issubclass(one, real)

    class Shifted(real, metaclass=Meta):  # type: ignore[valid-type, misc]
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return real.now(tz) + ahead

    dt.datetime = Shifted  # type: ignore[misc]
    time.time = lambda: real_time() + seconds
    time.time_ns = lambda: real_ns() + int(seconds * 1e9)
