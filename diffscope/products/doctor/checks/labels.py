"""Mergify conditions that match no file, stand under the wrong operator, or are escaped twice."""

from __future__ import annotations

import re
from collections.abc import Iterator

from diffscope.errors import InputError
from diffscope.patterns import compile_glob
from diffscope.products.doctor.findings import Edit, Finding, Weight, make_finding
from diffscope.project.labels.labels import matches_any_path
from diffscope.project.labels.mergify import conditions_of
from diffscope.project.matching.guarded_regex import compile_guarded
from diffscope.project.model import Condition, ConditionGroup, MergifyRule, Project
from diffscope.project.tree import TreeIndex
from diffscope.source.model import RepoPath

_REGEX_SIGNS = re.compile(r"^\^|\$$|\\[.\-_wdsb/]|\.\*|\.\+|\(\?|\[[^\]]*\]|\|")


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
    return _dead(condition, rule, tree, place)


def _broken_pattern(condition: Condition) -> str | None:
    try:
        if condition.operator == "~=":
            compile_guarded(condition.value)
        elif condition.operator == "*=":
            compile_glob(condition.value)
    except InputError as error:
        return f"{error.message}; {error.hint}" if error.hint else error.message
    return None


def _dead(condition: Condition, rule: MergifyRule, tree: TreeIndex, place: RepoPath) -> Finding:
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
