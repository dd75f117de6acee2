"""The text form of an envelope: short, safe to print, and ending in commands that can be typed."""

from __future__ import annotations

from typing import Any

from ainarres.cli import reply

TASK = {
    "id": "01a1fd91-c5c2-7cbb-a0b3-7429a83f4bf8",
    "title": "Parse \x1b[31mspans",
    "stage": "implementing",
    "cancelled": False,
    "blocked": False,
    "blocked_reason": None,
    "holder": "qwen-1",
    "lease_expires_at": "2026-11-21T10:52:08.054656Z",
    "payload": {"goal": "spans"},
    "artifacts": [{"type": "branch", "ref": "topic"}],
    "fence": 77,
}


def envelope(**more: Any) -> dict[str, Any]:
    return {"ok": True, "code": "ok", "reason": None, "task": None, "event": None, "next": [], "position": 1, **more}


def test_a_claim_tells_all_and_fills_the_fence_in() -> None:
    card = {"role": "implementer", "version": 2, "text": "# Card"}
    said = reply.text("next", envelope(task=TASK, next=["advance", "release"], card=card, resumed=True))
    assert said == (
        "next: ok (resumed)\n"
        "  …4bf8 [implementing] Parse \\x1b[31mspans\n"
        "  held by qwen-1 until 2026-11-21T10:52:08Z\n"
        "  id 01a1fd91-c5c2-7cbb-a0b3-7429a83f4bf8\n"
        "  fence 77\n"
        "  {\n"
        '    "goal": "spans"\n'
        "  }\n"
        "  branch topic\n"
        "role card: implementer version 2 (ainarres card implementer)\n"
        "next:\n"
        "  ainarres advance a83f4bf8 --fence 77\n"
        '  ainarres release a83f4bf8 --fence 77 --reason "…"'
    )


def test_a_move_is_typed_with_the_evidence_that_it_needs() -> None:
    moves = [{"verb": "advance", "to": "reviewing", "artifacts": ["commit", "trace"]}]
    said = reply.text("next", envelope(task=TASK, next=["advance"], moves=moves))
    assert said.endswith("next:\n  ainarres advance a83f4bf8 --fence 77 --commit SHA,base=SHA --artifact trace=REF")


def test_another_verb_is_brief() -> None:
    parked = TASK | {"holder": None, "blocked": True, "blocked_reason": "max attempts"}
    said = reply.text("release", envelope(code="blocked", reason="the last attempt", task=parked, next=["next"]))
    assert said == (
        "release: blocked — the last attempt\n"
        "  …4bf8 [implementing] Parse \\x1b[31mspans\n"
        "  blocked: max attempts\n"
        "next:\n"
        "  ainarres next"
    )


def test_a_refusal_is_told_with_what_helps() -> None:
    said = reply.text("claim", envelope(ok=False, code="conflict", reason="held by ann", holder="ann"))
    assert said == "claim: conflict — held by ann\n  holder: ann"


def test_lists_and_graphs_are_told_line_by_line() -> None:
    assert reply.text("family adopt", envelope(changed=["a: + role:x"], left=[])) == (
        "family adopt: ok\n  changed:\n    a: + role:x\nnext:\n  ainarres token issue --family FAMILY"
    )
    assert reply.text("create", envelope(tasks={"a": TASK["id"]})) == "create: ok\n  …4bf8 a\nnext:\n  ainarres board"
    kept = [{"family": "grok", "obstacles": [{"text": "need tier:2"}]}, {"family": "qwen", "obstacles": []}]
    assert reply.text("why", envelope(families=kept, could=["qwen"], history="ainarres history x")) == (
        "why: ok\n  could:\n    qwen\n  grok could not: need tier:2"
    )
