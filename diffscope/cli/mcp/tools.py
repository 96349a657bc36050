"""The tools of ``diffscope mcp``: arguments in, answers out, over one open workspace. Knows nothing of the protocol."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Final, NamedTuple, Self

import msgspec
from msgspec import Meta, UnsetType

from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.graphs.graphs import graph_at
from diffscope.assessment.document import Assessment
from diffscope.batch.run import Batch
from diffscope.batch.windows import digest_of, find_span, read_span
from diffscope.cli.explain import explanation_text
from diffscope.cli.gather import Request, check, gather, need_clone
from diffscope.cli.open_workspace import RuleOptions, open_workspace
from diffscope.cli.rules.command import find_rule
from diffscope.errors import UsageError
from diffscope.facts.model import ChangeFacts
from diffscope.products.assistant import (
    DEFAULT_TOKENS,
    FEWEST_TOKENS,
    MOST_TOKENS,
    Affected,
    Answer,
    Classification,
    SymbolChanges,
    TestsForChange,
    affected,
    change_name,
    classification,
    how_many_fit,
    symbol_changes,
    tests_for_change,
    unknowns,
)
from diffscope.products.report.counts import name_of
from diffscope.render.sanitize import visible
from diffscope.rules.authoring.pages import rule_page, vocabulary_page
from diffscope.rules.engine.explain import explain as explained
from diffscope.source.model import Value
from diffscope.workspace import Workspace

_KEPT: Final = 16
"""How many changes keep their facts between calls."""
_LINES: Final = 120
_HEAD: Final = 400
"""Tokens of what an answer holds besides its list."""

Tokens = Annotated[
    int, Meta(ge=FEWEST_TOKENS, le=MOST_TOKENS, description="About how long the answer may be.")
]


class ChangeArguments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Exactly one of: ``pull``; ``base`` and ``head`` (or one of them); ``worktree``."""

    pull: Annotated[int, Meta(ge=1, description="The number of a pull request.")] | None = None
    base: Annotated[str, Meta(max_length=200, description="A commit, branch or tag.")] | None = None
    head: Annotated[str, Meta(max_length=200, description="A commit, branch or tag.")] | None = None
    worktree: Annotated[bool, Meta(description="The uncommitted changes of the clone.")] = False
    max_tokens: Tokens = DEFAULT_TOKENS
    cursor: Annotated[str, Meta(max_length=40, description="From the answer before.")] | None = None


