"""The command line through the server: the same words as straight to the database, and no driver loaded."""

from __future__ import annotations

import contextlib
import http.server
import io
import json
import os
import subprocess
import sys
import threading
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from tests.acceptance.cli import Said, Terminal
from tests.scene import CHEAP, DESIGNER

from ainarres.cli import remote
from ainarres.cli.catalogue import ASKS, VERBS
from ainarres.cli.main import main
from ainarres.cli.verb import GRAPH_TAKES
from ainarres.database.connect import connect
from ainarres.domain import commands
from ainarres.domain.commands import CreateGraph
from ainarres.domain.refusal import Refusal
from ainarres.reads.ask import READS, ask
from ainarres.reads.asking import Answer
from ainarres.verbs import asked
from ainarres.web import speaker

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.served import Served
    from tests.database import Clock
    from tests.scene import Scene

PROBE = """
import json, sys
from ainarres.cli.main import main
status = main(sys.argv[1:])
print(json.dumps([status, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


class Here:
    """The command line in this process, which hundreds of lines are typed at."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **environ: str) -> None:
        self._monkeypatch, self._environ = monkeypatch, environ

    def __call__(self, *argv: str, token: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with self._monkeypatch.context() as around:
            for name in [name for name in os.environ if name.startswith("AINARRES_")]:
                around.delenv(name)
            for name, value in {**self._environ, "AINARRES_TOKEN": token, "COLUMNS": "100"}.items():
                around.setenv(name, value)
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                status = main(argv)
        return status, out.getvalue(), err.getvalue()


def test_every_verb_of_the_command_line_has_a_name_on_the_server() -> None:
    assert {verb.words.replace(" ", "-"): getattr(commands, verb.model) for verb in VERBS} | {
        "create-graph": CreateGraph
    } == dict(asked.VERBS)
    assert set(CreateGraph.model_fields) == GRAPH_TAKES
    assert remote.LONGEST_WAIT == speaker.LONGEST_WAIT


def test_the_same_words_come_out(scene: Scene, served: Served, clock: Clock, tmp_path: Path) -> None:
    clock.set(clock.now())  # ages are part of what is said
    task = scene.task("a <b>title</b> with Ü and \u202e")
    direct = Terminal(tmp_path, scene.url)
    through = Terminal(tmp_path, None, AINARRES_SERVER=served.base)
    token = scene.token(DESIGNER)
    key, other = str(uuid.uuid4()), str(uuid.uuid4())
    assert through("claim", "--lane", "web/dev", "--key", key, token=token).status == 0
    assert through("advance", task, "--note", "so", "--key", other, token=token).status == 0
    graph = tmp_path / "graph.toml"
    graph.write_text('[[task]]\nkey = "a"\ntitle = "A"\n')
    lines = [
        ["claim", "--lane", "web/dev", "--key", key],
        ["advance", task, "--note", "so", "--key", other],
        ["why", task],
        ["why"],
        ["next", "--lane", "web/dev"],
        ["heartbeat", task],
        ["claim", "--task", "ffff"],
        ["create", "--lane", "web/dev", "--title", " "],
        ["create", "--lane", "web/dev", "--title", "x", "--priority", "9"],
        ["create", "--lane", "web/dev", "--title", "x", "--requires", "no feature"],
        ["create", "--lane", "web/dev", "--graph", str(graph), "--priority", "3"],
        ["create", "--lane", "nowhere", "--graph", str(graph)],
        ["release", task, "--reason", "x", "--cause", "boredom"],
        ["claim", "--wait", "soon"],
        ["whoami"],
    ]
    for line in lines:
        for form in ([], ["--json"]):
            here, there = (each(*line, *form, token=token) for each in (direct, through))
            assert there == here, line


def test_every_read_says_the_same_through_the_server(
    scene: Scene, served: Served, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.set(clock.now())
    task = scene.task("a <b>title</b> with Ü and \u202e")
    direct, through = Here(monkeypatch, AINARRES_URL=scene.url), Here(monkeypatch, AINARRES_SERVER=served.base)
    agent, monitor = scene.token(DESIGNER), scene.token(None, "eye", scope="monitor")
    assert through("next", token=agent)[0] == 0
    more = {
        "card": ["designer"],
        "task show": [task],
        "history": [task, "--at", "5"],
        "replay": [task[-6:]],
        "diff": ["--from", "1"],
        "governance explain": [DESIGNER, "role:designer"],
        "status": ["--limit", "2"],
        "report": ["--full"],
        "timeline": ["--limit", "3"],
    }
    wrong = [
        ["card", "nobody"],
        ["status", "--limit", "0"],
        ["status", "--at", "yesterday"],
        ["diff", "--from", "1", "--to", "99999999"],
        ["timeline", "--type", "TaskReject"],
        ["board", "--lane", "nowhere"],
        ["task", "show", "ffff"],
        ["report", "--format", "pdf"],
    ]
    for line in [*([*one.words.split(), *more.get(one.words, [])] for one in ASKS if one.question != "Hook"), *wrong]:
        for token in (agent, monitor):
            for form in ([], ["--json"]):
                here, there = (each(*line, *form, token=token) for each in (direct, through))
                assert there == here, (line, form)
    for other in ("md", "html"):
        here, there = (each("report", "--format", other, token=monitor) for each in (direct, through))
        assert there == here, other


def test_every_read_has_a_place_on_the_server_and_on_the_command_line() -> None:
    assert {one.question for one in ASKS} - {"Hook"} == set(READS)
    assert len({read.path for read in READS.values()}) == len(READS)


@pytest.mark.parametrize("name", [name for name, read in READS.items() if read.scope == "monitor"])
def test_an_agent_may_not_read_what_is_of_all_lanes(name: str, scene: Scene) -> None:
    fields = {"family": CHEAP, "capability": "role:implementer"} if name == "Explain" else {}
    with connect(scene.url) as connection:
        agent, meter = scene.token(CHEAP), scene.token(None, "scale", scope="meter")
        for token in (agent, meter):
            found = ask(connection, token, name, fields)
            assert isinstance(found, Refusal)
            assert found.code == "not_eligible"
        assert isinstance(ask(connection, scene.token(None, "eye", scope="monitor"), name, fields), Answer)


def test_an_agent_of_two_lanes_names_one(scene: Scene) -> None:
    with connect(scene.url) as connection:
        nowhere = scene.token(CHEAP, narrowing=["role:implementer"])
        for name in ("Status", "Report", "Reviews", "Spend", "Epics", "Watch", "Demand", "Timeline"):
            found = ask(connection, nowhere, name, {})
            assert isinstance(found, Refusal), name
            assert found.code == "not_eligible"
        for name in ("Board", "Tasks", "Outlook"):
            seen = ask(connection, nowhere, name, {})
            assert isinstance(seen, Answer)
            assert next(iter(seen.document.values())) in ([], 0)


def test_verbs_load_neither_driver_nor_models(scene: Scene, served: Served, tmp_path: Path) -> None:
    environ = Terminal(tmp_path, None).environ | {"AINARRES_SERVER": served.base, "AINARRES_TOKEN": scene.token(CHEAP)}
    verbs = (["next", "--json"], ["next"], ["progress", "d25d", "--note", "x"], ["create", "--lane", "x"])
    reads: tuple[list[str], ...] = (
        ["status"],
        ["prime"],
        ["whoami"],
        ["task", "list"],
        ["history", "d25d"],
        ["report", "--json"],
    )
    for line in (*verbs, *reads):
        done = subprocess.run(
            [sys.executable, "-c", PROBE, *line], env=environ, capture_output=True, text=True, check=True
        )
        _, loaded = json.loads(done.stdout.splitlines()[-1])
        assert not {"psycopg", "pydantic", "typer", "rich", "eventsourcing", "asyncio", "fastapi"} & set(loaded), line


def test_a_verb_straight_to_the_database_loads_its_own_module_and_no_face(scene: Scene, tmp_path: Path) -> None:
    scene.task()
    probe = PROBE.replace('{name.partition(".")[0] for name in sys.modules}', "sys.modules")
    environ = Terminal(tmp_path, scene.url).environ | {"AINARRES_TOKEN": scene.token(DESIGNER)}
    done = subprocess.run(
        [sys.executable, "-c", probe, "claim", "--json"], env=environ, capture_output=True, text=True, check=True
    )
    status, loaded = json.loads(done.stdout.splitlines()[-1])
    assert (status, "ainarres.verbs.claiming" in loaded) == (0, True)
    others = {f"ainarres.verbs.{name}" for name in ("creating", "credentials", "why", "operating", "governing")}
    heavy = {"http.client", "typer", "rich", "eventsourcing", "ainarres.policy", "ainarres.reads", "ainarres.web"}
    assert not (others | heavy) & set(loaded)


def test_nobody_answers(tmp_path: Path) -> None:
    through = Terminal(tmp_path, None, AINARRES_SERVER="http://127.0.0.1:1")
    said = through("next", token="ain_x")
    assert said.status == 75
    assert "ainarres serve" in said.err
    assert through("next").err.startswith("ainarres: AINARRES_TOKEN: is not set")
    odd = Terminal(tmp_path, None, AINARRES_SERVER="localhost")
    assert odd("next", token="ain_x").status == 2
    assert through("status", token="ain_x").status == 75
    assert "reads the database itself" in through("rebuild", "--check", token="ain_x").err


def test_a_sandbox_is_told_the_way_out(tmp_path: Path) -> None:
    through = Terminal(tmp_path, None, AINARRES_SERVER="http://127.0.0.1:1", CODEX_SANDBOX_NETWORK_DISABLED="1")
    said = through("next", token="ain_x")
    assert said.status == 1
    assert "ainarres mcp" in said.err


def test_an_answer_that_breaks_off_names_the_key(tmp_path: Path) -> None:
    class Rude(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.close_connection = True

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Rude) as rude:
        threading.Thread(target=rude.handle_request, daemon=True).start()
        through = Terminal(tmp_path, None, AINARRES_SERVER=f"http://127.0.0.1:{rude.server_port}")
        key = str(uuid.uuid4())
        said: Said = through("next", "--key", key, token="ain_x")
    assert said.status == 75
    assert f"--key {key}" in said.err
