"""Builders of rules and facts for tests, out of YAML as an author would write it."""

from __future__ import annotations

import textwrap

from msgspec import structs

from diffscope.facts.model import ChangeFacts
from diffscope.facts.vocabulary import families
from diffscope.rules.authoring.literal_facts import read_facts
from diffscope.rules.language.catalogue import Catalogue
from diffscope.rules.language.conditions import Condition, EvidenceQuery
from diffscope.rules.language.expressions import parse_expression, parse_where
from diffscope.rules.language.load import load_catalogue
from diffscope.rules.language.names import NamedList, Names, Scope
from diffscope.yaml.reading import Mistake, Reading, mistake_line
from diffscope.yaml.strict import MapNode, ScalarNode, parse_strict

RULE = """\
status: {is: stable, since: "0.1.0"}
family: core-path
title: A title
why: A reason.
remedy: Look.
evidence: {symbol: {logic: true}}
severity: medium
says: "{symbol} changed"
"""
CHINESE = """\
title: 标题
why: 原因。
remedy: 查看。
says: "{symbol} 变更"
"""


def told(mistake: Mistake) -> str:
    """Return a mistake as one line without its column, which tests of its own look at."""
    return mistake_line(structs.replace(mistake, column=0)).replace(":0: ", ": ", 1)


def rule_text(text: str = RULE, **lines: str | None) -> str:
    """Return the text of a rule (or of its Chinese texts) with some keys written otherwise; ``None`` leaves a key out."""
    kept = [line for line in text.splitlines() if line.partition(":")[0] not in lines]
    return (
        "\n".join([*kept, *(f"{key}: {value}" for key, value in lines.items() if value is not None)]) + "\n"
    )


def chinese_of(text: str) -> str:
    """Return Chinese texts for a rule, with the placeholders of its message."""
    root, _ = parse_strict(text)
    says = root.get("says") if isinstance(root, MapNode) else None
    written = says.text.replace("changed", "变更") if isinstance(says, ScalarNode) else ""
    more = {"limits": "局限。"} if isinstance(root, MapNode) and root.get("limits") is not None else {}
    quoted = written.replace("\\", "\\\\").replace('"', '\\"')
    return rule_text(CHINESE, says=f'"{quoted}"', **more)


def rule_files(code: str, text: str, chinese: str | None = None) -> dict[str, str]:
    """Return the files of a rule by path."""
    folder = f"rules/{code}-test-rule"
    return {f"{folder}/rule.yml": text, f"{folder}/zh.yml": chinese_of(text) if chinese is None else chinese}


def rules(
    *texts: str,
    lists: str = "",
    words: str = "",
    predicates: str = "",
    chinese: str | None = None,
    **by_code: str,
) -> Catalogue:
    """Return the catalogue of rule texts: XX101, XX102, ... in turn, or by the code that is the keyword."""
    coded = {f"XX{number}": text for number, text in enumerate(texts, start=101)} | by_code
    files = {"rules/lists.yml": lists or "{}", "rules/words.yml": words or "{}"}
    files["rules/predicates.yml"] = predicates or "{}"
    for code, text in coded.items():
        files |= rule_files(code, text, chinese)
    return load_catalogue(files)


def facts(text: str = "{}", *, title: str = "A change") -> ChangeFacts:
    """Return facts written as in a case's ``facts``."""
    reading = Reading("facts.yml")
    found = read_facts(reading.parse(textwrap.dedent(text)), reading, title=title)
    assert not reading.mistakes, "\n".join(map(told, reading.mistakes))
    return found


def expression(text: str, evidence: EvidenceQuery | None = None, **lists: tuple[str, ...]) -> Condition:
    """Return an expression over a change."""
    reading = Reading("when.yml")
    found = parse_expression(parse_strict(text)[0], Scope(reading, _names(lists), evidence=evidence))
    assert not reading.mistakes, "\n".join(map(told, reading.mistakes))
    return found


def where(family: str, text: str, **lists: tuple[str, ...]) -> Condition:
    """Return a condition on a record of a family."""
    reading = Reading("where.yml")
    found = parse_where(parse_strict(text)[0], families()[family], Scope(reading, _names(lists)))
    assert not reading.mistakes, "\n".join(map(told, reading.mistakes))
    return found


def _names(lists: dict[str, tuple[str, ...]]) -> Names:
    return Names(
        lists={
            name: NamedList(name=name, values=values, origin="lists.yml", line=1)
            for name, values in lists.items()
        }
    )
