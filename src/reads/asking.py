"""Who asks, what they may see, and what comes back.

An agent sees the lanes its features name and nothing of others: a task elsewhere looks like one that does not exist.
Scope ``monitor``, and whatever includes it, sees all.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ainarres.domain.refusal import Refusal
from ainarres.projections import declared, moments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from uuid import UUID

    import psycopg

    from ainarres.domain.context import Caller
    from ainarres.projections.moments import Moment
    from ainarres.verbs.identity import Credential


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question gave: a JSON document, the same for people, and further forms by name (``md``, ``html``)."""

    document: Any
    text: Callable[[], str]
    forms: Mapping[str, Callable[[], str]] = field(default_factory=dict)
    version: int | None = None
    """Of the task, where the answer is one."""
    whole: bool = True
    """False where a part could not be read and says so: the command fails, with the answer printed."""

    def written(self, form: str) -> str:
        """Return the answer as ``text``, ``json`` or one of its forms."""
        if form == "json":
            import json  # noqa: PLC0415 - text needs none of it

            from ainarres.verbs.envelope import plain_value  # noqa: PLC0415 - as above

            return json.dumps(self.document, ensure_ascii=False, default=plain_value)
        return self.text() if form == "text" else self.forms[form]()


class Refused(Exception):
    """Ends a question with a refusal; only the readers of this package raise and ``ask`` catches it."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Asker:
    """A connection and who asks through it."""

    connection: psycopg.Connection[Any]
    caller: Caller
    credential: Credential | None

    @property
    def lanes(self) -> frozenset[str] | None:
        """The lanes that the caller may see; null for all."""
        return self.caller.seen

    def lane(self, typed: str | None) -> str | None:
        """Resolve a lane; null is all lanes, for whoever sees them all. Raises ``Refused``."""
        seen = self.lanes
        if typed is None:
            if seen is None:
                return None
            if len(seen) == 1:
                return next(iter(seen))
            yours = f"name one of yours: {', '.join(sorted(seen))}" if seen else "you have none"
            raise Refused(Refusal("not_eligible", f"all lanes need scope monitor; {yours}", {"field": "lane"}))
        known = declared.lane(self.connection, storable(typed))
        if isinstance(known, str) and (seen is None or known in seen):
            return known
        if isinstance(known, Refusal) and seen is None:
            raise Refused(known)
        yours = ", ".join(sorted(seen or ())) or "none"
        raise Refused(Refusal("not_found", f"no such lane; yours are {yours}", {"field": "lane"}))

    def task(self, typed: str) -> UUID:
        """Resolve a task. Raises ``Refused``."""
        found, seen = declared.task(self.connection, storable(typed)), self.lanes
        if seen is not None:
            row = declared.one(self.connection, "task", task=found) if not isinstance(found, Refusal) else None
            if row is None or row["lane"] not in seen:
                reason = "no such task on your lanes; `ainarres task list` shows them"
                raise Refused(Refusal("not_found", reason, {"field": "task"}))
        if isinstance(found, Refusal):
            raise Refused(found)
        return found

    def epic(self, typed: str | None) -> str | None:
        """Resolve an epic by its brief. Raises ``Refused``."""
        return None if typed is None else str(self.task(typed))

    def moment(self, typed: str | None, name: str = "at") -> Moment | None:
        """Resolve a moment of the past; null is now. Raises ``InvalidInput``."""
        return None if typed is None else moments.resolve(self.connection, typed, name)

    @contextmanager
    def at(self, typed: str | None) -> Iterator[str]:
        """Show the past until the block ends; gives the line that says which, empty for the present."""
        moment = self.moment(typed)
        with moments.at(self.connection, moment):
            yield "" if moment is None else f"{moment}\n"


def storable(typed: str) -> str:
    """Return a word as the database can compare it."""
    return typed.replace("\0", "").encode("utf-8", "replace").decode()
