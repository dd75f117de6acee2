"""An agent of the soak: a process that works as agents do, and now and then as they should not.

It claims, reports, advances, rejects, releases and creates; it also repeats what was answered, uses a key twice, speaks
with the fence of an earlier hold, sleeps past its lease and asks twice at once. Every command is written down before it
is sent and every answer before it is used; an unclear outcome is repeated under the same key, by itself or, when it
was killed, by its successor.
"""

from __future__ import annotations

import random
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ainarres.cli import remote
from ainarres.database.connect import connect
from ainarres.database.settings import Settings
from ainarres.faults import LedgerUnavailable
from ainarres.swarm.halt import Halt
from ainarres.swarm.line import Line
from ainarres.verbs import asked
from ainarres.verbs.session import Session
from bench.soak.diary import Diary, unanswered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LANE, LEASE = "web/dev", 3.0
PATIENCE = 120.0
"""Seconds that an agent goes on repeating one command."""
PAUSE = 0.1
"""Seconds between two attempts to reach a server."""
REDIAL = 0.1
AHEAD = 40
"""Open tasks that an agent thinks enough."""
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Post:
    """Where an agent stands: its token, the ways to the ledger, its diary, its luck, its pace."""

    token: str
    url: str | None
    """The database, or a proxy before it."""
    servers: tuple[str, ...]
    """Addresses of ``ainarres serve``, where there is no url."""
    diary: str
    seed: str
    per_second: float


class Straight:
    """Speaks to the database itself."""

    def __init__(self, post: Post, halt: Halt) -> None:
        assert post.url is not None
        url = post.url

        @contextmanager
        def dial() -> Iterator[Session]:
            with connect(url) as connection:
                yield Session(connection, post.token)

        self._line = Line(dial, halt, PATIENCE, redial=REDIAL)

    def say(self, verb: str, fields: Mapping[str, Any], key: UUID) -> Document:
        """Say a verb until it is answered."""
        return self._line.say(asked.read(asked.VERBS[verb], fields), key).to_json()


