"""Every command of the release, once: where it stands, what runs it, and an example that works.

Verbs name a command model, whose fields become arguments and options; other commands name a function, whose signature
typer reads. ``reference`` makes ``table.json``, from which the program starts, and docs/cli.md of both; nothing imports
this module at run time.
"""

from __future__ import annotations

from dataclasses import dataclass

GROUPS = {
    "start": "Begin and end",
    "agent": "Work as an agent",
    "watch": "See what goes on",
    "operate": "Run the board",
    "govern": "Judge families",
    "audit": "Check the ledger",
}


@dataclass(frozen=True, slots=True)
class Verb:
    """A command that appends events: words on the command line, model, fields given by place, example."""

    words: str
    model: str
    group: str
    example: str
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Act:
    """Any other command: ``function`` is ``module:name`` within this package."""

    words: str
    function: str
    group: str
    example: str


VERBS = (
    Verb("next", "Next", "agent", "ainarres next --lane web/dev --wait 30s"),
    Verb("claim", "Claim", "agent", "ainarres claim --lane web/dev"),
    Verb("progress", "Progress", "agent", 'ainarres progress d25d --note "parser done, tests next"', ("task",)),
    Verb(
        "advance",
        "Advance",
        "agent",
        "ainarres advance d25d --commit 4f2a91c --branch ainarres/d25d --note ready",
        ("task",),
    ),
    Verb("reject", "Reject", "agent", 'ainarres reject d25d --reason "fails on an empty list"', ("task",)),
    Verb("release", "Release", "agent", 'ainarres release d25d --reason "no access to the repository"', ("task",)),
    Verb("block", "Block", "agent", 'ainarres block d25d --reason "needs a decision on the format"', ("task",)),
    Verb("heartbeat", "Heartbeat", "agent", "ainarres heartbeat d25d", ("task",)),
    Verb("done", "Done", "agent", 'ainarres done --note "as designed" --claim-next', ("task",)),
    Verb(
        "create",
        "Create",
        "agent",
        """ainarres create --lane web/dev --title "Add a parser" --payload '{"validate": "pytest"}'""",
    ),
    Verb("why", "Why", "watch", "ainarres why d25d", ("task",)),
    Verb("apply", "Apply", "operate", 'ainarres apply feature --lane web/dev --title "Export as CSV"', ("text",)),
    Verb("unblock", "Unblock", "operate", 'ainarres unblock d25d --reason "format is decided"', ("task",)),
    Verb("cancel", "Cancel", "operate", 'ainarres cancel d25d --reason "no longer wanted"', ("task",)),
    Verb("amend", "Amend", "operate", "ainarres amend d25d --priority 5", ("task",)),
    Verb("note", "Note", "operate", 'ainarres note d25d "the fixture is in tests/data"', ("task", "text")),
    Verb("waive", "Waive", "operate", 'ainarres waive d25d --reason "one maker left tonight"', ("task",)),
    Verb("lane pause", "PauseLane", "operate", 'ainarres lane pause web/dev --reason "release day"', ("lane",)),
    Verb("lane resume", "ResumeLane", "operate", 'ainarres lane resume web/dev --reason "released"', ("lane",)),
    Verb("stop", "Stop", "operate", 'ainarres stop --reason "the repository moves tonight"'),
    Verb("sweep", "Sweep", "operate", "ainarres sweep"),
    Verb("usage", "Usage", "operate", "ainarres usage worker-1 --input-tokens 5210 --output-tokens 840", ("agent",)),
    Verb("family adopt", "AdoptFamilies", "operate", "ainarres family adopt families.toml", ("text",)),
    Verb("workflow adopt", "AdoptWorkflow", "operate", "ainarres workflow adopt dev.toml", ("text",)),
    Verb(
        "workflow migrate",
        "MigrateTasks",
        "operate",
        """ainarres workflow migrate dev --stages '{"checking": "reviewing"}'""",
        ("workflow",),
    ),
    Verb("project adopt", "AdoptProject", "operate", "ainarres project adopt project.toml", ("text",)),
    Verb("card adopt", "AdoptCard", "operate", "ainarres card adopt roles/reviewer.md", ("text",)),
    Verb("token issue", "IssueToken", "operate", "ainarres token issue --family opencode+qwen --life 8h"),
    Verb(
        "token narrow",
        "NarrowToken",
        "operate",
        "ainarres token narrow cred-1 role:reviewer lane:web/dev",
        ("credential", "narrowing"),
    ),
    Verb("token revoke", "RevokeToken", "operate", 'ainarres token revoke cred-1 --reason "leaked"', ("credential",)),
    Verb(
        "revoke",
        "RevokeCapability",
        "operate",
        'ainarres revoke grok+grok-build role:reviewer --reason "approved without reading"',
        ("family", "feature"),
    ),
    Verb(
        "lift",
        "LiftDenial",
        "operate",
        'ainarres lift grok+grok-build role:reviewer --reason "new model"',
        ("family", "feature"),
    ),
    Verb("policy adopt", "AdoptPolicy", "govern", "ainarres policy adopt sequential", ("text",)),
    Verb("governance run", "RunGovernance", "govern", "ainarres governance run --dry-run"),
    Verb(
        "verdict",
        "Verdict",
        "govern",
        'ainarres verdict d25d reject --code below_bar --reason "no error is handled"',
        ("epic", "verdict"),
    ),
    Verb(
        "instruct",
        "Instruct",
        "operate",
        'ainarres instruct 4711 --instruction "pause for the release" --instructed-by hana',
        ("position",),
    ),
    Verb(
        "suspend",
        "Suspend",
        "govern",
        'ainarres suspend grok+grok-build role:reviewer --period 2h --reason "look first"',
        ("family", "feature"),
    ),
    Verb(
        "flag raise",
        "RaiseFlag",
        "govern",
        'ainarres flag raise grok+grok-build --capability role:designer --gap "error cases left out"',
        ("family",),
    ),
    Verb(
        "flag resolve",
        "ResolveFlag",
        "govern",
        'ainarres flag resolve 01890000-0000-7000-8000-00000000000f --reason "talked about"',
        ("flag",),
    ),
)

