"""Adoption: a definition has force once it is an event, and adopting what stands already is no news."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from ainarres.database.queries import load
from ainarres.domain import events as e
from ainarres.domain.card import read_card
from ainarres.domain.definition import read_workflow
from ainarres.domain.difference import change_family
from ainarres.domain.fact import Fact
from ainarres.domain.family import Family, read_families
from ainarres.domain.feature import ALWAYS_KNOWN
from ainarres.domain.project import read_project
from ainarres.domain.refusal import Refusal
from ainarres.domain.source import Problem
from ainarres.domain.workflow import Workflow
from ainarres.projections import declared
from ainarres.verbs.answer import Answer
from ainarres.verbs.ids import new_id
from ainarres.verbs.unit import Halt

if TYPE_CHECKING:
    from ainarres.domain.commands import (
        AdoptCard,
        AdoptFamilies,
        AdoptProject,
        AdoptWorkflow,
        LiftDenial,
        OpenLedger,
        PauseLane,
        ResumeLane,
        RevokeCapability,
    )
    from ainarres.domain.context import Scope
    from ainarres.domain.events import Event
    from ainarres.domain.project import Lane
    from ainarres.verbs.unit import Row, Unit

SQL = load("ainarres.verbs", "definitions.sql")
_T = TypeVar("_T")


def begin(unit: Unit) -> None:
    """Start a verb on definitions, grants or credentials: one at a time, so that what it finds stands until it is done
    and no later version is built on an earlier look.
    """
    unit.start((SQL["one_at_a_time"], None))


def require(unit: Unit, scope: Scope, what: str) -> None:
    """End the verb unless the caller's credential includes ``scope``."""
    if not unit.caller.may(scope):
        text = f"{what} needs a credential of scope {scope}; yours is {unit.caller.scope}"
        raise Halt(Refusal("not_eligible", text, {"missing": [scope]}))


def fact(unit: Unit, stream: str, event: Event, **more: Any) -> Fact:
    """Return a fact of a stream other than a task's, stamped with the caller and the time."""
    return Fact(
        event=event,
        stream=stream,
        version=unit.next_version(stream),
        recorded_at=unit.now,
        actor=unit.caller.actor,
        family=unit.caller.family,
        credential=unit.caller.credential,
        **more,
    )


def open_ledger(unit: Unit, command: OpenLedger) -> Answer:  # noqa: ARG001 - the signature of all verbs
    """Append the first event, once."""
    begin(unit)
    require(unit, "human", "opening a ledger")
    row = unit.row(SQL["ledger"])
    if row is not None:
        return Answer(extra={"ledger": str(row["id"])})
    opened = e.LedgerOpened(id=new_id(unit.now))
    unit.add(fact(unit, "ledger", opened))
    return Answer(extra={"ledger": str(opened.id)})


def adopt_workflow(unit: Unit, command: AdoptWorkflow) -> Answer:
    """Give a workflow force under the next version number."""
    begin(unit)
    require(unit, "human", "adopting a workflow")
    cards = {row["role"] for row in unit.rows(SQL["cards"])}
    workflow = read_or_halt(read_workflow(command.text, command.source, cards))
    newest = unit.row(SQL["newest"], {"key": workflow.key})
    if newest is not None and newest["digest"] == workflow.digest():
        return Answer(extra={"workflow": workflow.key, "version": newest["version"], "changed": False})
    version = 1 if newest is None else newest["version"] + 1
    adopted = e.WorkflowAdopted(
        key=workflow.key, version=version, digest=workflow.digest(), definition=workflow.to_json()
    )
    unit.add(fact(unit, f"workflow-{workflow.key}", adopted))
    return Answer(extra={"workflow": workflow.key, "version": version, "changed": True})


