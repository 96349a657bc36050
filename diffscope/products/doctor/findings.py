"""The codes of ``diffscope doctor`` and a finding as a value; the findings about CODEOWNERS lines and label rules (mergify) that match nothing, never decide, or are skipped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from enum import Enum
from typing import Final

import msgspec

from diffscope.errors import InputError
from diffscope.patterns import compile_glob, lazy_regex
from diffscope.project.labels import conditions_of, matches_any_path
from diffscope.project.matching import compile_guarded
from diffscope.project.model import Codeowners, Condition, ConditionGroup, MergifyRule, OwnerRule, Project
from diffscope.project.tree import TreeIndex, matched_paths
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


_REGEX_SIGNS = lazy_regex(r"^\^|\$$|\\[.\-_wdsb/]|\.\*|\.\+|\(\?|\[[^\]]*\]|\|")


def check_labels(project: Project, tree: TreeIndex) -> Iterator[Finding]:
    """Yield what is wrong with each condition of the mergify rules."""
    place = project.mergify.path
    if place is None:
        return
    for rule in project.mergify.rules:
        for condition in conditions_of(rule.conditions):
            found = _check(condition, rule, tree, place)
            if found is not None:
                yield found
    yield from _out_of_step(project.mergify.rules, place)


def _check(condition: Condition, rule: MergifyRule, tree: TreeIndex, place: RepoPath) -> Finding | None:
    if condition.defect is not None:
        message = f"'{condition.text}' in the rule '{rule.name}' is not a condition: {condition.defect}"
        return make_finding("DR204", place, condition.line, message)
    problem = _broken_pattern(condition)
    if problem is not None:
        message = f"'{condition.text}' in the rule '{rule.name}' cannot be judged: {problem}"
        return make_finding("DR204", place, condition.line, message)
    if condition.attribute != "files" or condition.is_count or matches_any_path(condition, tree) is not False:
        return None
    return _dead_label_rule(condition, rule, tree, place)


def _broken_pattern(condition: Condition) -> str | None:
    try:
        if condition.operator == "~=":
            compile_guarded(condition.value)
        elif condition.operator == "*=":
            compile_glob(condition.value)
    except InputError as error:
        return f"{error.message}; {error.hint}" if error.hint else error.message
    return None


def _dead_label_rule(condition: Condition, rule: MergifyRule, tree: TreeIndex, place: RepoPath) -> Finding:
    where = f"'{condition.text}' in the rule '{rule.name}'"
    if condition.operator in {"=", "!="} and _REGEX_SIGNS.search(condition.value):
        return _wrong_operator(condition, where, tree, place)
    halved = condition.value.replace("\\\\", "\\")
    if condition.operator == "~=" and halved != condition.value and _count(halved, tree):
        message = f"{where} is escaped twice and matches no file; '{halved}' matches {_count(halved, tree):,}"
        edit = Edit(line=condition.line, old=condition.value, new=halved)
        fixed = condition.text.replace(condition.value, halved)
        return make_finding("DR203", place, condition.line, message, suggestion=fixed, edit=edit)
    so = ", so that it always holds" if condition.is_negated or condition.operator == "!=" else ""
    # A bare word may wait for files to come; a path that is gone does not.
    weight = Weight.MEDIUM if "/" in condition.value or "." in condition.value else Weight.LOW
    message = f"{where} matches no file{so}"
    nearest = _nearest(condition, tree)
    return make_finding("DR201", place, condition.line, message, suggestion=nearest, weight=weight)


def _wrong_operator(condition: Condition, where: str, tree: TreeIndex, place: RepoPath) -> Finding:
    plain = re.sub(r"\\(.)", r"\1", condition.value).removeprefix("^").removesuffix("$")
    message = f"{where} compares a regex with '{condition.operator}', so that it matches no file"
    if tree.is_file(plain):
        edit = Edit(line=condition.line, old=condition.value, new=plain)
        fixed = condition.text.replace(condition.value, plain)
        return make_finding("DR202", place, condition.line, message, suggestion=fixed, edit=edit)
    if condition.operator == "=" and (count := _count(condition.value, tree)):
        sign = condition.text[: len(condition.text) - len(condition.text.lstrip("-"))]
        old, new = f"{condition.attribute}={condition.value}", f"{condition.attribute}~={condition.value}"
        safe = Edit(line=condition.line, old=old, new=new) if old in condition.text else None
        message = f"{message}; under '~=' it would match {count:,}"
        return make_finding("DR202", place, condition.line, message, suggestion=f"{sign}{new}", edit=safe)
    return make_finding("DR202", place, condition.line, message, suggestion=tree.nearest(plain))


def _count(pattern: str, tree: TreeIndex) -> int:
    try:
        regex = compile_guarded(pattern)
    except InputError:
        return 0
    return sum(map(regex.search, tree.starting_with(regex.anchor)))


def _nearest(condition: Condition, tree: TreeIndex) -> str | None:
    """What a dead pattern may have meant; ``.*`` in a file name is looked for as ``*``, any other regex is left."""
    text = condition.value.removeprefix("^").removesuffix("$")
    if condition.operator == "~=":
        text = text.replace(".*", "*")
        if re.search(r"[(\[|?+{]", text):
            return None
    plain = re.sub(r"\\(.)", r"\1", text)
    return tree.nearest(plain) if "/" in plain else None


def _out_of_step(rules: tuple[MergifyRule, ...], place: RepoPath) -> Iterator[Finding]:
    """A rule that adds a label when any pattern matches, and one that removes it when none does."""
    for remover in rules:
        for label in remover.removes:
            negated = {
                (each.attribute, each.operator, each.value) for each in _on_files(remover, is_negated=True)
            }
            adders = [rule for rule in rules if label in rule.adds]
            if not negated or len(adders) != 1:
                continue
            added = {
                (each.attribute, each.operator, each.value) for each in _on_files(adders[0], is_negated=False)
            }
            for sign, only in (("adds", added - negated), ("keeps", negated - added)):
                if only and added & negated:
                    listed = tuple("".join(each) for each in sorted(only))
                    message = f"the rules '{adders[0].name}' and '{remover.name}' list different patterns for '{label}'"
                    yield make_finding(
                        "DR205", place, remover.line, f"{message}: only one of them {sign}", evidence=listed
                    )


def _on_files(rule: MergifyRule, *, is_negated: bool) -> tuple[Condition, ...]:
    group: ConditionGroup = rule.conditions
    return tuple(
        each for each in conditions_of(group) if each.attribute == "files" and each.is_negated is is_negated
    )


def check_owners(project: Project, tree: TreeIndex) -> Iterator[Finding]:
    """Yield what is wrong with each line of CODEOWNERS."""
    place = project.codeowners.path
    if place is None:
        return
    matched = {rule.line: matched_paths(rule, tree) for rule in project.codeowners.rules}
    winner: dict[RepoPath, OwnerRule] = {}
    for rule in project.codeowners.rules:
        winner.update(dict.fromkeys(matched[rule.line], rule))
    deciding = {rule.line for rule in winner.values()}
    for rule in project.codeowners.rules:
        if rule.defect is not None:
            yield make_finding("DR103", place, rule.line, f"GitHub skips '{rule.pattern}': {rule.defect}")
        elif not matched[rule.line]:
            yield _dead(rule, project.codeowners, place, tree)
        elif rule.line not in deciding:
            yield _shadowed(rule, matched[rule.line], winner, place)
        elif not rule.owners:
            count = len(matched[rule.line])
            message = f"'{rule.pattern}' names no owner, which leaves {_files(count)} without one"
            yield make_finding("DR104", place, rule.line, message)


def _dead(rule: OwnerRule, codeowners: Codeowners, place: RepoPath, tree: TreeIndex) -> Finding:
    owners = f"; {' '.join(rule.owners)} will not be asked" if rule.owners else ""
    nearest = tree.nearest(rule.pattern)
    suggestion = f"/{nearest}" if nearest and rule.pattern.startswith("/") else nearest
    if suggestion is not None and not _would_decide(suggestion, rule, codeowners, tree):
        suggestion = None
    message = f"'{rule.pattern}' matches no file{owners}"
    return make_finding("DR101", place, rule.line, message, suggestion=suggestion)


def _would_decide(pattern: str, rule: OwnerRule, codeowners: Codeowners, tree: TreeIndex) -> bool:
    """Say whether a line with another pattern would be the last that matches some file."""
    tried = msgspec.structs.replace(rule, pattern=pattern)
    later = [each for each in codeowners.rules if each.line > rule.line]
    taken = {path for each in later for path in matched_paths(each, tree)}
    return any(path not in taken for path in matched_paths(tried, tree))


def _shadowed(
    rule: OwnerRule, paths: tuple[RepoPath, ...], winner: dict[RepoPath, OwnerRule], place: RepoPath
) -> Finding:
    later = Counter((winner[path].line, winner[path].pattern) for path in paths)
    evidence = tuple(
        f"line {line} '{pattern}' takes {_files(count)}" for (line, pattern), count in sorted(later.items())
    )
    left_out = sorted(set(rule.owners) - {owner for path in paths for owner in winner[path].owners})
    so = f"; {' '.join(left_out)} will not be asked" if left_out else "; its owners are asked all the same"
    message = f"'{rule.pattern}' never decides: later lines match all of its {_files(len(paths))}{so}"
    hint = "move the line below those that shadow it, or remove it"
    return make_finding("DR102", place, rule.line, message, suggestion=hint, evidence=evidence)


def _files(count: int) -> str:
    return f"{count:,} file" if count == 1 else f"{count:,} files"
