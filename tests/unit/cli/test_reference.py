"""Every command has help, an example and a place in the reference, and what is committed is what the models say."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from ainarres.cli import arguments, manual, reference
from ainarres.cli.table import FILE, Table, load

TABLE = Table(reference.table())
ROOT = Path(__file__).parents[3]


def test_the_committed_table_is_what_the_models_and_signatures_say() -> None:
    assert json.loads(FILE.read_text(encoding="utf-8")) == TABLE.document, "run: make reference"


def test_the_committed_reference_is_what_the_table_says() -> None:
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == reference.document(), "run: make reference"


@pytest.mark.parametrize("words", TABLE.words, ids=lambda words: words or "alone")
def test_every_command_explains_itself(words: str) -> None:
    entry = load().entry(words)
    page = manual.page(entry)
    assert entry.summary.endswith(".")
    assert entry.example.startswith(f"ainarres {words}".strip())
    assert entry.example in page
    assert "`" not in page
    for one in (*entry.places, *entry.options):
        assert one.help, one
        assert one.metavar or one.kind == "flag", one
    assert f"### {words or 'ainarres alone'}\n" in reference.document()


@pytest.mark.parametrize("words", [words for words in TABLE.words if TABLE.entry(words).model])
def test_every_verbs_example_parses(words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "roles").mkdir()
    for name in ("dev.toml", "families.toml", "project.toml", "sequential.toml", "roles/reviewer.md"):
        (tmp_path / name).write_text("text", encoding="utf-8")
    entry = TABLE.entry(words)
    argv = shlex.split(entry.example)[1 + len(words.split()) :]
    assert arguments.parse(entry, argv) is not None


def test_everybody_means_the_same_by_an_option() -> None:
    kinds: dict[str, set[tuple[str, str]]] = {}
    for words in TABLE.words:
        for one in TABLE.entry(words).options:
            if one.flag in ("--json", "--url", "--home", "--fence", "--key"):
                kinds.setdefault(one.flag, set()).add((one.kind, one.help))
    assert {flag: len(meanings) for flag, meanings in kinds.items()} == dict.fromkeys(kinds, 1)