def adopt_card(unit: Unit, command: AdoptCard) -> Answer:
    """Publish a role card under the next version number."""
    card = read_or_halt(read_card(command.text, f"{command.role}.md"))
    begin(unit)
    require(unit, "human", "publishing a role card")
    newest = unit.row(SQL["newest_card"], {"role": card.role})
    if newest is not None and newest["digest"] == card.digest:
        return Answer(extra={"card": card.role, "version": newest["version"], "changed": False})
    version = 1 if newest is None else newest["version"] + 1
    adopted = e.CardAdopted(role=card.role, version=version, digest=card.digest, text=card.text)
    unit.add(fact(unit, f"card-{card.role}", adopted))
    return Answer(extra={"card": card.role, "version": version, "changed": True})


def adopt_project(unit: Unit, command: AdoptProject) -> Answer:
    """Register a project and open or change its lanes; a lane left out of the file stays as it is, and is named."""
    begin(unit)
    require(unit, "human", "adopting a project")
    workflows = {row["key"]: Workflow.from_json(row["definition"]) for row in unit.rows(SQL["workflows"])}
    project = read_or_halt(read_project(command.text, command.source, workflows))
    standing = unit.row(SQL["project"], {"key": project.key})
    if standing is None or standing["digest"] != project.digest():
        registered = e.ProjectRegistered(
            key=project.key, title=project.title, repository=project.repository, digest=project.digest()
        )
        unit.add(fact(unit, f"project-{project.key}", registered))
    lanes = {row["key"]: row for row in unit.rows(SQL["lanes_of"], {"project": project.key})}
    for lane in project.lanes:
        key = f"{project.key}/{lane.key}"
        if (event := _lane_event(project.key, lane, lanes.pop(key, None))) is not None:
            unit.add(fact(unit, f"lane-{key}", event))
    changed = [changed_project(one) for one in unit.facts]
    return Answer(extra={"project": project.key, "changed": changed, "left": sorted(lanes)})


def changed_project(told: Fact) -> str:
    """Say in a few words what an adoption changed about a project."""
    kind, _, key = told.stream.partition("-")
    return f"{kind} {key}"


def _lane_event(project: str, lane: Lane, row: Row | None) -> Event | None:
    said: dict[str, Any] = {
        "project": project,
        "key": lane.key,
        "title": lane.title,
        "workflow": lane.workflow,
        "settings": lane.settings(),
    }
    if row is None:
        return e.LaneOpened(**said)
    same = all(row[name] == said[name] for name in ("title", "workflow", "settings"))
    return None if same else e.LaneChanged(**said)


def adopt_families(unit: Unit, command: AdoptFamilies) -> Answer:
    """Register families and bring their grants to what the file says; families it leaves out stay as they are."""
    begin(unit)
    require(unit, "human", "adopting families")
    families = read_or_halt(read_families(command.text, command.source, known_features(unit)))
    for family in families:
        _bring(unit, family)
    changed = [changed_family(one) for one in unit.facts]
    return Answer(extra={"families": [family.key for family in families], "changed": changed})


def changed_family(told: Fact) -> str:
    """Say in a few words what an adoption changed about a family."""
    family = told.stream.removeprefix("family-")
    match told.event:
        case e.FeatureGranted(feature=feature):
            return f"{family}: + {feature}"
        case e.FeatureWithdrawn(feature=feature):
            return f"{family}: - {feature}"
    return f"{family}: {'registered' if told.version == 1 else 'declared anew'}"


def known(unit: Unit, family: str | None = None, *features: str, field: str = "feature") -> None:
    """End the verb unless the family and the features it names mean something here."""
    found = [] if family is None else [declared.family(unit.connection, family)]
    found += [declared.feature(unit.connection, one, field) for one in features]
    for one in found:
        if isinstance(one, Refusal):
            raise Halt(one)


def known_features(unit: Unit) -> frozenset[str]:
    """Return the features that some adopted workflow asks for or some lane answers to."""
    asked = {f for row in unit.rows(SQL["workflows"]) for f in Workflow.from_json(row["definition"]).features}
    lanes = {f"lane:{key}" for key in unit.rows(SQL["lane_keys"])[0]["keys"]}
    return frozenset(asked | lanes | ALWAYS_KNOWN)


