"""A connection cut around the commit: what was acknowledged stands, and a repeat settles what was not."""

from __future__ import annotations

import socket
from threading import Thread
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from psycopg import conninfo
from tests.integration.verbs.crowd import WAITING, count, events, until
from tests.scene import DESIGNER

from ainarres.database.connect import connect
from ainarres.domain import commands as c
from ainarres.faults import LedgerUnavailable
from ainarres.verbs.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.scene import Scene

COMMITTED = b"COMMIT\x00"
"""How the server says in its protocol that a transaction is durable."""


class Cutter:
    """Passes bytes between a client and the server, until it hears a commit: that reply never arrives."""

    def __init__(self, url: str) -> None:
        given = conninfo.conninfo_to_dict(url)
        host, port = str(given["host"]), str(given["port"])
        self._server = socket.socket(socket.AF_UNIX if host.startswith("/") else socket.AF_INET)
        self._server.connect(f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, int(port)))
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = conninfo.make_conninfo(url, host="127.0.0.1", port=self._door.getsockname()[1], sslmode="disable")
        self.armed = False
        self._accepting = Thread(target=self._serve)
        self._accepting.start()

    def _serve(self) -> None:
        client, _ = self._door.accept()
        back = Thread(target=self._pass_back, args=(client,))
        back.start()
        while sent := client.recv(65_536):
            self._server.sendall(sent)
        self._server.shutdown(socket.SHUT_RDWR)
        back.join()
        client.close()

    def _pass_back(self, client: socket.socket) -> None:
        while said := self._server.recv(65_536):
            if self.armed and COMMITTED in said:
                break
            client.sendall(said)
        client.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._accepting.join()
        self._server.close()
        self._door.close()


@pytest.fixture
def cutter(scene: Scene) -> Iterator[Cutter]:
    made = Cutter(scene.url)
    yield made
    made.close()


def test_a_reply_lost_after_the_commit_is_had_by_a_repeat(scene: Scene, cutter: Cutter) -> None:
    token, task, key = scene.token(DESIGNER), scene.task(), uuid4()
    with connect(cutter.url) as connection:
        session = Session(connection, token)
        scene.ok(session, c.Claim())
        cutter.armed = True
        with pytest.raises(LedgerUnavailable):
            session.execute(c.Advance(task=task), key)
        with pytest.raises(LedgerUnavailable):
            session.execute(c.Advance(task=task), key)
    assert len(events(scene.human.connection, "TaskAdvanced")) == 1
    again = scene.session(token).execute(c.Advance(task=task), key)
    assert (again.code, again.extra["replayed"]) == ("ok", True)
    assert again.task is not None
    assert again.task["stage"] == "implementing"
    assert len(events(scene.human.connection, "TaskAdvanced")) == 1


def test_a_backend_ended_before_the_commit_leaves_nothing_and_a_repeat_does_it(scene: Scene) -> None:
    agent, key, before = scene.session(scene.token(DESIGNER)), uuid4(), count(scene.human.connection)
    pid = agent.connection.info.backend_pid
    raised: list[BaseException] = []

    def create() -> None:
        try:
            agent.execute(c.Create(lane="dev", title="t"), key)
        except LedgerUnavailable as error:
            raised.append(error)

    with scene.owner() as owner, connect(scene.admin_url) as admin:
        owner.execute("BEGIN")
        owner.execute("LOCK TABLE projection.board IN EXCLUSIVE MODE")
        creating = Thread(target=create)
        creating.start()
        until(scene.human.connection, WAITING, 1)
        admin.execute("SELECT pg_terminate_backend(%s)", [pid])
        creating.join()
        owner.execute("ROLLBACK")
    assert len(raised) == 1
    assert count(scene.human.connection) == before
    assert agent.connection.closed
    token = scene.token(DESIGNER)
    first = scene.session(token).execute(c.Create(lane="dev", title="t"), key)
    assert (first.code, "replayed" in first.extra) == ("ok", False)


def test_a_backend_ended_after_the_commit_appended_once(scene: Scene) -> None:
    token, key = scene.token(DESIGNER), uuid4()
    agent = scene.session(token)
    scene.ok(agent, c.Create(lane="dev", title="t"), key)
    with connect(scene.admin_url) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", [agent.connection.info.backend_pid])
    with pytest.raises(LedgerUnavailable):
        agent.execute(c.Create(lane="dev", title="t"), key)
    assert scene.session(token).execute(c.Create(lane="dev", title="t"), key).extra["replayed"]
    assert len(events(scene.human.connection, "TaskCreated")) == 1


def test_a_client_that_stops_inside_a_verb_is_ended_by_the_server(scene: Scene) -> None:
    session, key = scene.session(), uuid4()
    command = c.Create(lane="dev", title="long to write down", payload={f"{n}": "x" * 100 for n in range(20_000)})
    session.connection.execute("SET idle_in_transaction_session_timeout = 1")
    with pytest.raises(LedgerUnavailable):
        session.execute(command, key)
    assert events(scene.human.connection, "TaskCreated") == []
    scene.ok(scene.session(), command, key)


def test_a_connection_that_a_broken_pipeline_left_stuck_is_hung_up(scene: Scene) -> None:
    token, key = scene.token(DESIGNER), uuid4()
    stuck = scene.session(token)
    stuck.connection.pgconn.enter_pipeline_mode()
    with pytest.raises(LedgerUnavailable):
        stuck.execute(c.Create(lane="dev", title="t"), key)
    assert stuck.connection.closed
    scene.ok(scene.session(token), c.Create(lane="dev", title="t"), key)
