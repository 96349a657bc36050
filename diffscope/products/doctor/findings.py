"""The codes of ``diffscope doctor``, and a finding as a value."""

from __future__ import annotations

from enum import Enum
from typing import Final

from diffscope.source.model import RepoPath, Value


class Weight(Enum):
    """How much a finding matters; in rising order."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """Return the place in the order, from 0."""
        return list(Weight).index(self)


class Edit(Value, frozen=True, kw_only=True):
    """A safe change of one line: ``old`` stands once in it and becomes ``new``; without ``new`` the line goes."""

    line: int
    old: str
    new: str | None = None


class FindingKind(Value, frozen=True, kw_only=True):
    """A class of findings; the code is stable once published."""

    code: str
    name: str
    weight: Weight
    title: str


class Finding(Value, frozen=True, kw_only=True):
    """One thing that is wrong in a declaration, where, and what would be right. Line 0: the file as a whole."""

    code: str
    name: str
    weight: Weight
    path: RepoPath
    line: int
    message: str
    suggestion: str | None = None
    evidence: tuple[str, ...] = ()
    edit: Edit | None = None


class RuleGlob(Value, frozen=True, kw_only=True):
    """A glob of diffscope's own rules, to be tried on a tree."""

    path: RepoPath
    line: int
    text: str


def make_finding(  # noqa: PLR0913 - the fields of a finding, most of which have defaults
    code: str,
    path: RepoPath,
    line: int,
    message: str,
    *,
    suggestion: str | None = None,
    evidence: tuple[str, ...] = (),
    edit: Edit | None = None,
    weight: Weight | None = None,
) -> Finding:
    """Return a finding of a kind; ``weight`` where it differs from the kind's own."""
    kind = KINDS[code]
    return Finding(
        code=code,
        name=kind.name,
        weight=weight or kind.weight,
        path=path,
        line=line,
        message=message,
        suggestion=suggestion,
        evidence=evidence,
        edit=edit,
    )


def _kind(code: str, name: str, weight: Weight, title: str) -> tuple[str, FindingKind]:
    return code, FindingKind(code=code, name=name, weight=weight, title=title)


KINDS: Final[dict[str, FindingKind]] = dict(
    [
        _kind("DR001", "file-not-read", Weight.MEDIUM, "A declaration cannot be read"),
        _kind("DR002", "duplicate-yaml-key", Weight.MEDIUM, "A YAML key is duplicated; the last one wins"),
        _kind("DR003", "declaration-missing", Weight.INFO, "A kind of declaration is missing"),
        _kind("DR004", "odd-value", Weight.LOW, "A value has an unexpected shape and is not used"),
        _kind("DR101", "owner-pattern-dead", Weight.MEDIUM, "A CODEOWNERS pattern matches no file"),
        _kind("DR102", "owner-line-shadowed", Weight.MEDIUM, "A CODEOWNERS line never decides"),
        _kind("DR103", "owner-line-invalid", Weight.HIGH, "GitHub skips a CODEOWNERS line"),
        _kind("DR104", "owner-line-without-owners", Weight.INFO, "A CODEOWNERS line clears ownership"),
        _kind("DR201", "label-condition-dead", Weight.MEDIUM, "A mergify files condition matches no file"),
        _kind("DR202", "label-regex-under-equals", Weight.MEDIUM, "A regex is compared with ="),
        _kind("DR203", "label-escape-broken", Weight.MEDIUM, "A regex is escaped twice"),
        _kind("DR204", "label-condition-not-judged", Weight.LOW, "A mergify condition cannot be judged"),
        _kind("DR205", "label-rules-out-of-step", Weight.LOW, "Rules that add and remove a label disagree"),
        _kind("DR301", "dependency-dead", Weight.MEDIUM, "A step watches a path that does not exist"),
        _kind("DR302", "dependency-twice", Weight.LOW, "A step lists a path twice"),
        _kind("DR303", "dependency-covered", Weight.INFO, "A step lists a path that another entry covers"),
        _kind("DR304", "step-watches-nothing", Weight.MEDIUM, "A step has nothing to watch"),
        _kind("DR305", "test-not-collected", Weight.MEDIUM, "No step collects a test file"),
        _kind(
            "DR306",
            "test-optional-only",
            Weight.LOW,
            "Only optional steps, or steps that watch nothing, collect a test",
        ),
        _kind("DR307", "command-file-missing", Weight.HIGH, "A command names a file that does not exist"),
        _kind("DR308", "command-test-missing", Weight.HIGH, "A command names a test that does not exist"),
        _kind("DR309", "ignore-dead", Weight.INFO, "A command ignores or deselects what does not exist"),
        _kind("DR310", "mirror-disagrees", Weight.LOW, "A mirror disagrees with its step"),
        _kind("DR311", "step-key-unread", Weight.LOW, "A step has a key that nothing reads"),
        _kind("DR312", "run-all-pattern-dead", Weight.LOW, "A run_all pattern matches no file"),
        _kind("DR313", "depends-on-unknown", Weight.HIGH, "A step waits for a step that does not exist"),
        _kind("DR314", "pipeline-refused", Weight.MEDIUM, "The generator refuses a configuration or step"),
        _kind("DR315", "exclusion-idle", Weight.LOW, "An exclusion excludes nothing"),
        _kind("DR316", "shards-disagree", Weight.MEDIUM, "Parallel jobs and shard arguments disagree"),
        _kind("DR401", "rule-glob-dead", Weight.LOW, "A glob of diffscope's own rules matches no file"),
    ]
)
