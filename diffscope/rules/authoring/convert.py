"""Rules of format 1 -> format 2: ``diffscope rules convert``. Keeps the meaning exactly, and comments above lines; cases are of one form in both."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from diffscope.patterns import lazy_regex
from diffscope.rules.authoring.yaml_text import Items, Pairs, Prose, written
from diffscope.rules.language.conditions import PATH_FIELDS
from diffscope.rules.language.load import CHINESE_FILE, RULE_FILE
from diffscope.rules.language.rule_file import TEXTS, is_format_1
from diffscope.rules.model import Severity, family_of
from diffscope.source.model import Value
from diffscope.yaml.reading import Mistake, Reading, clipped
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
    family = _text(root.get("family"))
    code, name = _text(root.get("code")), _text(root.get("name"))
    folder = PurePosixPath(reading.path).parent.name
    if folder not in ("", f"{code}-{name}"):
        reading.report(
            1, f"the folder is '{folder}', but the rule is {code} {name}", f"name the folder {code}-{name}"
        )
    entry = root.entry("status")
    if entry is not None:
        english.add("status", converter.plain(entry.value), converter.comments(entry))
    if family_of(_text(root.get("code"))) is None:
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
        text = _text(entry.value.get(language)).strip()
        if text:
            into.add(key, Prose(text), comments)
        comments = ()


def _add_evidence(root: MapNode, entry: Entry, into: Pairs, converter: Converter) -> None:
    node = entry.value
    comments = converter.comments(entry)
    if isinstance(node, MapNode):
        where = node.get("where")
        asked = converter.where(where) if where is not None else Pairs()
        into.add("evidence", Pairs((_text(node.get("fact")), asked)), comments)
        if (worst := node.get("worst_by")) is not None:
            into.add("worst_by", _text(worst))
        return
    when = root.get("when")
    found = converter.asked_for(when, _text(node)) if when is not None else None
    if found is None:
        converter.reading.report(
            entry, "what it points at is only in 'when'", "write evidence: {fact: ..., where: {...}} first"
        )
        return
    into.add("evidence", Pairs((_text(node), found)), comments)


def _add_severity(root: MapNode, into: Pairs, converter: Converter) -> None:
    raised, lowered = (_steps(root.entry(key), converter) for key in ("escalate", "lower"))
    raised.sort(key=lambda step: -_RANK.get(step[0], 0))
    lowered.sort(key=lambda step: _RANK.get(step[0], 0))
    default = _text(root.get("severity"))
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
            (_text(item.get("to")), asked if asked is not None else Pairs(("evidence", Pairs())), comments)
        )
    return found


_SAME: Final = ("is", "in", "has", "has_any")
_OPPOSITE: Final = ("is_not", "not_in", "has_none")
_BOUNDS: Final = {
    "at_least": ("at_least", 0),
    "at_most": ("at_most", 0),
    "more_than": ("at_least", 1),
    "less_than": ("at_most", -1),
}
"""Whole numbers alone are compared: less than 5 is at most 4."""
_HEADS: Final = ("all", "any", "not", "none", "every", "count", "sum")
_COMMENT: Final = lazy_regex(r"\s*(#.*)")


class Converter:
    """Converts the conditions of one file; what has no counterpart is noted in ``reading``."""

    def __init__(self, reading: Reading, text: str) -> None:
        self.reading = reading
        self._comments = _comments(text)

    def comments(self, place: Node | Entry) -> tuple[str, ...]:
        """Return the comment lines above a place, once."""
        return self._comments.pop(place.line, ())

    def expression(self, node: Node, *, keeps_evidence: bool = False) -> object | None:
        """Return an expression; ``None`` for one that only asks for evidence, which every rule does, unless it is to be kept."""
        keys = node.keys() if isinstance(node, MapNode) else ()
        head = next((key for key in keys if key in _HEADS), None)
        if head is None or not isinstance(node, MapNode):
            return self._refused(node, "this condition has no form in format 2")
        asked = _of(node, head)
        if head == "all":
            return self._all(asked, keeps_evidence=keeps_evidence)
        if head == "not":
            return _opposite(self.expression(asked, keeps_evidence=True))
        if head in ("count", "sum"):
            return self._measured(node)
        if isinstance(asked, ListNode):
            return Pairs((head, self._expressions(asked)))
        return self._quantified(node, head, keeps_evidence=keeps_evidence)

    def where(self, node: Node) -> Pairs:
        """Return a condition on one record."""
        found, refused = Pairs(), Items()
        for entry in node.entries if isinstance(node, MapNode) else ():
            comments = self.comments(entry)
            match entry.key:
                case "any_of" | "all_of":
                    found.add(entry.key.removesuffix("_of"), self._wheres(entry.value), comments)
                case "not":
                    refused.add(self.where(entry.value), comments)
                case "joined":
                    joined, is_none = self._joined(entry.value)
                    if is_none:
                        refused.add(joined, comments)
                    else:
                        for key, value, _ in joined.entries:
                            found.add(key, value, comments)
                case _:
                    self._add_field(entry, found, comments)
        _add_refused(found, refused)
        return found

    def asked_for(self, when: Node, fact: str) -> Pairs | None:
        """Return what ``when`` asks of the records of a fact, where it asks it once and of some record."""
        if not isinstance(when, MapNode):
            return None
        if (asked := when.get("any")) is not None and isinstance(asked, ScalarNode):
            where = when.get("where")
            return (Pairs() if where is None else self.where(where)) if asked.text == fact else None
        listed = when.get("all")
        found = [self.asked_for(item, fact) for item in listed.items] if isinstance(listed, ListNode) else []
        held = [each for each in found if each is not None]
        return held[0] if len(held) == 1 else None

    def plain(self, node: Node) -> object:
        """Return a tree as it is, with named lists by the new sign."""
        if isinstance(node, ScalarNode):
            return node.value
        if isinstance(node, MapNode):
            if (name := node.get("$list")) is not None:
                return f"${_text(name)}"
            return Pairs(*((entry.key, self.plain(entry.value)) for entry in node.entries))
        listed = Items()
        for item in node.items:
            listed.add(self.plain(item), self.comments(item))
        return listed

    def _all(self, node: Node | None, *, keeps_evidence: bool) -> object | None:
        listed = Items()
        for item in node.items if isinstance(node, ListNode) else ():
            comments = self.comments(item)
            asked = self.expression(item, keeps_evidence=keeps_evidence)
            if asked is not None:
                listed.add(asked, comments)
        if not listed.items:
            return None
        if len(listed.items) == 1 and not listed.items[0][1]:
            return listed.items[0][0]
        return _merged(listed) or listed

    def _expressions(self, node: Node | None) -> Items:
        listed = Items()
        for item in node.items if isinstance(node, ListNode) else ():
            comments = self.comments(item)
            asked = self.expression(item, keeps_evidence=True)
            # A list in a list would leave it to the reader to know which of the two is "any".
            listed.add(Pairs(("all", asked)) if isinstance(asked, Items) else asked, comments)
        return listed

    def _wheres(self, node: Node) -> Items:
        listed = Items()
        for item in node.items if isinstance(node, ListNode) else ():
            comments = self.comments(item)
            listed.add(self.where(item), comments)
        return listed

    def _quantified(self, node: MapNode, head: str, *, keeps_evidence: bool) -> object | None:
        fact, where = _text(node.get(head)), node.get("where")
        asked = Pairs() if where is None else self.where(where)
        if head == "every":
            return _opposite(Pairs((fact, _opposite(asked))))
        if head == "none":
            return _opposite(Pairs((fact, asked)))
        if fact == "evidence" and where is None and not keeps_evidence:
            return None
        return Pairs((fact, asked))

    def _measured(self, node: MapNode) -> Pairs:
        found = Pairs()
        if (fact := node.get("count")) is not None:
            found.add("count", _text(fact))
            if (distinct := node.get("distinct")) is not None:
                found.add("distinct", _text(distinct))
        else:
            found.add("sum", self.plain(_of(node, "of")))
            found.add("of", _text(node.get("sum")))
        if (where := node.get("where")) is not None:
            found.add("where", self.where(where))
        for entry in node.entries:
            if entry.key in _BOUNDS:
                word, more = _BOUNDS[entry.key]
                found.add(word, _number(entry.value) + more)
            elif entry.key == "is":
                found.add("at_least", _number(entry.value))
                found.add("at_most", _number(entry.value))
        return found

    def _joined(self, node: Node) -> tuple[Pairs, bool]:
        entries = node if isinstance(node, MapNode) else MapNode((), node.line, node.column)
        is_none = entries.get("none") is not None
        fact = _text(entries.get("none") or entries.get("any"))
        where = entries.get("where")
        asked = Pairs() if where is None else self.where(where)
        return Pairs((f"same_{_text(entries.get('same'))}", Pairs((fact, asked)))), is_none

    def _add_field(self, entry: Entry, found: Pairs, comments: tuple[str, ...]) -> None:
        if isinstance(entry.value, ScalarNode):
            found.add(entry.key, entry.value.value, comments)
            return
        tests = Pairs()
        for each in entry.value.entries if isinstance(entry.value, MapNode) else ():
            self._add_test(entry.key, each, tests)
        if len(tests.entries) == 1 and tests.keys()[0] in ("in", "same"):
            key, value, _ = tests.entries[0]
            found.add(entry.key, value if key == "in" else Pairs(("field", value)), comments)
        else:
            found.add(entry.key, tests, comments)

    def _add_test(self, field: str, test: Entry, tests: Pairs) -> None:
        value = self.plain(test.value)
        if test.key in (*_SAME, *_OPPOSITE):
            tests.add("in" if test.key in _SAME else "not", _alone(value))
        elif test.key in _BOUNDS:
            word, more = _BOUNDS[test.key]
            tests.add(word, _number(test.value) + more)
        elif (test.key == "glob" and field in PATH_FIELDS) or (
            test.key == "like" and field not in PATH_FIELDS
        ):
            tests.add("like", _alone(value))
        elif test.key == "regex":
            tests.add("matches", _alone(value))
        elif test.key == "is_null":
            tests.add("in" if value else "not", None)
        elif test.key == "equals_field":
            tests.add("same", value)
        elif test.key == "differs_from":
            tests.add("not", Pairs(("field", value)))
        else:
            self._refused(test, f"'{test.key}' of '{clipped(field)}' has no form in format 2")

    def _refused(self, place: Node | Entry, message: str) -> Pairs:
        self.reading.report(place, message, "say it in other words first: docs/rules.md")
        return Pairs()


def _add_refused(found: Pairs, refused: Items) -> None:
    """Add what must not hold: ``not: A`` for one, ``not: {any: [A, B]}`` for several."""
    if len(refused.items) == 1:
        value, comments = refused.items[0]
        found.add("not", value, comments)
    elif refused.items:
        flat = Items()
        for value, comments in refused.items:
            inner = value.entries if isinstance(value, Pairs) else []
            if len(inner) == 1 and inner[0][0] == "any" and isinstance(inner[0][1], Items):
                flat.items += inner[0][1].items
            else:
                flat.add(value, comments)
        found.add("not", Pairs(("any", flat)))


def _merged(listed: Items) -> Pairs | None:
    """Return conditions that all must hold as one mapping, where no two ask the same fact."""
    merged = Pairs()
    for value, comments in listed.items:
        if not isinstance(value, Pairs) or len(value.entries) != 1 or value.keys()[0] in merged:
            return None
        key, inner, own = value.entries[0]
        merged.add(key, inner, (*comments, *own))
    return merged


def _opposite(asked: object) -> Pairs:
    if isinstance(asked, Pairs) and asked.keys() == ["not"]:
        inner = asked.entries[0][1]
        return inner if isinstance(inner, Pairs) else Pairs(("not", asked))
    return Pairs(("not", Pairs(("all", asked)) if isinstance(asked, Items) else asked))


def _alone(value: object) -> object:
    """Return the one element of a list in its place."""
    if isinstance(value, Items) and len(value.items) == 1 and not value.items[0][1]:
        return value.items[0][0]
    return value


def _of(node: MapNode, key: str) -> Node:
    found = node.get(key)
    return found if found is not None else MapNode((), node.line, node.column)


def _text(node: Node | None) -> str:
    return node.text if isinstance(node, ScalarNode) else ""


def _number(node: Node) -> int:
    value = node.value if isinstance(node, ScalarNode) else None
    return value if isinstance(value, int) else 0


def _comments(text: str) -> dict[int, tuple[str, ...]]:
    """Return the lines of comments by the number of the line that they stand above."""
    found: dict[int, tuple[str, ...]] = {}
    waiting: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        comment = _COMMENT.fullmatch(line)
        if comment is not None:
            waiting.append(comment[1])
        elif line.strip() and waiting:
            found[number] = tuple(waiting)
            waiting = []
    return found
