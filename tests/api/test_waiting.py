"""Claims that wait, and the live feed: who waits holds no connection, and nobody misses anything."""

from __future__ import annotations

import http.client
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from tests.api.served import Served
from tests.scene import CHEAP, DESIGNER

from ainarres.domain import commands as c

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.served import Reply
    from tests.scene import Scene

MANY = 40


def waiting(served: Served) -> int:
    figures = served.client().get("/metrics").body.decode()
    return int(float(figures.partition("\nainarres_waiting_claims ")[2].partition("\n")[0]))


def until_waiting(served: Served, count: int) -> None:
    """Ask, until so many wait, how many do: the server says so itself."""
    until = time.monotonic() + 20
    while (found := waiting(served)) != count:
        assert time.monotonic() < until, f"{found} wait, not {count}"


def test_many_wait_one_wins(scene: Scene) -> None:
    served = Served(scene.url, "--connections", "2")
    try:
        clients = [served.client(scene.token(DESIGNER), timeout=90) for _ in range(MANY)]
        with ThreadPoolExecutor(MANY) as pool:
            ends = [pool.submit(client.say, "claim", lane="web/dev", wait="60s") for client in clients]
            until_waiting(served, MANY)
            began = time.monotonic()
            task = scene.task()
            while not any(end.done() for end in ends):
                assert time.monotonic() < began + 10
            assert served.client().get("/readyz").status == 200  # no connection is taken up by who waits
            until_waiting(served, MANY - 1)
            more = [scene.task() for _ in range(3)]
            until_waiting(served, MANY - 4)
            served.stop_soon()
            replies: list[Reply] = [end.result() for end in ends]
    finally:
        served.stop()
    won = [one.document["task"]["id"] for one in replies if one.document["code"] == "ok"]
    assert sorted(won) == sorted([task, *more])
    assert [one.document["code"] for one in replies].count("empty") == MANY - 4


def test_a_wait_ends_when_its_time_is_up(scene: Scene, served: Served) -> None:
    began = time.monotonic()
    reply = served.client(scene.token(CHEAP)).say("next", lane="web/dev", wait="1s")
    assert reply.document["code"] == "empty"
    assert 1 <= time.monotonic() - began < 10


def test_who_hangs_up_waits_no_more(scene: Scene, served: Served) -> None:
    leaver = served.client(scene.token(DESIGNER))
    body = json.dumps({"lane": "web/dev", "wait": "60s"}).encode()
    leaver.send("POST", "/v1/verbs/claim", body)
    until_waiting(served, 1)
    leaver.close()
    until_waiting(served, 0)
    task = scene.task()
    assert served.client(scene.token(DESIGNER)).ok("claim")["task"]["id"] == task


def test_a_lease_that_runs_out_reaches_who_waits(scene: Scene, served: Served) -> None:
    task = scene.task()
    scene.ok(scene.agent(DESIGNER), c.Claim(task=task))
    with ThreadPoolExecutor(1) as pool:
        end = pool.submit(served.client(scene.token(DESIGNER), timeout=90).say, "claim", wait="80s")
        until_waiting(served, 1)
        with scene.owner() as owner:
            owner.execute("SET ROLE ainarres_owner")
            owner.execute("UPDATE test_clock.setting SET ahead = ahead + '1 hour'")
        reply = end.result()
    assert reply.status == 200
    assert reply.document["task"]["id"] == task


class Listening:
    """A reader of the feed."""

    def __init__(self, served: Served, token: str, last: int | None = None) -> None:
        self._wire = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
        headers = {"Authorization": f"Bearer {token}"} | ({"Last-Event-ID": str(last)} if last is not None else {})
        self._wire.request("GET", "/v1/feed", headers=headers)
        self.answer = self._wire.getresponse()
        assert self.answer.status == 200

    def events(self) -> Iterator[dict[str, Any]]:
        event: dict[str, Any] = {}
        while line := self.answer.readline().decode():
            name, _, value = line.rstrip("\n").partition(": ")
            if name:
                event[name] = value
            elif "id" in event:
                assert json.loads(event["data"])["position"] == int(event["id"])
                yield event
                event = {}
            else:
                event = {}

    def take(self, count: int) -> list[int]:
        found = self.events()
        return [int(next(found)["id"]) for _ in range(count)]

    def close(self) -> None:
        self.answer.close()
        self._wire.close()


def test_the_feed_resumes_exactly(scene: Scene, served: Served) -> None:
    token = scene.token(None, "eyes", scope="monitor")
    for number in range(20):
        scene.task(f"task {number}")
    lines = served.client(token).get("/v1/events?after=0&limit=10000").body.decode().splitlines()
    every = [json.loads(line)["position"] for line in lines]
    first = Listening(served, token)
    seen = first.take(9)
    first.close()
    second = Listening(served, token, last=seen[-1])
    seen += second.take(len(every) - 9)
    assert seen == every
    poster = threading.Thread(target=lambda: [scene.task("live") for _ in range(3)])
    poster.start()
    assert len(second.take(3)) == 3
    poster.join()
    served.stop_soon()  # the feed ends with the server
    assert list(second.events()) == []
    second.close()


def test_pages_of_events_follow_each_other(scene: Scene, served: Served) -> None:
    client = served.client(scene.token(None, "eyes", scope="monitor"))
    found, after = [], 0
    while page := client.get(f"/v1/events?after={after}&limit=3"):
        lines = [json.loads(line) for line in page.body.decode().splitlines()]
        if not lines:
            assert "link" not in page.headers
            break
        after = lines[-1]["position"]
        assert page.headers["link"] == f'</v1/events?after={after}&limit=3>; rel="next"'
        found += [line["position"] for line in lines]
    assert found == sorted(set(found))
    assert len(found) > 6
    assert client.get("/v1/feed", Last_Event_ID="soon").status == 400
    assert client.get("/v1/events?after=-1").status == 422
