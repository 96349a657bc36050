"""CODEOWNERS lines and label rules (mergify) that match nothing, never decide, or are skipped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import msgspec

from diffscope.errors import InputError
from diffscope.patterns import compile_glob, lazy_regex
from diffscope.products.doctor.findings import Edit, Finding, Weight, make_finding
from diffscope.project.labels import conditions_of, matches_any_path
from diffscope.project.matching import compile_guarded
from diffscope.project.model import Codeowners, Condition, ConditionGroup, MergifyRule, OwnerRule, Project
from diffscope.project.tree import TreeIndex, matched_paths
from diffscope.source.model import RepoPath

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
