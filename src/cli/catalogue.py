"""Every command of the release, once: where it stands, what runs it, and an example that works.

Verbs name a command model and reads a question, whose fields become arguments and options; other commands name a
function, whose signature typer reads. ``reference`` makes of them ``table.json``, from which the program starts, and
docs/cli.md; nothing imports this module at run time.
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


@dataclass(frozen=True, slots=True)
class Ask:
    """A read: ``question`` is its model; ``function`` writes the answer where printing it is not all."""

    words: str
    question: str
    group: str
    example: str
    places: tuple[str, ...] = ()
    function: str = ""


VERBS = (
    Verb("next", "Next", "agent", "ainarres next --lane web/dev --wait 30s"),
    Verb("claim", "Claim", "agent", "ainarres claim --lane web/dev"),
    Verb("progress", "Progress", "agent", 'ainarres progress d25d --note "parser done, tests next"', ("task",)),
    Verb(
        "advance",
        "Advance",
        "agent",
        "ainarres advance d25d --commit 4f2a91c,base=11aa22b --branch ainarres/d25d --note ready",
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
    Act("agent run", "agents:run", "operate", "ainarres agent run --family opencode+qwen -- ./worker"),
    Act("workflow check", "definitions:check", "operate", "ainarres workflow check dev.toml"),
    Act("workflow show", "definitions:show", "operate", "ainarres workflow show dev"),
    Act("workflow graph", "definitions:graph", "operate", "ainarres workflow graph dev"),
    Act("workflow diff", "definitions:diff", "operate", "ainarres workflow diff dev.toml"),
    Act("follow", "audit:follow", "audit", "ainarres follow"),
    Act("policy check", "governance:check", "govern", "ainarres policy check sequential"),
    Act("policy diff", "governance:diff", "govern", "ainarres policy diff sequential"),
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
    Act("rebuild", "audit:rebuild", "audit", "ainarres rebuild --check"),
    Act("seal", "witness:seal", "audit", "ainarres seal --key-file seal.key --to /mnt/witness/ainarres.note"),
    Act("verify", "witness:verify", "audit", "ainarres verify --against /mnt/witness/ainarres.note"),
    Act("prove", "witness:prove", "audit", "ainarres prove 42"),
    Act("export", "copies:export", "audit", "ainarres export --to ledger.jsonl"),
    Act("import", "copies:load", "audit", "ainarres import ledger.jsonl --home copy"),
    Act("promote", "copies:promote", "audit", "ainarres promote --home copy"),
)

ASKS = (
    Ask("", "Here", "watch", "ainarres", function="here:here"),
    Ask("whoami", "WhoAmI", "agent", "ainarres whoami"),
    Ask("card", "Card", "agent", "ainarres card reviewer", ("role",)),
    Ask("prime", "Prime", "agent", "ainarres prime"),
    Ask("hook", "Hook", "agent", "ainarres hook start", ("event",), function="hook:hook"),
    Ask("status", "Status", "watch", "ainarres status --lane web/dev"),
    Ask("board", "Board", "watch", "ainarres board --watch", function="board:board"),
    Ask("timeline", "Timeline", "watch", "ainarres timeline --type TaskRejected --limit 20"),
    Ask("task list", "Tasks", "watch", "ainarres task list --stage implementing"),
    Ask("task show", "OneTask", "watch", "ainarres task show d25d", ("task",)),
    Ask("history", "History", "watch", "ainarres history d25d", ("task",)),
    Ask("report", "Report", "watch", "ainarres report --lane web/dev", function="figures:report"),
    Ask("reviews", "Reviews", "watch", "ainarres reviews --by maker"),
    Ask("spend", "Spend", "watch", "ainarres spend --lane web/dev"),
    Ask("epics", "Epics", "watch", "ainarres epics"),
    Ask("watch", "Watch", "watch", "ainarres watch"),
    Ask("demand", "Demand", "watch", "ainarres demand --lane web/dev"),
    Ask("left", "Outlook", "watch", "ainarres left --lanes web/dev"),
    Ask("inbox", "Inbox", "watch", "ainarres inbox"),
    Ask("agents", "Agents", "watch", "ainarres agents --family opencode+qwen"),
    Ask("families", "Families", "watch", "ainarres families"),
    Ask("family list", "Families", "operate", "ainarres family list"),
    Ask("token list", "Tokens", "operate", "ainarres token list"),
    Ask("workflow list", "Workflows", "operate", "ainarres workflow list"),
    Ask("project list", "Projects", "operate", "ainarres project list"),
    Ask("policy list", "Policies", "govern", "ainarres policy list"),
    Ask("governance status", "Governance", "govern", "ainarres governance status"),
    Ask(
        "governance explain",
        "Explain",
        "govern",
        "ainarres governance explain opencode+qwen role:implementer",
        ("family", "capability"),
    ),
    Ask("flag list", "Flags", "govern", "ainarres flag list"),
    Ask("replay", "Replay", "audit", "ainarres replay d25d", ("task",)),
    Ask("diff", "Diff", "audit", "ainarres diff --from 2026-03-01T12:00:00Z --to 1500"),
)