ACTS = (
    Act("demo", "demo:demo", "start", "ainarres demo"),
    Act("init", "begin:init", "start", "ainarres init"),
    Act("up", "begin:up", "start", "ainarres up"),
    Act("down", "begin:down", "start", "ainarres down"),
    Act("backup", "keeping:backup", "start", "ainarres backup --keep 7 /var/backups/ainarres"),
    Act("restore", "keeping:restore", "start", "ainarres restore /var/backups/ainarres --check --home restored"),
    Act("serve", "serving:serve", "start", "ainarres serve --port 8700"),
    Act("mcp", "serving:mcp", "start", "ainarres mcp"),
    Act("doctor", "doctor:doctor", "start", "ainarres doctor"),
    Act("config show", "configuration:show", "start", "ainarres config show --origin"),
    Act("whoami", "agents:whoami", "agent", "ainarres whoami"),
    Act("card", "agents:card", "agent", "ainarres card reviewer"),
    Act("agent run", "agents:run", "operate", "ainarres agent run --family opencode+qwen -- ./worker"),
    Act("", "here:here", "watch", "ainarres"),
    Act("status", "watch:status", "watch", "ainarres status --lane web/dev"),
    Act("board", "board:board", "watch", "ainarres board --watch"),
    Act("timeline", "watch:timeline", "watch", "ainarres timeline --type TaskRejected --limit 20"),
    Act("task show", "watch:task", "watch", "ainarres task show d25d"),
    Act("history", "watch:history", "watch", "ainarres history d25d"),
    Act("report", "figures:report", "watch", "ainarres report --lane web/dev"),
    Act("reviews", "figures:reviews", "watch", "ainarres reviews --by maker"),
    Act("demand", "figures:demand", "watch", "ainarres demand --lane web/dev"),
    Act("agents", "roster:agents", "watch", "ainarres agents --family opencode+qwen"),
    Act("families", "definitions:families", "watch", "ainarres families"),
    Act("family list", "definitions:families", "operate", "ainarres family list"),
    Act("token list", "definitions:tokens", "operate", "ainarres token list"),
    Act("workflow check", "definitions:check", "operate", "ainarres workflow check dev.toml"),
    Act("workflow show", "definitions:show", "operate", "ainarres workflow show dev"),
    Act("workflow graph", "definitions:graph", "operate", "ainarres workflow graph dev"),
    Act("workflow diff", "definitions:diff", "operate", "ainarres workflow diff dev.toml"),
    Act("workflow list", "definitions:workflows", "operate", "ainarres workflow list"),
    Act("project list", "definitions:projects", "operate", "ainarres project list"),
    Act("replay", "past:replay", "audit", "ainarres replay d25d"),
    Act("diff", "past:diff", "audit", "ainarres diff --from 2026-03-01T12:00:00Z --to 1500"),
    Act("follow", "audit:follow", "audit", "ainarres follow"),
    Act("policy check", "governance:check", "govern", "ainarres policy check sequential"),
    Act("policy diff", "governance:diff", "govern", "ainarres policy diff sequential"),
    Act("policy list", "governance:policies", "govern", "ainarres policy list"),
    Act("governance status", "governance:status", "govern", "ainarres governance status"),
    Act(
        "governance explain",
        "governance:explain",
        "govern",
        "ainarres governance explain opencode+qwen role:implementer",
    ),
    Act(
        "governance simulate",
        "governance:simulate",
        "govern",
        "ainarres governance simulate --policy sequential --family 0.05 --family 0.4",
    ),
    Act(
        "governance backtest",
        "governance:backtest",
        "govern",
        "ainarres governance backtest --policy strikes --since 2026-11-01",
    ),
    Act("flag list", "governance:flags", "govern", "ainarres flag list"),
    Act("inbox", "governance:inbox", "watch", "ainarres inbox"),
    Act("rebuild", "audit:rebuild", "audit", "ainarres rebuild --check"),
    Act("seal", "witness:seal", "audit", "ainarres seal --key-file seal.key --to /mnt/witness/ainarres.note"),
    Act("verify", "witness:verify", "audit", "ainarres verify --against /mnt/witness/ainarres.note"),
    Act("prove", "witness:prove", "audit", "ainarres prove 42"),
    Act("export", "copies:export", "audit", "ainarres export --to ledger.jsonl"),
    Act("import", "copies:load", "audit", "ainarres import ledger.jsonl --home copy"),
    Act("promote", "copies:promote", "audit", "ainarres promote --home copy"),
)
