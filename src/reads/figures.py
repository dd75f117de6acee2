"""Questions about a run: the report and its parts, who reviewed whom, what work waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ainarres.projections import account, glance, page, sheet
from ainarres.projections import demand as demands
from ainarres.projections.governed import Unread
from ainarres.projections.wording import NONE, amount, printable
from ainarres.reads.asking import Answer, Asker

if TYPE_CHECKING:
    from ainarres.projections.account import Account
    from ainarres.projections.moments import Moment
    from ainarres.reads import question as q


def report(asker: Asker, asked: q.Report) -> Answer:
    """Answer ``Report``."""
    found = account.gather(
        asker.connection,
        lane=asker.lane(asked.lane),
        epic=asker.epic(asked.epic),
        since=asker.moment(asked.from_, "from"),
        at=asker.moment(asked.at),
        limit=asked.limit,
        caller=asker.caller,
    )
    when = _when(found, asked.at)
    forms = {"md": lambda: sheet.markdown(found), "html": lambda: page.html(found)}
    return Answer(found.to_json(), lambda: when + found.text(full=asked.full), forms)


def reviews(asker: Asker, asked: q.Reviews) -> Answer:
    """Answer ``Reviews``."""
    moment = asker.moment(asked.at)
    figures, span, lag = account.judged(
        asker.connection,
        lane=asker.lane(asked.lane),
        epic=asker.epic(asked.epic),
        since=asker.moment(asked.from_, "from"),
        at=moment,
    )
    document = {"position": span.upto, "after": span.after, "lag": lag, **figures.to_json()}
    when = "" if moment is None else f"{moment}\n"
    return Answer(document, lambda: when + sheet.reviews_text(figures, asked.by))


def spend(asker: Asker, asked: q.Spend) -> Answer:
    """Answer ``Spend``."""
    found = _gather(asker, asked, since=asker.moment(asked.from_, "from"))
    record = found.record.to_json()
    names = ("family", "stage", "capability", "delivered", "tokens_per_delivery")
    document = {
        "as_of": found.moment.to_json(),
        "lag": found.lag,
        "deliveries": [{name: row[name] for name in names} for row in record["records"]],
        "moved_nothing": record["moved_nothing"],
    }

    def text() -> str:
        lines = ["tokens a delivery:"]
        lines += [
            f"- {printable(one.family)} [{printable(one.stage)}]: {one.delivered} delivered, "
            f"{amount(one.tokens_per_delivery)} tokens each"
            for one in found.record.records
        ] or [NONE]
        lines.append("spend that moved nothing:")
        lines += [
            f"- {printable(one.family)}: {amount(one.tokens_moved_nothing)} tokens, {one.empty_claims} empty claims"
            for one in found.record.idle
        ] or [NONE]
        return _when(found, asked.at) + "\n".join(lines)

    return Answer(document, text)


def epics(asker: Asker, asked: q.Epics) -> Answer:
    """Answer ``Epics``."""
    found = _gather(asker, asked)
    lines = ["epics:", *([f"- {account.epic_line(one)}" for one in found.epics] or [NONE])]
    document = _part(found, epics=[one.to_json() for one in found.epics])
    return Answer(document, lambda: _when(found, asked.at) + "\n".join(lines))


def watch(asker: Asker, asked: q.Watch) -> Answer:
    """Answer ``Watch``; where it cannot be read the answer says so, and fails."""
    found = _gather(asker, asked)
    if isinstance(found.watch, Unread):
        document, lines, whole = _part(found, watch=found.watch.to_json()), found.watch.lines(), False
    else:
        document, whole = _part(found, watch=[one.to_json() for one in found.watch]), True
        lines = [f"- {account.finding_line(one)}" for one in found.watch] or [NONE]
    return Answer(document, lambda: _when(found, asked.at) + "\n".join(["watch:", *lines]), whole=whole)


def demand(asker: Asker, asked: q.Demand) -> Answer:
    """Answer ``Demand``."""
    lane = asker.lane(asked.lane)
    with asker.at(asked.at) as when:
        found, now = demands.read(asker.connection, lane), glance.read_clock(asker.connection)
    return Answer({"demand": [one.to_json(now) for one in found]}, lambda: when + demands.render(found, now))


def _gather(asker: Asker, asked: q.Spend | q.Epics | q.Watch, since: Moment | None = None) -> Account:
    lane, at = asker.lane(asked.lane), asker.moment(asked.at)
    return account.gather(asker.connection, lane=lane, since=since, at=at, caller=asker.caller)


def _when(found: Account, at: str | None) -> str:
    return "" if at is None else f"{found.moment}\n"


def _part(found: Account, **part: Any) -> dict[str, Any]:
    return {"as_of": found.moment.to_json(), "lag": found.lag, **part}
