"""What people see of governance: in status, report, board, doctor and inbox, and never "nothing" for what is unread."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import timedelta
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.governance.test_epics import deliver
from tests.integration.governance.test_suspending import Mill, adopt, adopt_unknown
from tests.scene import CHEAP, DESIGNER, FRONTIER

from ainarres.cli.main import main
from ainarres.domain import commands as c

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.database import Clock
    from tests.scene import Scene

ROLE = "role:implementer"
AUDITORS = '[[family]]\nkey = "script+auditor"\nmaker = "us"\ncost_class = 0\ngrants = ["role:auditor"]\n'
OFFLINE = (("policy", "check"), ("governance", "simulate"))
"""Commands that ask no ledger."""


class Terminal:
    """Runs the program on the scene's database."""

    def __init__(self, scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
        self.scene, self._capsys = scene, capsys

    def __call__(self, *words: str, status: int = 0) -> str:
        where = () if words[:2] in OFFLINE else ("--url", self.scene.url)
        found = main([*words, *where])
        said = self._capsys.readouterr()
        assert found == status, said
        return said.out

    def read(self, *words: str, status: int = 0) -> Any:
        return json.loads(self(*words, "--json", status=status))


@pytest.fixture
def say(scene: Scene, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(scene, capsys)


def section(text: str, title: str) -> list[str]:
    """Return the lines under a title, up to the next one."""
    lines = text.splitlines()
    start = lines.index(f"{title}:") + 1
    ends = (place for place, line in enumerate(lines[start:], start) if line.endswith(":") and line[0] not in " -⚠⚑")
    return lines[start : next(ends, len(lines))]


def trouble(scene: Scene, clock: Clock) -> None:
    """A suspension, a revocation, a halt, a flag and a recommendation."""
    adopt(scene)
    Mill(scene).grind("xxxx")
    scene.ok(scene.human, c.RevokeCapability(family=FRONTIER, feature=ROLE, reason="never reads the task"))
    scene.ok(scene.human, c.AdoptFamilies(text=AUDITORS, source="a.toml"))
    auditor = scene.agent("script+auditor")
    for gap in ("error cases left out", "no names for the states"):
        scene.ok(auditor, c.RaiseFlag(family=DESIGNER, capability="role:designer", gap=gap))
    clock.advance(900)


LINES = [
    f"⚠ {ROLE} is HALTED: denied to {FRONTIER}, {CHEAP}, its every holder",
    f"- {FRONTIER} / {ROLE}: revoked until a person lifts it: never reads the task",
    f"- {CHEAP} / {ROLE}: suspended, heals in 45m (suspension 1): sequential: 4 faults in 4 submissions; 1h",
    f"- quality flag (warning) on {DESIGNER} / role:designer: no names for the states",
    f"- quality flag (warning) on {DESIGNER} / role:designer: error cases left out",
    f"⚑ {DESIGNER} / role:designer: 0 suspensions nobody lifted, 2 open flags; look at revoking for good",
]


def test_permanent_bans_and_suspensions_with_time_to_heal_are_in_status_and_report(
    scene: Scene, clock: Clock, say: Terminal
) -> None:
    clock.set(clock.now())
    trouble(scene, clock)
    for words in (("status",), ("report",), ("governance", "status")):
        assert sorted(section(say(*words), "governance")) == sorted(LINES), words
    board = say("board")
    for line in LINES:
        assert line[:60] in board
    found = say.read("status")["governance"]
    heals = {(row["family"], row["feature"]): row["heals_in_seconds"] for row in found["denials"]}
    assert heals == {(CHEAP, ROLE): 2700.0, (FRONTIER, ROLE): None}
    assert [row["capability"] for row in found["halted"]] == [ROLE]
    assert say.read("report")["governance"] == found == say.read("board")["governance"]
    doctor = say("doctor", status=1)
    assert f"BAD halted: {ROLE}: every holder is denied it" in doctor


def test_status_of_the_past_shows_what_was_denied_then(scene: Scene, clock: Clock, say: Terminal) -> None:
    trouble(scene, clock)
    first = say.read("governance", "status", "--at", "5")
    assert (first["denials"], first["flags"], first["policies"]) == ([], [], [])
    row = scene.human.connection.execute("SELECT max(position) FROM ledger.event").fetchone()
    assert row is not None
    assert len(say.read("status", "--at", str(row[0]))["governance"]["denials"]) == 2


def test_the_report_has_governance_in_every_form(scene: Scene, clock: Clock, say: Terminal) -> None:
    trouble(scene, clock)
    written = say("report", "--format", "md")
    assert "## governance: denied" in written
    assert f"{ROLE} is HALTED" in written
    page = say("report", "--format", "html")
    assert "<h2>governance: open flags</h2>" in page
    assert "<td>error cases left out</td>" in page
    schema = json.loads((files("ainarres.projections") / "account.json").read_text())
    document = say.read("report")
    for name in ("governance", "intake", "operator"):
        shape = schema["properties"][name]["anyOf"][0]
        assert set(document[name]) == set(shape["required"])
        for part, inner in shape["properties"].items():
            for one in document[name][part] if inner.get("type") == "array" else ():
                assert set(one) == set(inner["items"]["required"]), (name, part)


def test_nothing_to_say_is_said(scene: Scene, say: Terminal) -> None:
    text = say("report")
    for title in ("governance", "intake", "epics", "operator", "watch"):
        assert section(text, title) == ["  (none)"], title
    assert section(say("status"), "governance") == ["  (none)"]
    assert say("inbox") == "inbox: empty; nothing awaits a person\n"
    assert say.read("inbox") == {"inbox": []}


@contextmanager
def hidden(scene: Scene, table: str) -> Iterator[None]:
    with scene.owner() as owner:
        owner.execute(f"REVOKE SELECT ON {table} FROM ainarres_app")
        try:
            yield
        finally:
            owner.execute(f"GRANT SELECT ON {table} TO ainarres_app")


def test_all_clear_is_never_claimed_of_what_cannot_be_read(scene: Scene, clock: Clock, say: Terminal) -> None:
    """A view that failed was an empty one, and an empty one was good news."""
    with hidden(scene, "projection.flag"):
        unread = ["  could not be read: permission denied for table flag"]
        for words, status in ((("status",), 0), (("report",), 0), (("governance", "status"), 1)):
            assert section(say(*words, status=status), "governance") == unread, words
        assert say.read("report")["governance"] == {"unreadable": "permission denied for table flag"}
        for form in ("md", "html"):
            written = say("report", "--format", form)
            assert "could not be read" in written
            assert "permission denied for table flag" in written
        assert "could not be read" in say("board")
        assert "BAD governance: could not be read" in say("doctor", status=1)
        kinds = {(item["kind"], item["subject"]) for item in say.read("inbox")["inbox"]}
        assert kinds == {("unreadable", "flags"), ("unreadable", "recommendations")}
        assert "empty" not in say("inbox")
    with hidden(scene, "statistics.act"):
        told = say("report")
        assert section(told, "operator") == ["  could not be read: permission denied for table act"]
        assert section(told, "governance") == ["  (none)"]


def test_a_policy_that_cannot_be_evaluated_is_broken_in_doctor_status_and_inbox(scene: Scene, say: Terminal) -> None:
    adopt(scene)
    adopt_unknown(scene)
    Mill(scene).grind("x")
    line = "policy odd version 1 is BROKEN, it judges nobody"
    assert section(say("status"), "governance")[0].startswith(f"⚠ {line}")
    assert "BAD policy: odd version 1 cannot be evaluated" in say("doctor", status=1)
    (item,) = say.read("inbox")["inbox"]
    assert (item["kind"], item["subject"], item["acts"]) == ("broken_policy", "odd", ["ainarres policy adopt odd.toml"])
    assert item["what"].startswith(line)


def test_the_inbox_has_every_kind_with_its_evidence_and_act(scene: Scene, clock: Clock, say: Terminal) -> None:
    clock.set(clock.now())
    trouble(scene, clock)
    scene.task("nobody asks for it")
    brief = scene.brief("the shop")
    scene.ok(scene.human, c.Cancel(task=scene.task(epic=brief), reason="not needed"))
    scene.ok(scene.human, c.LiftDenial(family=CHEAP, feature=ROLE, reason="the fixture was wrong"))
    shipped = deliver(scene, brief, "the cart")
    scene.ok(scene.human, c.Block(task=(parked := scene.task("parked")), reason="which format?"))
    operator = scene.session(scene.token(None, "seat", scope="operator"))
    acted = scene.ok(operator, c.PauseLane(lane="web/dev", reason="release day")).position
    clock.advance(3600)
    items = {item["kind"]: item for item in say.read("inbox")["inbox"]}
    assert set(items) == {"epic", "recommend_revocation", "flag", "blocked", "starving", "operator_act"}
    ends = {name: task.replace("-", "")[-8:] for name, task in (("brief", brief), ("parked", parked))}
    assert items["epic"]["evidence"][0] == "1 of 2 tasks done, 1 given up"
    assert shipped[-4:] in items["epic"]["evidence"][1]
    assert items["epic"]["evidence"][1].endswith("the cart: commit " + "b" * 40)
    assert items["epic"]["acts"][0] == f"ainarres verdict {ends['brief']} accept"
    assert items["blocked"]["evidence"][0].startswith("which format?")
    assert items["blocked"]["acts"][0] == f'ainarres unblock {ends["parked"]} --reason "…"'
    assert items["recommend_revocation"]["acts"][0] == f'ainarres revoke {DESIGNER} role:designer --reason "…"'
    assert items["starving"]["subject"] == "web/dev/proposed"
    assert items["operator_act"]["acts"] == [f'ainarres instruct {acted} --instruction "…" --instructed-by NAME']
    assert items["operator_act"]["evidence"] == ["release day"]
    text = say("inbox")
    assert "    $ ainarres verdict" in text


def test_the_commands_of_the_inbox_settle_what_they_stand_beside(scene: Scene, clock: Clock, say: Terminal) -> None:
    adopt(scene)
    brief = scene.brief("the shop")
    deliver(scene, brief)
    scene.ok(scene.human, c.Block(task=scene.task("parked"), reason="which format?"))
    scene.ok(scene.human, c.AdoptFamilies(text=AUDITORS, source="a.toml"))
    scene.ok(scene.agent("script+auditor"), c.RaiseFlag(family=CHEAP, gap="odd"))
    operator = scene.session(scene.token(None, "seat", scope="operator"))
    scene.ok(operator, c.PauseLane(lane="web/dev", reason="release day"))
    for family in (CHEAP, FRONTIER):
        scene.ok(scene.human, c.Suspend(family=family, feature=ROLE, reason="look first"))
    left = say.read("inbox")["inbox"]
    assert {item["kind"] for item in left} == {"epic", "blocked", "flag", "operator_act", "halted"}
    for item in left:
        words = item["acts"][-1 if item["kind"] == "blocked" else 0].split()[1:]
        filled = [word.replace('"…"', "because").replace("NAME", "hana") for word in words]
        assert say.read(*filled)["ok"], item
    assert say.read("inbox")["inbox"] == []


def test_operators_acts_stand_in_the_report_with_the_word_they_had(scene: Scene, clock: Clock, say: Terminal) -> None:
    operator = scene.session(scene.token(None, "seat", scope="operator"))
    scene.ok(
        operator, c.PauseLane(lane="web/dev", reason="r", instruction="pause for the release", instructed_by="hana")
    )
    scene.ok(operator, c.ResumeLane(lane="web/dev", reason="released"))
    assert section(say("report"), "operator") == [
        "  2 acts · 1 without an instruction",
        "- seat LaneResumed lane-web/dev — no instruction",
        "- seat LanePaused lane-web/dev — pause for the release by hana",
    ]
    assert say.read("report")["operator"]["uninstructed"] == 1
    assert say.read("rebuild", "--check")["equal"]


def test_a_suspension_that_ran_out_is_shown_no_more_though_nobody_said_so(
    scene: Scene, clock: Clock, say: Terminal
) -> None:
    scene.ok(scene.human, c.Suspend(family=CHEAP, feature=ROLE, reason="look first", period="1h"))
    assert "heals in" in section(say("status"), "governance")[0]
    clock.advance(timedelta(hours=1).total_seconds() + 1)
    assert section(say("status"), "governance") == ["  (none)"]
