"""What init leaves in a folder, and that undo gives every byte of it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainarres.cli import onboarding, registration
from ainarres.cli.onboarding import AGENTS, SKILL, install, remove

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES = {"ainarres.toml": "# settings\n", "project.toml": 'key = "x"\n'}


def told(touched: list[onboarding.Touched], folder: Path) -> dict[str, str]:
    return {str(one.path.relative_to(folder)): one.what for one in touched}


def test_an_empty_folder_is_empty_again(tmp_path: Path) -> None:
    names = (*SAMPLES, SKILL, AGENTS)
    assert told(install(tmp_path, SAMPLES), tmp_path) == dict.fromkeys(names, "wrote")
    assert told(install(tmp_path, SAMPLES), tmp_path) == dict.fromkeys(names, "kept as it was")
    assert told(remove(tmp_path, SAMPLES), tmp_path) == dict.fromkeys(names, "removed")
    assert list(tmp_path.iterdir()) == []
    assert remove(tmp_path, SAMPLES) == []


@pytest.mark.parametrize("text", ["# Ours\n", "# Ours", "# Ours\r\nmore\r\n", "# Ours\r\nmore", "\n\n", "", "ü\n\n\n"])
def test_agents_md_keeps_every_other_byte(tmp_path: Path, text: str) -> None:
    file = tmp_path / AGENTS
    file.write_bytes(text.encode())
    assert told(install(tmp_path, {}), tmp_path)[AGENTS] == "updated"
    written = file.read_bytes()
    assert written.startswith(text.encode())
    assert written.count(b"ainarres:begin") == 1
    assert told(install(tmp_path, {}), tmp_path)[AGENTS] == "kept as it was"
    remove(tmp_path, {})
    assert (file.read_bytes() if text else b"") == text.encode()
    assert file.exists() == bool(text)


@given(text=st.text(st.sampled_from("a\n ü"), max_size=8))
def test_any_text_comes_back(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("agents")
    (folder / AGENTS).write_bytes(text.encode())
    install(folder, {})
    remove(folder, {})
    assert ((folder / AGENTS).read_bytes() if (folder / AGENTS).exists() else b"") == text.encode()


def test_an_older_block_is_replaced_where_it_stands(tmp_path: Path) -> None:
    file = tmp_path / AGENTS
    file.write_text("above\n<!-- ainarres:begin (older) -->\nold\n<!-- ainarres:end -->\nbelow\n")
    install(tmp_path, {})
    text = file.read_text()
    assert text.startswith("above\n<!-- ainarres:begin")
    assert text.endswith("<!-- ainarres:end -->\nbelow\n")
    assert "old\n" not in text
    remove(tmp_path, {})
    assert "ainarres" not in file.read_text()


def test_what_was_edited_is_its_owners(tmp_path: Path) -> None:
    install(tmp_path, SAMPLES)
    (tmp_path / "project.toml").write_text("mine")
    (tmp_path / SKILL).write_text("mine, too")
    assert told(install(tmp_path, SAMPLES), tmp_path)["project.toml"] == "kept as it was"
    left = told(remove(tmp_path, SAMPLES), tmp_path)
    assert left["project.toml"] == left[SKILL] == "kept, since it was edited"
    assert (tmp_path / SKILL).read_text() == "mine, too"


def test_the_block_has_ten_lines_and_the_skill_its_form() -> None:
    assert len(onboarding._text("block.md").splitlines()) == 10
    _, head, body = onboarding._text("skill.md").split("---\n", 2)
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    assert fields["name"] == "ainarres"
    assert len(fields["description"]) <= 1024
    assert len(body) < 6000
    for text in (onboarding._text("block.md"), body):
        assert "git push" not in text
        assert "git commit" not in text


def test_every_harness_has_its_line() -> None:
    lines = list(registration.lines("http://10.0.0.5:8700/"))
    assert {line.split()[0] for line in lines} == {"claude", "codex", "gemini", "qwen", "grok", "copilot", "opencode"}
    for line in lines:
        assert "http://10.0.0.5:8700/mcp" in line
        assert "AINARRES_TOKEN" in line
