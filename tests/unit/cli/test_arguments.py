"""Arguments of verbs: what is taken, and what is said where it is not."""

from __future__ import annotations

import hashlib
import io
import sys
from typing import TYPE_CHECKING, Any

import pytest

from ainarres.cli import arguments
from ainarres.cli.table import load
from ainarres.faults import InvalidInput

if TYPE_CHECKING:
    from pathlib import Path


def parse(line: str, *rest: str) -> dict[str, Any]:
    words = line.split()
    table = load()
    found = table.find(words)
    assert found is not None
    entry = table.entry(found[0])
    given = arguments.parse(entry, [*words[found[1] :], *rest])
    arguments.require(entry, given)
    return given


def test_places_options_and_flags() -> None:
    assert parse("done d25d --claim-next --note", "two words") == {
        "task": "d25d",
        "claim_next": True,
        "note": "two words",
    }
    assert parse("advance d25d --fence=7 --to=reviewing --json") == {
        "task": "d25d",
        "fence": 7,
        "to": "reviewing",
        "json": True,
    }


def test_lists_are_repeated_or_comma_separated() -> None:
    given = parse("create --lane dev --title t --requires role:a,role:b --requires tier:2")
    assert given["requires"] == ("role:a", "role:b", "tier:2")
    assert parse("token narrow c role:a role:b,tier:2")["narrowing"] == ("role:a", "role:b", "tier:2")
    assert parse("amend d25d --depends-on", "")["depends_on"] == ()


def test_what_follows_two_dashes_is_words() -> None:
    assert parse("note d25d --", "--not an option") == {"task": "d25d", "text": "--not an option"}


def test_a_value_may_look_like_an_option_behind_an_equals_sign() -> None:
    assert parse("reject d25d", "--reason=--force breaks it")["reason"] == "--force breaks it"


def test_artifacts(tmp_path: Path) -> None:
    file = tmp_path / "a@b.txt"
    file.write_bytes(b"work")
    digest = hashlib.sha256(b"work").hexdigest()
    given = parse(
        "advance d25d --branch topic --commit 4f2a,base=11aa --artifact",
        "pr=https://user@example.org/1",
        "--file",
        str(file),
        "--artifact",
        "commit=77bb@77bb,base=4f2a",
    )
    assert given["artifacts"] == (
        {"type": "branch", "ref": "topic"},
        {"type": "commit", "ref": "4f2a", "digest": "4f2a", "base": "11aa"},
        {"type": "pr", "ref": "https://user@example.org/1"},
        {"type": "file", "ref": str(file), "digest": digest},
        {"type": "commit", "ref": "77bb", "digest": "77bb", "base": "4f2a"},
    )


def test_payloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "payload.json"
    file.write_text('{"goal": "ü"}', encoding="utf-8")
    create = "create --lane dev --title t --payload"
    assert parse(create, '{"a": [1]}')["payload"] == {"a": [1]}
    assert parse(create, f"@{file}")["payload"] == {"goal": "ü"}
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"b": 2}')))
    assert parse(create, "-")["payload"] == {"b": 2}


@pytest.mark.parametrize(
    ("line", "rest", "field", "cure"),
    [
        ("advance d25d --brnch x", (), "--brnch", "did you mean --branch?"),
        ("advance d25d --zzz", (), "--zzz", "see: ainarres advance --help"),
        ("advance", (), "TASK", "for example: ainarres advance"),
        ("advance d25d --note", (), "--note", "write --note TEXT"),
        ("advance d25d --note --to", (), "--note", "write --note TEXT"),
        ("advance d25d --json=yes", (), "--json", "write --json alone"),
        ("advance d25d --fence seven", (), "--fence", "write digits only"),
        ("advance d25d extra", (), "extra", "takes TASK; quote texts"),
        ("advance d25d --to a --to b", (), "--to", "give it once"),
        ("advance d25d --artifact commit", (), "--artifact", "write TYPE=REF"),
        ("advance d25d --file /nowhere/at/all", (), "--file", "name a file that can be read"),
        ("reject d25d", (), "--reason", "for example: ainarres reject"),
        ("create --title t", (), "--lane", "for example: ainarres create"),
        ("create --lane l --title t --payload", ("{",), "--payload", 'write {"key": "value"}'),
        ("create --lane l --title t --payload", ("[]",), "--payload", 'write {"key": "value"}'),
        ("create --lane l --title t --payload", ("[" * 100_000,), "--payload", 'write {"key": "value"}'),
        ("create --lane l --title t --payload", ("@/nowhere",), "--payload", "name a file that can be read"),
        ("workflow adopt /nowhere.toml", (), "FILE", "name a file that can be read"),
    ],
)
def test_what_is_wrong_names_the_option_and_the_cure(line: str, rest: tuple[str, ...], field: str, cure: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(line, *rest)
    assert caught.value.field == field
    assert cure in caught.value.cure


def test_binary_files_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidInput, match="not UTF-8"):
        parse(f"workflow adopt {file}")
    file.write_bytes(b"x" * 1_048_577)
    with pytest.raises(InvalidInput, match="more than 1048576 bytes"):
        parse(f"workflow adopt {file}")