def _bring(unit: Unit, family: Family) -> None:
    stream, row = f"family-{family.key}", unit.row(SQL["family"], {"key": family.key})
    change = change_family(None if row is None else _as_declared(row), family)
    if change.declared:
        registered = e.FamilyRegistered(
            key=family.key,
            label=family.label,
            maker=family.maker,
            cost_class=family.cost_class,
            skills=family.skills,
            description=family.description,
        )
        unit.add(fact(unit, stream, registered))
    for feature in change.granted:
        unit.add(fact(unit, stream, e.FeatureGranted(feature=feature)))
    for feature in change.withdrawn:
        unit.add(fact(unit, stream, e.FeatureWithdrawn(feature=feature)))


def _as_declared(row: Row) -> Family:
    """Return the declaration that a family's row came from; what its skills stand for is no grant of its own."""
    skills = {f"skill:{skill}" for skill in row["skills"]}
    said = {name: row[name] for name in ("key", "label", "maker", "cost_class", "skills", "description")}
    return Family(**said, grants=tuple(feature for feature in row["grants"] if feature not in skills))


def revoke_capability(unit: Unit, command: RevokeCapability) -> Answer:
    """Deny a family a feature until a person lifts it."""
    begin(unit)
    require(unit, "human", "revoking a capability")
    known(unit, command.family, command.feature)
    denied = unit.row(SQL["denial"], {"family": command.family, "feature": command.feature})
    if denied is None or denied["until"] is not None:
        revoked = e.CapabilityRevoked(feature=command.feature, reason=command.reason)
        unit.add(fact(unit, f"family-{command.family}", revoked, subject_family=command.family))
    return Answer(extra={"family": command.family, "feature": command.feature})


def lift_denial(unit: Unit, command: LiftDenial) -> Answer:
    """Lift whatever denies a family a feature."""
    begin(unit)
    require(unit, "human", "lifting a denial")
    known(unit, command.family)
    if unit.row(SQL["denial"], {"family": command.family, "feature": command.feature}) is None:
        text = f"nothing denies {command.family} {command.feature}; see `ainarres families`"
        raise Halt(Refusal("conflict", text))
    lifted = e.DenialLifted(feature=command.feature, reason=command.reason)
    unit.add(fact(unit, f"family-{command.family}", lifted, subject_family=command.family))
    return Answer(extra={"family": command.family, "feature": command.feature})


def pause_lane(unit: Unit, command: PauseLane) -> Answer:
    """Stop claims on a lane; paused already is no news."""
    return _set_paused(unit, command.lane, e.LanePaused(reason=command.reason))


def resume_lane(unit: Unit, command: ResumeLane) -> Answer:
    """Open claims on a lane again; open already is no news."""
    return _set_paused(unit, command.lane, e.LaneResumed(reason=command.reason))


def _set_paused(unit: Unit, name: str, event: e.LanePaused | e.LaneResumed) -> Answer:
    begin(unit)
    require(unit, "operator", "pausing or resuming a lane")
    lane = unit.lane(name)
    if lane["paused"] != isinstance(event, e.LanePaused):
        unit.add(fact(unit, f"lane-{lane['key']}", event, project=lane["project"]))
    return Answer(extra={"lane": lane["key"], "paused": isinstance(event, e.LanePaused)})


def read_or_halt(found: _T | tuple[Problem, ...]) -> _T:
    """Return what was read, or end the verb with every problem found."""
    if isinstance(found, tuple) and found and isinstance(found[0], Problem):
        said = "\n".join(str(problem) for problem in found)
        problems = [
            {"source": p.source, "line": p.line, "field": p.field, "message": p.message, "cure": p.cure} for p in found
        ]
        raise Halt(Refusal("invalid", said, {"field": found[0].field, "problems": problems}))
    return cast("_T", found)
