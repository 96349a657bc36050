"""Builders of rules and facts for tests, out of YAML as an author would write it."""

from __future__ import annotations

import textwrap

from diffscope.facts.values import ChangeFacts
from diffscope.facts.vocabulary import families
from diffscope.rules.authoring.literal_facts import read_facts
from diffscope.rules.language.catalogue import Catalogue
from diffscope.rules.language.conditions import Condition
from diffscope.rules.language.expressions import parse_expression, parse_where
from diffscope.rules.language.fields import Scope
from diffscope.rules.language.load import load_catalogue
from diffscope.rules.reading import Reading, mistake_line

RULE = """\
code: "XX101"
name: "test-rule"
family: "core-path"
status: {is: "stable", since: "0.1.0"}
severity: "medium"
title: {en: "A title", zh: "标题"}
why: {en: "A reason.", zh: "原因。"}
remedy: {en: "Look.", zh: "查看。"}
when: {any: symbol, where: {logic: true}}
says: {en: "{symbol} changed", zh: "{symbol} 变更"}
evidence: symbol
"""


def rule_text(text: str = RULE, **lines: str | None) -> str:
    """Return the text of a rule with some keys written otherwise; ``None`` leaves a key out."""
    kept = [line for line in text.splitlines() if line.partition(":")[0] not in lines]
    return (
        "\n".join([*kept, *(f"{key}: {value}" for key, value in lines.items() if value is not None)]) + "\n"
    )


def rules(*texts: str, lists: str = "", words: str = "") -> Catalogue:
    """Return the catalogue of rule texts, each in the folder that it belongs in."""
    files = {f"rules/{_folder(text)}/rule.yml": text for text in texts}
    return load_catalogue(files | {"rules/lists.yml": lists or "{}", "rules/words.yml": words or "{}"})


def facts(text: str = "{}", *, title: str = "A change") -> ChangeFacts:
    """Return facts written as in a case's ``facts``."""
    reading = Reading("facts.yml")
    found = read_facts(reading.parse(textwrap.dedent(text)), reading, title=title)
    assert not reading.mistakes, "\n".join(map(mistake_line, reading.mistakes))
    return found


def expression(text: str, **lists: tuple[str, ...]) -> Condition:
    """Return an expression over a change."""
    reading = Reading("when.yml")
    found = parse_expression(reading.parse(text), Scope(reading, lists))
    assert not reading.mistakes, "\n".join(map(mistake_line, reading.mistakes))
    return found


def where(family: str, text: str, **lists: tuple[str, ...]) -> Condition:
    """Return a condition on a record of a family."""
    reading = Reading("where.yml")
    found = parse_where(reading.parse(text), families()[family], Scope(reading, lists))
    assert not reading.mistakes, "\n".join(map(mistake_line, reading.mistakes))
    return found


def _folder(text: str) -> str:
    named = {line.partition(":")[0]: line.partition(":")[2].strip(' "') for line in text.splitlines()}
    return f"{named.get('code', '')}-{named.get('name', '')}"
