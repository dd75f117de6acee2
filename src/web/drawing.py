"""What the pages show, drawn from the documents that the reads answer with; no text reaches a page unescaped."""

from __future__ import annotations

import json
import shlex
import uuid
from typing import TYPE_CHECKING, Any

from ainarres.domain.duration import show
from ainarres.projections.wording import amount, percent, short
from ainarres.web.markup import Markup, block, join, tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Document = dict[str, Any]
FORMS = {
    "unblock": ("task",),
    "cancel": ("task",),
    "flag resolve": ("flag",),
    "revoke": ("family", "feature"),
    "lift": ("family", "feature"),
    "verdict": ("epic", "verdict"),
    "instruct": ("position",),
}
"""Verbs that the inbox offers, with the fields that their commands give by place."""
_TASK = (
    ("lane", "lane"),
    ("stage", "stage"),
    ("holder", "held by"),
    ("holder_family", "family"),
    ("lease_expires_at", "lease until"),
    ("blocked_reason", "blocked because"),
    ("priority", "priority"),
    ("attempts", "attempts"),
    ("rework", "rework"),
    ("version", "version"),
    ("created_at", "created"),
)


def board(found: Document) -> Markup:
    """Draw the lanes: a column a stage, a card a task."""
    lanes = found["lanes"]
    if not lanes:
        return join(tag("h1", "Board"), tag("p", "No lanes yet: adopt a project with `ainarres project adopt FILE`."))
    return join(tag("h1", "Board"), [_lane(one) for one in lanes])


def _lane(lane: Document) -> Markup:
    name = f"lane-{lane['lane']}"
    title = lane["lane"] + (" (paused)" if lane["paused"] else "")
    columns = [_column(column, f"{name}-{place}") for place, column in enumerate(lane["columns"])]
    return tag("section", tag("h2", title, id=name), tag("div", columns, class_="columns"), aria_labelledby=name)


def _column(column: Document, name: str) -> Markup:
    cards = column["cards"]
    more = column["count"] - len(cards)
    return tag(
        "section",
        tag("h3", f"{column['stage']} ({column['count']})", id=name),
        tag("ul", [_card(card) for card in cards], aria_labelledby=name) if cards else tag("p", "empty"),
        tag("p", f"and {more} more") if more > 0 else None,
        aria_labelledby=name,
    )


def _card(card: Document) -> Markup:
    age, left = show(card["age_seconds"]), card["lease_seconds_left"]
    who = card["family"] or card["holder"] or "somebody"
    words: dict[str, str] = {
        "held": f"held by {who} for {age}",
        "abandoned": f"abandoned by {who}",
        "blocked": f"blocked: {card['reason'] or 'no reason given'}",
        "waiting": "waits on other tasks",
        "done": "done",
        "open": f"open for {age}" + (f", needs tier {card['tier']}" if card["tier"] else ""),
    }
    lease = None
    if card["state"] == "held" and left is not None:
        text = f"{show(left)} of the lease left"
        whole = max(1.0, card["age_seconds"] + left)
        lease = tag("meter", text, min=0, max=round(whole), value=round(left), aria_label=text, title=text)
    link = tag("a", f"{short(card['task'])} {card['title']}", href=f"/task/{card['task']}")
    return tag("li", link, tag("p", words[card["state"]]), lease, class_=f"card {card['state']}")


def task(found: Document, history: Document, why: Document | None) -> Markup:
    """Draw one task: how it stands, why it does not move, what it waits on, everything that happened."""
    facts = [(words, found[name]) for name, words in _TASK if found.get(name) is not None]
    near = [
        _table(title, ("task", "stage", "title"), [(_link(one["task"]), one["stage"], one["title"]) for one in rows])
        for title, rows in (("Waits on", found["prerequisites"]), ("Is awaited by", found["dependents"]))
        if rows
    ]
    artifacts = [(one["type"], one["ref"], one.get("digest") or "") for one in found["artifacts"]]
    return join(
        tag("h1", f"{short(found['task'])} {found['title']}"),
        tag("dl", [join(tag("dt", words), tag("dd", value)) for words, value in facts]),
        tag("p", tag("strong", "Why: "), why["reason"]) if why and why.get("reason") else None,
        near,
        _table("Artifacts", ("type", "reference", "digest"), artifacts) if artifacts else None,
        join(tag("h2", "Payload"), block(json.dumps(found["payload"], indent=2, ensure_ascii=False)))
        if found["payload"]
        else None,
        _events(history["events"], "What happened"),
    )


