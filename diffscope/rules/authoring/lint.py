"""Checks of rules that load: examples of predicates, texts, cases and dead conditions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from diffscope.facts.vocabulary import families
from diffscope.messages.model import Language, Text
from diffscope.messages.say import texts
from diffscope.patterns import lazy_regex
from diffscope.rules.authoring.cases import check_case_set, read_cases
from diffscope.rules.authoring.literal_facts import read_facts
from diffscope.rules.engine.configuration import covers
from diffscope.rules.engine.matching import Context, Truth, compile_matcher
from diffscope.rules.engine.quantify import compile_judge
from diffscope.rules.language.catalogue import Catalogue, Rule
from diffscope.rules.language.expressions import parse_predicate
from diffscope.rules.language.names import NamedList, Names, Predicate, Scope
from diffscope.rules.language.template import placeholders
from diffscope.yaml.reading import Mistake, Reading
from diffscope.yaml.strict import Entry, ListNode, MapNode, Node, ScalarNode

_PATH = "package/example.py"
_WORDS = {True: "hold", False: "fail", None: "be unknown"}
_DID = {True: "holds", False: "fails", None: "is unknown"}


def check_examples(predicate: Predicate, names: Names) -> list[Mistake]:
    """Return the examples of a predicate that come out otherwise, and what is wrong in them."""
    reading = Reading(predicate.origin)
    condition = parse_predicate(predicate, Scope(Reading(predicate.origin), names))
    for expected, node in predicate.examples:
        before = len(reading.mistakes)
        context = Context(read_facts(_facts(predicate, node), reading, title="A change"))
        if len(reading.mistakes) > before:
            continue
        found: Truth
        if predicate.is_of_change:
            found = compile_judge(condition)(context)
        else:
            found = compile_matcher(condition)(context.records(predicate.fact)[0], context)
        if found is not expected:
            message = f"an example of ${predicate.name} should {_WORDS[expected]}, and {_DID[found]}"
            reading.report(node, message, "correct the predicate or the example")
    return reading.mistakes


def _facts(predicate: Predicate, node: Node) -> MapNode:
    """Return the node of a case's facts that hold the records of an example; a record may leave its path out."""
    line, column = node.line, node.column
    items = node.items if isinstance(node, ListNode) and predicate.is_of_change else (node,)
    path = Entry("path", ScalarNode(_PATH, _PATH, is_plain=True, line=line, column=column), line, column)
    records: tuple[Node, ...] = tuple(
        MapNode((path, *item.entries), line, column)
        if isinstance(item, MapNode) and item.get("path") is None and not families()[predicate.fact].single
        else item
        for item in items
    )
    value: Node = records[0] if families()[predicate.fact].single else ListNode(records, line, column)
    return MapNode((Entry(predicate.fact, value, line, column),), line, column)


_CHINESE: Final = lazy_regex(r"[\u4e00-\u9fff]")
_HOLE: Final = lazy_regex(r"\{[a-z_.]*\}")


def lint_catalogue(
    catalogue: Catalogue,
    names: Names,
    cases: Mapping[str, str],
    *,
    is_whole: bool = True,
    is_alone: bool = True,
) -> tuple[Mistake, ...]:
    """Return what is wrong with rules, their cases and the predicates; ``cases`` is rule file -> text of the ``cases.yml`` beside it.

    Unless ``is_whole``, some file could not be read, and may use any name; unless ``is_alone``, other rules run beside these.
    """
    found: list[Mistake] = []
    for rule in catalogue.rules:
        found += _lint_texts(rule)
        found += _covers_nothing(rule, catalogue) if is_whole and is_alone else ()
        at = f"{rule.origin.rpartition('/')[0]}/cases.yml"
        text = cases.get(rule.origin)
        if text is None:
            found.append(Mistake(path=at, line=1, message="the rule has no cases", hint="add cases.yml"))
            continue
        read, mistakes = read_cases(text, at=at)
        found += mistakes or check_case_set(read, at=at)
    # The cases of a rule that could not be read have mistakes of their own.
    read_already = {rule.origin for rule in catalogue.rules}
    for origin in sorted(cases.keys() - read_already):
        found += read_cases(cases[origin], at=f"{origin.rpartition('/')[0]}/cases.yml")[1]
    for predicate in names.predicates.values():
        found += check_examples(predicate, names)
    return (*found, *(_unused_names(catalogue, names) if is_whole else ()))


def _covers_nothing(rule: Rule, catalogue: Catalogue) -> list[Mistake]:
    others = [other for other in catalogue.rules if other.code != rule.code]
    return [
        Mistake(path=rule.origin, line=1, message=f"'covers': '{text}' names no other rule")
        for text in rule.covers
        if not any(covers(text, other) for other in others)
    ]


def _lint_texts(rule: Rule) -> list[Mistake]:
    texts = {
        "title": rule.title,
        "why": rule.why,
        "remedy": rule.remedy,
        "says": rule.says,
        "check": rule.check,
        "limits": rule.limits,
    }
    found = []
    for key, text in texts.items():
        if text is not None:
            found += [
                Mistake(path=rule.origin, line=1, message=f"'{key}': {problem}")
                for problem in _text_problems(text)
            ]
    for key in ("says", "check"):
        text = texts[key]
        if text is not None and _holes(text.en) != _holes(text.zh):
            message = f"'{key}' has other placeholders in English than in Chinese"
            found.append(Mistake(path=rule.origin, line=1, message=message, hint="say the same in both"))
    if rule.title.en.casefold().rstrip(".") in rule.why.en.casefold():
        message = "'why' repeats the title"
        found.append(
            Mistake(path=rule.origin, line=1, message=message, hint="say what goes wrong when nobody looks")
        )
    return found


def _holes(text: str) -> set[str]:
    return {hole.field for hole in placeholders(text)}


def _text_problems(text: Text) -> list[str]:
    problems = []
    # A text of placeholders and signs alone reads the same in both languages.
    has_words = any(character.isalpha() for character in _HOLE.sub("", text.en))
    if has_words and text.zh != text.en and not _CHINESE.search(text.zh):
        problems.append("the Chinese text holds no Chinese")
    marks = [texts(language)["scaffold.todo"] for language in Language]
    if any(re.search(rf"\b{mark}(?![A-Za-z])", said) for mark in marks for said in (text.en, text.zh)):
        problems.append("it is still to be written")
    return problems


def _unused_names(catalogue: Catalogue, names: Names) -> list[Mistake]:
    used = {name for rule in catalogue.rules for name in rule.names}
    shared: list[NamedList | Predicate] = [*names.lists.values(), *names.predicates.values()]
    return [
        Mistake(path=each.origin, line=each.line, message=f"no rule uses ${each.name}", hint="remove it")
        for each in shared
        if each.name not in used
    ]