class Served:
    """Speaks to one of several servers, to the next when one does not answer."""

    def __init__(self, post: Post, halt: Halt) -> None:
        self._doors = [Settings(home=Path("/"), server=one, token=post.token) for one in post.servers]
        self._at, self._halt = random.Random(post.seed).randrange(len(self._doors)), halt  # noqa: S311 - luck

    def say(self, verb: str, fields: Mapping[str, Any], key: UUID) -> Document:
        """Say a verb until it is answered."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return remote.say(self._doors[self._at], verb, fields, key)
            except LedgerUnavailable:
                self._at = (self._at + 1) % len(self._doors)
                if time.monotonic() > until or self._halt.wait(PAUSE):
                    raise


class Agent:
    """One agent at work."""

    def __init__(self, post: Post, halt: Halt) -> None:
        self._post, self._halt = post, halt
        self._dice = random.Random(post.seed)  # noqa: S311 - luck, not a secret
        self._diary = Diary(Path(post.diary))
        self._door = self._open()
        self._last: tuple[str, dict[str, Any], UUID] | None = None
        self._recent: list[str] = []
        self._said, self._begun = 0, time.monotonic()

    def _open(self) -> Straight | Served:
        return Straight(self._post, self._halt) if self._post.url else Served(self._post, self._halt)

    def work(self) -> None:
        """Work until told to end."""
        before = unanswered(Path(self._post.diary))
        if before is not None:
            self._again(before["verb"], before["fields"], UUID(before["ask"]))
        with suppress(LedgerUnavailable):  # told to end while nobody answered
            while self._halt.reason is None:
                self._turn()

    def _turn(self) -> None:
        if self._chance(0.03):
            self._ask_twice_at_once()
        if self._chance(0.04):
            self._create()
        taken = self._say("next" if self._chance(0.25) else "claim", {"lane": LANE} if self._chance(0.5) else {})
        while taken["task"] is not None and taken["code"] in ("ok", "already_holding") and self._halt.reason is None:
            taken = self._treat(taken["task"])
        if taken["code"] == "empty":
            for _ in range(3):
                self._create()

    def _treat(self, task: Document) -> Document:
        """Work on a task until it is let go of; returns the answer to the verb that did."""
        held = {"task": task["id"], "fence": task["fence"]}
        if self._chance(0.01):  # be late: by a moment, in which perhaps nobody has said so yet
            self._halt.wait(LEASE + self._dice.uniform(-0.02, 0.05))
            return self._let_go(task, held)
        if self._chance(0.12):
            self._say("progress", {**held, "note": "half way"})
        if self._chance(0.1):
            if self._chance(0.15):  # with more than half the lease left a heartbeat says nothing
                self._halt.wait(LEASE * 0.6)
            self._say("heartbeat", held)
        if self._chance(0.04):
            self._say("note", {"task": task["id"], "text": "seen"})
        if self._chance(0.03):
            held = self._succeed_itself(held)
        return self._let_go(task, held)

    def _let_go(self, task: Document, held: Document) -> Document:
        """Finish a piece of work in one of the ways there are."""
        luck = self._dice.random()
        if luck < 0.2:  # noqa: PLR2004 - some of each
            answer = self._say("done", {**held, "claim_next": True})
            if answer["code"] == "ok":
                return answer
        elif luck < 0.3 and task["stage"] == "reviewing":  # noqa: PLR2004 - as above
            answer = self._say("reject", {**held, "reason": "not yet"})
        elif luck < 0.36:  # noqa: PLR2004 - as above
            answer = self._say("release", {**held, "reason": "another may try", "cause": "infra"})
        else:
            answer = self._say("advance", held)
        if answer["code"] == "ok" and self._chance(0.06) and self._last is not None:
            self._again(*self._last)
        if self._chance(0.01) and self._last is not None:
            verb, fields, key = self._last
            if verb in ("advance", "release"):
                self._once(verb, {**fields, "note" if verb == "advance" else "reason": "something else"}, key)
        self._recent = [*self._recent[-5:], task["id"]]
        return {**answer, "task": None}

    def _succeed_itself(self, held: Document) -> Document:
        """Let a task go and take it again; then let the earlier self, who knows the old fence, speak."""
        self._say("release", {**held, "reason": "a moment", "cause": "infra"})
        again = self._say("claim", {"task": held["task"]})
        if again["code"] != "ok" or again["task"] is None:
            return held
        self._say("advance", held)
        return {"task": again["task"]["id"], "fence": again["task"]["fence"]}

    def _ask_twice_at_once(self) -> None:
        """Two claims under two keys, or one creation twice under one, over two connections."""
        other = self._open()
        keys, verb = [self._key(), self._key()], "claim"
        fields: Document = {}
        if self._chance(0.5):
            keys[1] = keys[0]
            verb, fields = "create", {"lane": LANE, "title": f"task {keys[0]}"}

        def ask(door: Straight | Served, key: UUID) -> None:
            with suppress(LedgerUnavailable):
                self._diary.answered(str(key), door.say(verb, fields, key))

        for key in keys:
            self._diary.asked(str(key), verb, fields)
        twins = [Thread(target=ask, args=(door, key)) for door, key in zip((self._door, other), keys, strict=True)]
        for twin in twins:
            twin.start()
        for twin in twins:
            twin.join()

    def _create(self) -> None:
        fields: Document = {"lane": LANE, "title": "", "priority": self._dice.randint(1, 5)}
        if self._recent and self._chance(0.3):
            fields["depends_on"] = [self._dice.choice(self._recent)]
        self._say("create", fields)

    def _say(self, verb: str, fields: Mapping[str, Any]) -> Document:
        """Say a verb once, at the agent's pace."""
        self._said += 1
        early = self._begun + self._said / self._post.per_second - time.monotonic()
        if early > 0:
            self._halt.wait(early)
        key = self._key()
        said = {**fields, "title": f"task {key}"} if verb == "create" else dict(fields)
        answer = self._once(verb, said, key)
        if answer["ok"]:
            self._last = verb, said, key
        return answer

    def _again(self, verb: str, fields: Mapping[str, Any], key: UUID) -> None:
        with suppress(LedgerUnavailable):
            self._once(verb, fields, key)

    def _once(self, verb: str, fields: Mapping[str, Any], key: UUID) -> Document:
        self._diary.asked(str(key), verb, fields)
        try:
            answer = self._door.say(verb, fields, key)
        except LedgerUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, a verb must not end so
            self._diary.write({"broke": f"{type(error).__name__}: {error}"[:500], "verb": verb, "key": str(key)})
            self._door = self._open()
            return {"ok": False, "code": "broke", "task": None}
        self._diary.answered(str(key), answer)
        return answer

    def _key(self) -> UUID:
        return UUID(int=self._dice.getrandbits(128), version=4)

    def _chance(self, share: float) -> bool:
        return self._dice.random() < share


def live(post: dict[str, Any]) -> None:
    """Be an agent until a signal ends it."""
    with Halt() as halt:
        halt.on_signals()
        Agent(Post(**post), halt).work()
