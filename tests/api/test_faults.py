"""The server is killed under load, and callers repeat with the same keys: nothing is lost, nothing is done twice."""

from __future__ import annotations

import http.client
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.api.served import Served

if TYPE_CHECKING:
    from tests.scene import Scene

CALLERS, EACH, KILLS = 6, 15, 2


def test_killed_under_load_it_loses_and_doubles_nothing(scene: Scene) -> None:
    token = scene.token(None, "boss", scope="operator")
    running = [Served(scene.url, "--rate", "10000")]
    done, halfway = threading.Semaphore(0), CALLERS * EACH // (KILLS + 1)
    up = threading.Event()
    up.set()

    def work(caller: int) -> list[str]:
        answered = []
        for number in range(EACH):
            key = str(uuid.uuid4())
            while True:
                up.wait()
                client = running[-1].client(token)
                try:
                    reply = client.say("create", key, lane="web/dev", title=f"{caller}.{number}")
                except (OSError, http.client.HTTPException):
                    continue  # with the same key, at whoever serves now
                finally:
                    client.close()
                if reply.status == 200:
                    break
            answered.append(reply.document["task"]["id"])
            done.release()
        return answered

    with ThreadPoolExecutor(CALLERS) as pool:
        ends = [pool.submit(work, caller) for caller in range(CALLERS)]
        for _ in range(KILLS):
            for _ in range(halfway):
                assert done.acquire(timeout=30)
            up.clear()
            running[-1].kill()
            running.append(Served(scene.url, "--rate", "10000", port=running[-1].port))
            up.set()
        answered = [task for end in ends for task in end.result()]
    found = running[-1].client(token).get("/v1/tasks?limit=1000").document["tasks"]
    running[-1].stop()
    assert sorted(row["task"] for row in found) == sorted(answered)
    titles = [row["title"] for row in found]
    assert sorted(titles) == sorted(f"{caller}.{number}" for caller in range(CALLERS) for number in range(EACH))


def test_a_request_in_flight_is_finished_before_the_end(scene: Scene) -> None:
    served = Served(scene.url)
    client = served.client(scene.token(None, "boss", scope="operator"))
    with scene.owner() as owner:
        owner.execute("SET ROLE ainarres_owner")
        with owner.transaction():
            owner.execute("LOCK TABLE projection.board IN ACCESS EXCLUSIVE MODE")
            client.send("POST", "/v1/verbs/create", b'{"lane": "web/dev", "title": "late"}')
            until = time.monotonic() + 10
            while owner.execute("SELECT FROM pg_locks WHERE NOT granted").fetchone() is None:
                assert time.monotonic() < until, "the request never came to the lock"
            served.stop_soon()
    assert client.answer().document["task"]["title"] == "late"
    served.stop()