class AffectedArguments(ChangeArguments, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change, and the path of one module if not all that it alters are meant."""

    path: Annotated[str, Meta(max_length=500, description="A path relative to the root.")] | None = None


class ExplainArguments(ChangeArguments, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change and a rule."""

    rule: Annotated[str, Meta(max_length=100, description="The code or name of a rule: CP101.")]


class ReportArguments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A window of merged changes."""

    window: Annotated[
        str, Meta(max_length=100, description="2026-W13, 2026-03-23/2026-03-29, one day, or A..B.")
    ]
    max_tokens: Tokens = DEFAULT_TOKENS


class ExplanationAnswer(Answer, frozen=True, kw_only=True):
    """Why a rule fired or stayed silent. ``untrusted_lines`` show each condition with the records that decided."""

    rule: str
    verdict: str
    untrusted_lines: tuple[str, ...]


class ReportChange(Value, frozen=True, kw_only=True):
    """One change of a window."""

    pull: str
    level: str
    areas: tuple[str, ...]
    rules: tuple[str, ...]
    untrusted_title: str


class ReportAnswer(Value, frozen=True, kw_only=True):
    """What was merged in a window, the highest level first."""

    window: str
    changes: int
    levels: dict[str, int]
    truncated: bool
    top: tuple[ReportChange, ...]
    unknowns: tuple[str, ...] = ()


class Tool(NamedTuple):
    """One tool: what it takes, what it gives, what it is for."""

    arguments: type[msgspec.Struct]
    answer: type[Value]
    description: str
    run: Callable[[ToolSession, Any], Value]
    """Takes a session and a value of ``arguments``."""


class ToolSession:
    """The workspace that all calls share, with the changes that were asked for last. Use it in a ``with``."""

    def __init__(
        self, *, repo: Path | None, source: str, rule_folders: Sequence[Path] = (), use_cache: bool = True
    ) -> None:
        found = need_clone(repo)
        self._source = source
        self._repository: GitRepository = found
        self.workspace: Workspace = open_workspace(found, RuleOptions(rule_folders, use_cache=use_cache))
        self._known: OrderedDict[tuple[object, ...], tuple[ChangeFacts, Assessment]] = OrderedDict()

    def __enter__(self) -> Self:
        self.workspace.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.workspace.__exit__(kind, error, trace)
        self._repository.close()

    def change(self, asked: ChangeArguments) -> tuple[ChangeFacts, Assessment]:
        """Return facts and assessment of the change that is meant. Raises ``DiffscopeError`` where there is none."""
        ends = [None if each is None else self._repository.resolve(each) for each in (asked.base, asked.head)]
        key = (asked.pull, *ends)
        if not asked.worktree and key in self._known:
            self._known.move_to_end(key)
            return self._known[key]
        request = check(
            Request(
                target=None if asked.pull is None else str(asked.pull),
                base=ends[0],
                head=ends[1],
                worktree=asked.worktree,
                source=self._source,
            )
        )
        gathered = gather(request, self.workspace, lambda _: None)
        facts = gathered.facts(self.workspace)
        found = facts, self.workspace.judge(facts)
        if not asked.worktree:
            self._known[key] = found
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return found

    def resource(self, uri: str) -> str:
        """Return the text of a resource. Raises ``UsageError`` where there is none of that name."""
        if uri == "diffscope://vocabulary":
            return vocabulary_page()
        if uri == "diffscope://rules":
            rules = self.workspace.catalogue.rules
            return "".join(f"- {rule.code} {rule.name}: {rule.title.en}\n" for rule in rules)
        code = uri.removeprefix("diffscope://rules/")
        if code == uri:
            raise UsageError(f"{visible(uri)!r} is no resource", hint="diffscope://rules lists the rules")
        return rule_page(find_rule(self.workspace.catalogue, code), cases=(), statistics=None, language="en")


def _classify(session: ToolSession, asked: ChangeArguments) -> Classification:
    return classification(session.change(asked)[1], tokens=asked.max_tokens, cursor=asked.cursor)


def _symbol_changes(session: ToolSession, asked: ChangeArguments) -> SymbolChanges:
    return symbol_changes(session.change(asked)[1], tokens=asked.max_tokens, cursor=asked.cursor)


def _affected(session: ToolSession, asked: AffectedArguments) -> Affected:
    found = session.change(asked)[1]
    base, workspace = found.change.pull.base, session.workspace
    is_exact = not isinstance(found.graph, UnsetType) and found.graph.exact
    graph = None
    if is_exact and base is not None and workspace.repository is not None:
        graph = graph_at(
            workspace.repository, base, cache=workspace.cache, serving=workspace.knowledge.serving
        )
    return affected(found, graph, path=asked.path, tokens=asked.max_tokens, cursor=asked.cursor)


def _tests_for_change(session: ToolSession, asked: ChangeArguments) -> TestsForChange:
    return tests_for_change(session.change(asked)[1], tokens=asked.max_tokens, cursor=asked.cursor)


def _explain(session: ToolSession, asked: ExplainArguments) -> ExplanationAnswer:
    workspace = session.workspace
    rule = find_rule(workspace.catalogue, asked.rule)
    facts, found = session.change(asked)
    trace = explained(rule, facts, catalogue=workspace.catalogue, configuration=workspace.configuration)
    lines = explanation_text(trace, "en", is_whole=True).rstrip("\n").split("\n")
    kept = lines[: how_many_fit(lines[:_LINES], asked.max_tokens - _HEAD)]
    return ExplanationAnswer(
        change=change_name(found),
        unknowns=unknowns(found),
        truncated=len(kept) < len(lines),
        rule=f"{rule.code} {rule.name}",
        verdict=str(trace.verdict),
        untrusted_lines=tuple(kept),
    )


def _report(session: ToolSession, asked: ReportArguments) -> ReportAnswer:
    with Batch(session.workspace, workers=1) as batch:
        span = find_span(session.workspace, asked.window)
        digest = digest_of(session.workspace, batch, span, read_span(batch, span))
    order = ("critical", "high", "unknown", "medium", "low", "none")
    pulls = sorted(digest.pulls, key=lambda pull: (order.index(pull.level), pull.number))
    levels = {level: sum(pull.level == level for pull in pulls) for level in order}
    listed = [
        ReportChange(
            pull=name_of(pull.number),
            level=pull.level,
            areas=pull.areas[:4],
            rules=tuple(flag.code for flag in pull.flags[:6]),
            untrusted_title=visible(pull.title)[:200],
        )
        for pull in pulls
    ]
    top = listed[: how_many_fit(listed, asked.max_tokens - _HEAD)]
    return ReportAnswer(
        window=digest.period.label,
        changes=len(pulls),
        levels=levels,
        truncated=len(top) < len(pulls),
        top=tuple(top),
        unknowns=tuple(visible(gap.reason.en)[:300] for gap in digest.gaps[:10]),
    )


TOOLS: Final[dict[str, Tool]] = {
    "classify": Tool(ChangeArguments, Classification, "Level, kind, areas, platforms and risk flags of a change.", _classify),
    "symbol_changes": Tool(ChangeArguments, SymbolChanges, "The functions, classes and settings that a change alters, and what of each.", _symbol_changes),
    "affected": Tool(AffectedArguments, Affected, "Which modules use what a change alters, directly and in all.", _affected),
    "tests_for_change": Tool(ChangeArguments, TestsForChange, "Which tests to run for a change, nearest first, and which CI steps run.", _tests_for_change),
    "explain": Tool(ExplainArguments, ExplanationAnswer, "Why a rule fired or stayed silent on a change, condition by condition.", _explain),
    "report": Tool(ReportArguments, ReportAnswer, "What was merged in a window, the riskiest first.", _report),
}  # fmt: skip
