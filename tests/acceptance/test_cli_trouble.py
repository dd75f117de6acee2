"""What people and programs are told when something is wrong: code, field and cure, in one line or one document."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.acceptance.cli import PROGRAM, Terminal, opened
from tests.acceptance.test_cli_life import FAMILIES, PROJECT

from ainarres import stock

if TYPE_CHECKING:
    from pathlib import Path

    from tests.database import Database

DEAD = "postgresql://somebody:secret@127.0.0.1:1/nowhere"


@pytest.fixture
def terminal(tmp_path: Path, database: Database) -> Terminal:
    return opened(tmp_path, database, PROJECT, FAMILIES)


@pytest.mark.parametrize(
    ("argv", "status", "code", "words"),
    [
        (("progress", "0000", "--note", "x"), 7, "not_found", "no task"),
        (("history", "0000"), 7, "not_found", "`ainarres status` lists them"),
        (("task", "show", "xyz!"), 7, "not_found", "a task id is 32 hexadecimal digits"),
        (("status", "--lane", "web/devv"), 7, "not_found", "did you mean web/dev?"),
        (("create", "--lane", "nope", "--title", "t"), 7, "not_found", "nope"),
        (("card", "cook"), 7, "not_found", "cards are"),
        (("workflow", "show", "nope"), 7, "not_found", "adopted are board, dev, intake, snippets"),
        (("claim", "--wait", "soon"), 2, "invalid", "--wait: 'soon' is not a duration (write a positive duration"),
        (("create", "--lane", "dev", "--title", " "), 2, "invalid", "--title: must not be blank"),
        (("create", "--lane", "dev", "--title", "t", "--priority", "9"), 2, "invalid", "--priority: 9: "),
        (("create", "--lane", "dev", "--title", "t", "--requires", "rol:x"), 2, "invalid", "did you mean"),
        (("token", "issue", "--family", "a+b", "--scope", "god"), 2, "invalid", "--scope: 'god' is not a choice"),
        (("advance", "d25d", "--brnch", "x"), 2, "invalid", "did you mean --branch?"),
        (("advance", "d25d", "--key", "x"), 2, "invalid", "--key: 'x' is not a UUID"),
        (("advance",), 2, "invalid", "TASK: is missing"),
        (("status", "--lmit", "3"), 2, "invalid", "--lmit: no such option (did you mean --limit?"),
        (("status", "--limit", "many"), 2, "invalid", "--limit: 'many' is not a whole number"),
        (("status", "--limit", "0"), 2, "invalid", "--limit: 0: input should be greater than"),
        (("create", "--lane", "dev", "--title", "\udcff"), 2, "invalid", "--title: is not UTF-8 text"),
        (("status", "--limit"), 2, "invalid", "--limit"),
        (("history",), 2, "invalid", "TASK: is missing"),
        (("timeline", "--type", "TaskReject"), 2, "invalid", "did you mean TaskRejected?"),
        (("statsu",), 2, "invalid", "did you mean: ainarres status?"),
        (("frobnicate",), 2, "invalid", "all commands: ainarres --help"),
        (("lane",), 2, "invalid", "ainarres lane pause; ainarres lane resume"),
        (("lane", "stop"), 2, "invalid", "ainarres lane pause"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_each_mistake_is_told_twice(
    terminal: Terminal, argv: tuple[str, ...], status: int, code: str, words: str
) -> None:
    as_json = terminal(*argv, "--json")
    assert (as_json.status, as_json.document["code"], as_json.err) == (status, code, "")
    assert set(as_json.document) >= {"ok", "code", "reason", "task", "event", "next", "position"}
    assert words in as_json.document["reason"]
    as_text = terminal(*argv)
    assert as_text.status == status
    assert words in as_text.out + as_text.err


def test_the_field_and_the_cure_stand_apart_in_json(terminal: Terminal) -> None:
    document = terminal("claim", "--wait", "soon", "--json").document
    assert document["field"] == "--wait"
    assert document["cure"].startswith("write a positive duration")
    assert terminal("claim", "--wait", "soon").err.count("\n") == 1


def test_a_malformed_definition_is_told_line_by_line(terminal: Terminal) -> None:
    broken = 'key = "x"\ntitle = "X"\nlease = "soon"\nmax_atempts = 3\n[[stage]]\nkey = "a"\n[[stage]]\nkey = "b"\n'
    (terminal.folder / "broken.toml").write_text(broken, encoding="utf-8")
    said = terminal("workflow", "check", "broken.toml")
    assert said.status == 1
    assert "broken.toml:3: lease: 'soon' is not a duration (write a positive duration" in said.out
    assert "broken.toml:4: max_atempts: unknown key 'max_atempts' (did you mean max_attempts?)" in said.out
    adopted = terminal("workflow", "adopt", "broken.toml", "--json")
    assert (adopted.status, adopted.document["code"]) == (2, "invalid")
    problems = {problem["field"]: problem["line"] for problem in adopted.document["problems"]}
    assert problems == {"transition": 1, "lease": 3, "max_atempts": 4}
    assert "broken.toml:3" in terminal("workflow", "adopt", "broken.toml").out
    assert terminal("workflow", "check", "broken.toml", "--json").document["problems"][0]["cure"]


@pytest.mark.parametrize("argv", [("status",), ("claim",), ("whoami",), ("board",), ("rebuild", "--check"), ()])
def test_a_dead_database_is_told_with_its_cure_and_without_its_password(tmp_path: Path, argv: tuple[str, ...]) -> None:
    terminal = Terminal(tmp_path, None)
    said = terminal(*argv, "--url", DEAD)
    assert (said.status, said.out) == (75, "")
    assert said.err.startswith("ainarres: no connection to postgresql://somebody:***@127.0.0.1:1/nowhere")
    assert said.err.count("\n") == 1
    document = terminal(*argv, "--url", DEAD, "--json").document
    assert (document["code"], "secret" in str(document)) == ("unavailable", False)


def test_doctor_finds_a_dead_database(tmp_path: Path) -> None:
    said = Terminal(tmp_path, DEAD)("doctor")
    assert said.status == 1
    assert said.out.startswith("BAD server: no connection to postgresql://somebody:***@")


def test_doctor_is_content_with_a_ledger_in_order(terminal: Terminal) -> None:
    said = terminal("doctor")
    assert (said.status, "BAD" in said.out) == (0, False)
    assert terminal.ok("doctor")["sound"] is True


def test_a_database_without_a_ledger_says_how_to_begin(tmp_path: Path, empty_database: Database) -> None:
    terminal = Terminal(tmp_path, empty_database.admin_url)
    said = terminal("status")
    assert said.status == 1
    assert "run ainarres init" in said.err
    assert "ainarres init" in terminal().out
    assert terminal().status == 0


def test_no_ledger_at_all_says_how_to_begin(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, None, AINARRES_HOME=str(tmp_path / "home"))
    assert "ainarres demo" in terminal().out
    said = terminal("status", "--json")
    assert (said.status, said.document["code"]) == (75, "unavailable")
    assert "ainarres init" in said.document["reason"]
    assert not (tmp_path / "home").exists()


def test_a_newer_schema_is_refused(terminal: Terminal, database: Database) -> None:
    with psycopg.connect(database.admin_url) as connection:
        connection.execute(
            "INSERT INTO ledger_meta.migration (number, name, sha256) VALUES (9999, 'from_the_future', %s)", ["0" * 64]
        )
    said = terminal("status")
    assert said.status == 1
    assert "newer than this ainarres knows" in said.err
    assert "upgrade ainarres" in terminal("claim", "--json").document["reason"]


def test_a_bad_token_and_a_shared_token_file(terminal: Terminal) -> None:
    assert terminal("claim", token="ain_nonsense").status == 5
    file = terminal.folder / "token"
    file.write_text("ain_x", encoding="utf-8")
    file.chmod(0o644)
    said = terminal("whoami", AINARRES_TOKEN_FILE=str(file))
    assert (said.status, "chmod 600" in said.err) == (2, True)


def test_a_fence_in_the_environment_is_a_number(terminal: Terminal) -> None:
    said = terminal("heartbeat", "d25d", AINARRES_FENCE="x")
    assert (said.status, said.err) == (2, "ainarres: AINARRES_FENCE: 'x' is not a whole number (write digits only)\n")


def test_a_lane_in_the_settings_stands_in_for_the_option(terminal: Terminal) -> None:
    assert terminal("create", "--title", "t").status == 2
    (terminal.folder / "ainarres.toml").write_text('lane = "web/dev"\n', encoding="utf-8")
    assert terminal.ok("create", "--title", "t")["task"]["lane"] == "web/dev"


def test_a_graph_is_told_which_task_and_key_is_wrong(terminal: Terminal) -> None:
    (terminal.folder / "g.toml").write_text('[[task]]\nkey = "a"\ntitel = "A"\n', encoding="utf-8")
    said = terminal("create", "--lane", "web/dev", "--graph", "g.toml")
    assert said.status == 2
    assert "--graph: task 1: titel: is no key of a task (a task has key, title, after" in said.err


def test_migrating_to_a_stage_that_is_not_there_is_refused_with_no_task_to_move(terminal: Terminal) -> None:
    said = terminal("workflow", "migrate", "dev", "--stages", '{"reviewing": "nowhere"}')
    assert said.status == 2
    assert "has no open stage 'nowhere'; map 'reviewing' to one of proposed" in said.out


def test_output_that_goes_nowhere_is_no_bug(terminal: Terminal) -> None:
    full = subprocess.run(
        ["sh", "-c", f"{PROGRAM} status > /dev/full; echo $?; {PROGRAM} status >&-; echo $?"],
        env=terminal.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert full.stdout.split() == ["1", "0"]
    assert full.stderr.startswith("ainarres: no room is left")
    assert len(full.stderr.splitlines()) == 1


def test_init_is_safe_to_repeat_and_names_its_files(tmp_path: Path, database: Database) -> None:
    terminal = Terminal(tmp_path, database.owner_url)
    first, second = terminal.ok("init"), terminal.ok("init")
    wrote, kept = ({one["path"]: one["what"] for one in said["files"]} for said in (first, second))
    assert wrote.keys() == kept.keys()
    assert (set(wrote.values()), set(kept.values())) == ({"wrote"}, {"kept as it was"})
    names = {path.rpartition("/")[2] for path in wrote}
    assert names == {"ainarres.toml", "project.toml", "families.toml", "SKILL.md", "AGENTS.md"}
    assert (second["ledger"], second["adopted"]) == (first["ledger"], [])
    terminal.ok("project", "adopt", "project.toml")
    terminal.ok("family", "adopt", "families.toml")
    assert terminal("doctor").status == 0
    assert "ainarres.toml" not in terminal("config", "show", "--origin").out


def test_definitions_are_shown_compared_and_drawn(terminal: Terminal) -> None:
    assert terminal("workflow", "list").out.startswith("workflows (4):\n")
    assert "reviews implementing: prefer another maker" in terminal("workflow", "show", "dev").out
    assert terminal("workflow", "graph", "dev").out.startswith("flowchart LR\n")
    longer = stock.read("workflow", "dev").replace('lease = "2h"', 'lease = "3h"')
    (terminal.folder / "dev.toml").write_text(longer, encoding="utf-8")
    assert terminal("workflow", "diff", "dev.toml").out == "~ stage implementing: lease 2h → 3h\n"
    (terminal.folder / "new.toml").write_text(longer.replace('key = "dev"', 'key = "new"', 1), encoding="utf-8")
    assert "+ workflow new, which is not adopted yet" in terminal("workflow", "diff", "new.toml").out
    assert terminal.ok("workflow", "adopt", "dev.toml")["version"] == 2
    assert terminal("workflow", "diff", "dev.toml").out == "dev.toml is what is adopted already\n"
    assert "(lease 2h)" in terminal("workflow", "show", "dev", "--version", "1").out
    assert "web/dev: workflow dev" in terminal("project", "list").out
    assert "opencode+qwen (opencode, alibaba, cost class 0)" in terminal("family", "list").out


def test_a_difference_is_found_and_rebuilt(terminal: Terminal, database: Database) -> None:
    terminal.ok("create", "--lane", "dev", "--title", "t")
    with psycopg.connect(database.admin_url) as connection:
        connection.execute("UPDATE projection.board SET title = 'forged'")
    found = terminal("rebuild", "--check", "--json")
    assert (found.status, found.document["difference"]["table"]) == (1, "board")
    assert terminal("rebuild", "--url", database.owner_url).status == 0
    assert terminal("rebuild", "--check").out.startswith("equal: ")