def families(found: Document, report: Document) -> Markup:
    """Draw who may do what, and how it went."""
    rows = [
        (
            one["key"],
            one["maker"],
            ", ".join(one["grants"]) or "none",
            ", ".join(f"{denial['feature']}: {denial['reason']}" for denial in one["denials"]) or "nothing",
        )
        for one in found["families"]
    ]
    record = [
        (
            one["family"],
            f"{one['capability'] or 'unknown'} [{one['stage']}]",
            one["delivered"],
            _rate(one["first_pass_rate"]),
            f"{one['rejected']} of {one['submissions']}",
            amount(one["tokens_per_delivery"]),
        )
        for one in report["track_record"]
    ]
    return join(
        tag("h1", "Families"),
        _table("What they may do", ("family", "maker", "grants", "denied"), rows),
        _table("Track record", ("family", "work", "delivered", "first pass", "rejected", "tokens a delivery"), record),
        tag("p", "Charts, and who reviewed whom: ", tag("a", "the report", href="/report"), "."),
    )


def inbox(found: Document, csrf: str) -> Markup:
    """Draw what awaits a person, each with the form that acts on it."""
    items = found["inbox"]
    if not items:
        return join(tag("h1", "Inbox"), tag("p", "Empty: nothing awaits a person."))
    return join(tag("h1", f"Inbox ({len(items)})"), [_item(item, csrf, place) for place, item in enumerate(items)])


def _item(item: Document, csrf: str, place: int) -> Markup:
    name = f"item-{place}"
    return tag(
        "section",
        tag("h2", item["what"], id=name),
        tag("p", item["kind"].replace("_", " ")),
        tag("ul", [tag("li", one) for one in item["evidence"]]) if item["evidence"] else None,
        [_act(act, csrf, f"{name}-{number}", name) for number, act in enumerate(item["acts"])],
        class_="item",
        aria_labelledby=name,
    )


def _act(act: str, csrf: str, name: str, about: str) -> Markup:
    """Draw a command as the form that says it; one that is no verb of the inbox's stays words."""
    command = tag("p", "On the command line: ", tag("code", act))
    words = shlex.split(act)[1:]
    verb = next((one for one in FORMS if words[: len(one.split())] == one.split()), None)
    if verb is None:
        return command
    values, asked = {"verb": verb.replace(" ", "-"), "csrf": csrf, "key": str(uuid.uuid4())}, []
    rest = iter(words[len(verb.split()) :])
    places = iter(FORMS[verb])
    for word in rest:
        field, value = (word[2:].replace("-", "_"), next(rest)) if word.startswith("--") else (next(places), word)
        if value in ("…", "NAME"):
            asked.append(field)
        else:
            values[field] = value
    inputs = [
        tag("label", one.replace("_", " ").capitalize(), tag("input", name=one, required=True, id=f"{name}-{one}"))
        for one in asked
    ]
    said = " ".join([verb, *(values[field] for field in ("verdict",) if field in values)]).capitalize()
    button = tag("button", said, aria_describedby=about)
    hidden = [tag("input", type="hidden", name=key, value=value) for key, value in values.items()]
    return join(tag("form", hidden, inputs, button, method="post", action="/act", class_="act"), command)


def ledger(found: Document, position: int) -> Markup:
    """Draw the newest events."""
    note = tag(
        "p", f"The ledger is complete up to position {position}; `ainarres verify` proves that nobody altered it."
    )
    return join(tag("h1", "Ledger"), note, _events(found["events"][::-1], "Newest events first"))


def said(envelope: Mapping[str, Any]) -> Markup:
    """Draw what came of an act."""
    good = envelope["ok"]
    return tag("p", "Done." if good else envelope["reason"], class_="said" if good else "said no", role="status")


def trouble(title: str, words: str) -> Markup:
    """Draw a page that could not be."""
    return join(tag("h1", title), tag("p", words))


def _events(events: Iterable[Document], title: str) -> Markup:
    rows = [
        (one["position"], one["recorded_at"][:19].replace("T", " "), one["type"], _link(one.get("task")),
         one.get("actor") or "", _gist(one.get("body") or {}))
        for one in events
    ]  # fmt: skip
    return _table(title, ("position", "time (UTC)", "event", "task", "by", "what"), rows)


def _gist(body: Mapping[str, Any]) -> str:
    moved = f"{body['from_stage']} → {body['to_stage']} " if body.get("to_stage") else ""
    words = next((body[name] for name in ("reason", "note", "text", "title", "feature") if body.get(name)), "")
    return (moved + str(words))[:200]


def _link(task: str | None) -> Markup | str:
    return tag("a", short(task), href=f"/task/{task}") if task else ""


def _rate(rate: Mapping[str, Any]) -> str:
    between = "" if rate["low"] is None else f" ({rate['low'] * 100:.0f}-{rate['high'] * 100:.0f}%)"
    return f"{percent(rate['value'])}{between}, n={rate['of']}"


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> Markup:
    if not rows:
        return tag("p", f"{title}: none.")
    head = tag("thead", tag("tr", [tag("th", one, scope="col") for one in heads]))
    body = tag("tbody", [tag("tr", [tag("td", cell) for cell in row]) for row in rows])
    return tag("table", tag("caption", title), head, body)
