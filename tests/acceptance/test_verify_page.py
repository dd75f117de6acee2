"""docs/verify.md, typed as it stands there; its checks by other tools say no to what was altered."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (Path(__file__).parents[2] / "docs" / "verify.md").read_text("utf-8")
BEGIN = """
ainarres init
ainarres project adopt project.toml
"""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder in which the page was typed."""
    made = Path(tempfile.mkdtemp(prefix="ainarres-verify-"))
    made.chmod(0o755)  # the embedded server's own user must get to its data when root runs the tests
    try:
        blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
        done = run(made, BEGIN + "".join(blocks))
        (made / "said").write_text(done.stdout)
        assert done.returncode == 0, done.stdout + done.stderr
        yield made
    finally:
        run(made, "ainarres down; ainarres down --home copy; ainarres down --home restored")
        shutil.rmtree(made)


def run(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AINARRES_")}
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-euc", script],
        cwd=folder,
        env=environment | {"PATH": programs, "AINARRES_HOME": str(folder / "home"), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_the_page_can_be_typed(folder: Path) -> None:
    said = (folder / "said").read_text()
    assert "sound: " in said
    assert "not witnessed yet: " in said
    assert "Signature Verified Successfully" in said
    assert "\nincluded\n" in said
    assert "\ngrown from it\n" in said
    assert "forked from" in said


def test_the_shell_refuses_a_forged_event(folder: Path) -> None:
    proof = (folder / "event.tlog-proof").read_text()
    extra = re.search(r"^extra (.*)$", proof, re.MULTILINE)
    assert extra is not None
    forged = base64.b64encode(base64.b64decode(extra[1]).replace(b'"position":2', b'"position":3')).decode()
    (folder / "forged").write_text(proof.replace(extra[1], forged))
    done = run(folder, "sh check-inclusion.sh forged")
    assert (done.returncode, done.stdout) == (1, "NOT included\n")


def test_the_shell_refuses_a_forged_note(folder: Path) -> None:
    lines = (folder / "ledger.note").read_text().splitlines(keepends=True)
    lines[1] = f"{int(lines[1]) + 1}\n"
    (folder / "forged").write_text("".join(lines))
    public = re.search(r"^key (\S+)$", (folder / "said").read_text(), re.MULTILINE)
    assert public is not None
    assert run(folder, f"sh check-signature.sh ledger.note '{public[1]}'").returncode == 0
    done = run(folder, f"sh check-signature.sh forged '{public[1]}'")
    assert done.returncode == 1
    assert "Verified Successfully" not in done.stdout


def test_the_shell_refuses_another_past(folder: Path) -> None:
    lines = (folder / "old.note").read_text().splitlines(keepends=True)
    lines[2] = base64.b64encode(bytes(32)).decode() + "\n"
    (folder / "forged").write_text("".join(lines))
    assert run(folder, "sh check-growth.sh old.note growth.proof").stdout == "grown from it\n"
    assert run(folder, "sh check-growth.sh forged growth.proof").returncode == 1


def test_every_event_and_every_growth_is_proven_to_the_shell(folder: Path) -> None:
    size = int((folder / "ledger.note").read_text().splitlines()[1])
    events = [json.loads(line)["id"] for line in (folder / "ledger.jsonl").read_text().splitlines()][:size]
    some = events[:: max(1, size // 6)]
    script = "".join(
        f"ainarres prove {at} --export ledger.jsonl > p; sh check-inclusion.sh p | tail -1\n" for at in some
    )
    done = run(folder, script)
    assert done.stdout.splitlines() == ["included"] * len(some), done.stderr


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("ainarres prove", "give a position"),
        ("ainarres prove 999999", "no event at 999999"),
        ("ainarres prove --since seal.key", "note:"),
        ("ainarres seal --key-file nothing", "seal --new-key"),
        ("chmod 644 seal.key; ainarres seal --key-file seal.key", "chmod 600"),
        ("chmod 600 seal.key; ainarres verify --against nothing", "nothing"),
        ("ainarres verify seal.key", "line 1"),
        ("ainarres import ledger.jsonl", "holds events already"),
        ("ainarres promote", "no imported copy"),
        ("ainarres create --home copy --lane nowhere --title x", "no lane"),
    ],
)
def test_what_goes_wrong_is_told_on_one_line_with_its_cure(folder: Path, command: str, said: str) -> None:
    done = run(folder, command)
    assert done.returncode in (2, 3, 7), done
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 1


def test_a_difference_is_exit_status_one(folder: Path) -> None:
    text = (folder / "ledger.jsonl").read_text()
    (folder / "altered.jsonl").write_text(text.replace("after the seal", "after the deal"))
    done = run(folder, "ainarres verify altered.jsonl --json")
    assert done.returncode == 1
    assert '"code": "root"' in done.stdout
