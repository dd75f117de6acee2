"""A standby named in the url by mistake: whoever would work with it is told so, and backups are made of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.failover import Pair
from bench.soak.ground import folder

from ainarres.cli.main import main
from ainarres.database import backup, embedded

if TYPE_CHECKING:
    import pytest


def test_a_standby_is_refused_by_name_and_can_be_backed_up(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with folder("ainarres-standby-") as name:
        pair = Pair(Path(name), synchronous=False)
        try:
            url = embedded.owner_url(pair.standby.home)
            for words in (["create", "--lane", "dev", "--title", "t"], ["status"], ["verify"], ["report"]):
                assert main([*words, "--url", url]) == 75, words
                said = capsys.readouterr().err
                assert "this server is a standby" in said
                assert "target_session_attrs=read-write" in said
                assert said.count("\n") == 1
            assert main(["doctor", "--url", url]) == 1
            assert "this server is a standby" in capsys.readouterr().out
            path, _ = backup.dump(url, tmp_path, "b", 1)
            assert path.stat().st_size
        finally:
            pair.close()
