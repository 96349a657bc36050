"""Rules of format 1 -> format 2: ``diffscope rules convert``. Keeps the meaning exactly, and comments above lines; cases are of one form in both."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from diffscope.rules.authoring.convert_conditions import Converter
from diffscope.rules.authoring.yaml_text import Items, Pairs, Prose, written
from diffscope.rules.language.load import CHINESE_FILE, RULE_FILE
from diffscope.rules.language.rule_file import TEXTS, is_format_1
from diffscope.rules.model import Severity, family_of
from diffscope.source.model import Value
from diffscope.yaml.reading import Mistake, Reading
from diffscope.yaml.strict import Entry, ListNode, MapNode, Node, ScalarNode

_RANK: Final = {severity.value: severity.rank for severity in Severity}


class ConvertedRule(Value, frozen=True, kw_only=True):
    """The files of one rule in format 2, by name, or what stands in the way."""

    origin: str
    files: Mapping[str, str] = {}
    mistakes: tuple[Mistake, ...] = ()


def convert_rule(text: str, *, at: str) -> ConvertedRule | None:
    """Return the files of a rule that is of format 1; ``None`` where it is of format 2 already. ``at`` is its ``rule.yml``."""
    reading = Reading(at)
    root = reading.parse(text)
    if not reading.mistakes and not is_format_1(root):
        return None
    converter = Converter(reading, text)
    files = {} if reading.mistakes else _files(root, reading, converter)
    return ConvertedRule(origin=at, files={} if reading.mistakes else files, mistakes=tuple(reading.mistakes))


def _files(root: MapNode, reading: Reading, converter: Converter) -> dict[str, str]:
    english, chinese = Pairs(), Pairs()
    family = _plain(root.get("family"))
    code, name = _plain(root.get("code")), _plain(root.get("name"))
    folder = PurePosixPath(reading.path).parent.name
    if folder not in ("", f"{code}-{name}"):
        reading.report(
            1, f"the folder is '{folder}', but the rule is {code} {name}", f"name the folder {code}-{name}"
        )
    entry = root.entry("status")
    if entry is not None:
        english.add("status", converter.plain(entry.value), converter.comments(entry))
    if family_of(_plain(root.get("code"))) is None:
        english.add("family", family)
    for key in TEXTS[:-1]:
        _add_text(root, key, english, chinese, converter)
    evidence = root.entry("evidence")
    if evidence is not None:
        _add_evidence(root, evidence, english, converter)
    when = root.entry("when")
    if when is not None and (asked := converter.expression(when.value)) is not None:
        english.add("when", asked, converter.comments(when))
    _add_severity(root, english, converter)
    _add_text(root, "says", english, chinese, converter)
    return {RULE_FILE: written(english), CHINESE_FILE: written(chinese)}


def _add_text(root: MapNode, key: str, english: Pairs, chinese: Pairs, converter: Converter) -> None:
    entry = root.entry(key)
    if entry is None or not isinstance(entry.value, MapNode):
        return
    comments = converter.comments(entry)
    for language, into in (("en", english), ("zh", chinese)):
        text = _plain(entry.value.get(language)).strip()
        if text:
            into.add(key, Prose(text), comments)
        comments = ()


def _add_evidence(root: MapNode, entry: Entry, into: Pairs, converter: Converter) -> None:
    node = entry.value
    comments = converter.comments(entry)
    if isinstance(node, MapNode):
        where = node.get("where")
        asked = converter.where(where) if where is not None else Pairs()
        into.add("evidence", Pairs((_plain(node.get("fact")), asked)), comments)
        if (worst := node.get("worst_by")) is not None:
            into.add("worst_by", _plain(worst))
        return
    when = root.get("when")
    found = converter.asked_for(when, _plain(node)) if when is not None else None
    if found is None:
        converter.reading.report(
            entry,
            "what it points at is only in 'when'",
            "write evidence: {fact: ..., where: {...}} first",
        )
        return
    into.add("evidence", Pairs((_plain(node), found)), comments)


def _add_severity(root: MapNode, into: Pairs, converter: Converter) -> None:
    raised, lowered = (_steps(root.entry(key), converter) for key in ("escalate", "lower"))
    raised.sort(key=lambda step: -_RANK.get(step[0], 0))
    lowered.sort(key=lambda step: _RANK.get(step[0], 0))
    default = _plain(root.get("severity"))
    if not raised and not lowered:
        into.add("severity", default)
        return
    listed = Items(is_tall=True)
    for to, asked, comments in (*raised, *lowered):
        listed.add(Pairs((to, asked)), comments)
    listed.add(default)
    into.add("severity", listed)


def _steps(entry: Entry | None, converter: Converter) -> list[tuple[str, object, tuple[str, ...]]]:
    found: list[tuple[str, object, tuple[str, ...]]] = []
    if entry is None or not isinstance(entry.value, ListNode):
        return found
    for item in entry.value.items:
        if not isinstance(item, MapNode):
            continue
        comments = converter.comments(item)
        when = item.get("when")
        asked = converter.expression(when, keeps_evidence=True) if when is not None else None
        found.append(
            (_plain(item.get("to")), asked if asked is not None else Pairs(("evidence", Pairs())), comments)
        )
    return found


def _plain(node: Node | None) -> str:
    return node.text if isinstance(node, ScalarNode) else ""
