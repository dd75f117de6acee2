"""What the server counts of itself, for Prometheus. Labels are names of ours, never what a caller wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from collections.abc import Callable

MEDIA = "text/plain; version=0.0.4; charset=utf-8"


class Figures:
    """Counters of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._verbs = Counter("ainarres_verbs", "Verbs by code", ["verb", "code"], registry=self._registry)
        self._seconds = Histogram(
            "ainarres_verb_seconds", "Seconds a verb took, waiting for work aside", ["verb"], registry=self._registry
        )
        self._requests = Counter(
            "ainarres_requests", "Requests by method and status", ["method", "status"], registry=self._registry
        )

    def watch(self, name: str, words: str, read: Callable[[], float]) -> None:
        """Show a gauge that is read whenever somebody asks."""
        Gauge(f"ainarres_{name}", words, registry=self._registry).set_function(read)

    def verb(self, verb: str, code: str, seconds: float) -> None:
        """Count one verb."""
        self._verbs.labels(verb, code).inc()
        self._seconds.labels(verb).observe(seconds)

    def request(self, method: str, status: int) -> None:
        """Count one request."""
        known = method if method in ("GET", "HEAD", "POST") else "other"
        self._requests.labels(known, str(status)).inc()

    def text(self) -> bytes:
        """Return the exposition."""
        return generate_latest(self._registry)
