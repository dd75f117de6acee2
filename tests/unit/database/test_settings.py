"""Settings: who wins, what a mistake is told, and where a token may come from."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ainarres.database.settings import load
from ainarres.faults import InvalidInput

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "deep" / "er").mkdir(parents=True)
    return folder


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}


def user_file(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "config" / "ainarres" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return file


def test_the_nearest_speaker_wins_and_is_remembered(tmp_path: Path, project: Path, environ: dict[str, str]) -> None:
    by_user = user_file(tmp_path, 'url = "by-user"\nserver = "by-user"\nlane = "by-user"\nproject = "by-user"\n')
    by_project = project / "ainarres.toml"
    by_project.write_text('url = "by-file"\nserver = "by-file"\nlane = "by-file"\n')
    variables = environ | {"AINARRES_URL": "by-variable", "AINARRES_SERVER": "by-variable", "AINARRES_LANE": ""}
    found = load({"url": "by-flag", "server": None}, variables, project / "deep" / "er")
    assert (found.url, found.server, found.lane, found.project) == ("by-flag", "by-variable", "by-file", "by-user")
    assert found.origin == {
        "url": "--url",
        "server": "AINARRES_SERVER",
        "lane": str(by_project),
        "project": str(by_user),
        "home": "default",
    }


def test_only_the_nearest_project_file_counts(project: Path, environ: dict[str, str]) -> None:
    (project / "ainarres.toml").write_text('lane = "outer"\n')
    (project / "deep" / "ainarres.toml").write_text('project = "inner"\n')
    found = load({}, environ, project / "deep" / "er")
    assert (found.project, found.lane) == ("inner", None)


def test_a_relative_home_starts_where_it_was_written(tmp_path: Path, project: Path, environ: dict[str, str]) -> None:
    (project / "ainarres.toml").write_text('home = "../state"\n')
    assert load({}, environ, project / "deep").home == tmp_path / "state"
    assert load({"home": "here"}, environ, project / "deep").home == project / "deep" / "here"
    assert load({"home": "~/there"}, environ, project).home == tmp_path / "there"


def test_the_default_home_is_the_users_own(
    tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert load({}, environ, tmp_path).home == tmp_path / ".local/share/ainarres"
    assert str(load({}, environ | {"XDG_DATA_HOME": "/data"}, tmp_path).home) == "/data/ainarres"
    assert load({}, environ | {"XDG_DATA_HOME": "relative"}, tmp_path).home == tmp_path / ".local/share/ainarres"
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert str(load({}, environ, tmp_path).home) == "/var/lib/ainarres"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('urll = "x"', r"ainarres\.toml: urll: is no setting \(known are: home, url"),
        ("url = 5", r"ainarres\.toml: url: must be a text"),
        ('url = ""', r"ainarres\.toml: url: must be a text"),
        ('[database]\nurl = "x"', r"ainarres\.toml: database: is no setting"),
        ('fence = "5"', r"ainarres\.toml: fence: is no setting"),
        ('token = "x"', r"ainarres\.toml: token: .*AINARRES_TOKEN_FILE"),
        ("url = x", r"ainarres\.toml: is not valid TOML: .*line 1"),
    ],
)
def test_a_mistake_names_file_and_key(project: Path, environ: dict[str, str], text: str, said: str) -> None:
    (project / "ainarres.toml").write_text(text)
    with pytest.raises(InvalidInput, match=said):
        load({}, environ, project)


def test_a_file_that_is_not_text_is_named(project: Path, environ: dict[str, str]) -> None:
    (project / "ainarres.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidInput, match=r"ainarres\.toml: is not valid TOML"):
        load({}, environ, project)


def test_a_token_is_no_flag(project: Path, environ: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match="token: is no setting"):
        load({"token": "x"}, environ, project)


def test_a_token_comes_from_the_environment_or_a_private_file(project: Path, environ: dict[str, str]) -> None:
    file = project / "token"
    file.write_text("from-file\n")
    file.chmod(0o600)
    variables = environ | {"AINARRES_TOKEN_FILE": "token"}
    found = load({}, variables, project)
    assert (found.token, found.origin["token"]) == ("from-file", str(file))
    file.chmod(0o400)
    assert load({}, variables, project).token == "from-file"
    found = load({}, variables | {"AINARRES_TOKEN": "direct"}, project)
    assert (found.token, found.origin["token"]) == ("direct", "AINARRES_TOKEN")
    assert load({}, environ, project).token is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o700, 0o660])
def test_a_token_file_others_may_use_is_refused_with_the_cure(
    project: Path, environ: dict[str, str], mode: int
) -> None:
    file = project / "token"
    file.write_text("secret")
    file.chmod(mode)
    with pytest.raises(InvalidInput, match=rf"has mode {mode:04o}.*chmod 600 {file}") as caught:
        load({}, environ | {"AINARRES_TOKEN_FILE": str(file)}, project)
    assert "secret" not in str(caught.value)


def test_a_token_file_that_is_missing_or_empty_is_named(project: Path, environ: dict[str, str]) -> None:
    variables = environ | {"AINARRES_TOKEN_FILE": "token"}
    with pytest.raises(InvalidInput, match=r"AINARRES_TOKEN_FILE: .*token: No such file"):
        load({}, variables, project)
    (project / "token").touch(mode=0o600)
    with pytest.raises(InvalidInput, match="token is empty"):
        load({}, variables, project)


def test_secrets_are_not_shown(project: Path, environ: dict[str, str]) -> None:
    shown = repr(load({"url": "postgresql://u:s3cr3t@h/d"}, environ | {"AINARRES_TOKEN": "h1dd3n"}, project))
    assert "s3cr3t" not in shown
    assert "h1dd3n" not in shown


def test_loading_imports_nothing_heavy() -> None:
    script = "import sys; from ainarres.database import settings; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {"psycopg", "pydantic", "tomllib", "subprocess", "eventsourcing"} & set(loaded)
