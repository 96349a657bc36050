"""Two conditions as text -> which of them holds in more cases.

What a condition compares is a subject (`len(x)`, the capability, one name): subjects take the few values at which an answer can
differ, and both conditions are asked for every combination of them.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise, product
from typing import Final, NamedTuple

from diffscope.facts.parsed_text import parse_expression
from diffscope.patterns import lazy_regex
from diffscope.syntax.model import ConditionChange, Held

_MOST_COMBINATIONS: Final = 4096
_MOST_NODES: Final = 400
_LARGEST: Final = 1e15
"""Beyond it whole numbers are no longer told apart."""
_COUNTING: Final = lazy_regex(
    r"len|num|size|count|rank|idx|index|dim|shape|capability|major|minor|version|world|step|tokens|block|_len|arch|\bcc\b",
    re.IGNORECASE,
)
_CAPABILITY: Final = lazy_regex(r"^(.*?)\.?(has|is)_device_capability(_family)?$")
_ASKED_NAME: Final = lazy_regex(r"(?<![\w.])(?!(?:not|and|or|is|in|self)\b(?![.]))[a-z_][\w.]*")
_MIRRORED: Final = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_OPERATORS: Final[Mapping[type[ast.cmpop], str]] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
    ast.Is: "==", ast.IsNot: "!=", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip

Value = tuple[str, object]
"""A value of a subject: ``none``, ``number``, ``constant``, ``other`` (true or not), ``order`` of two subjects."""
_NONE: Final[Value] = ("none", None)
_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__, "==": float.__eq__,
}  # fmt: skip
_Answer = Callable[[Mapping[str, Value]], bool]


class Atom(NamedTuple):
    """The smallest question of a condition."""

    text: str
    node: ast.expr


class _Subject:
    """What is compared, with what an answer can depend on."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.numbers: set[float] = set()
        self.constants: set[str] = set()
        self.asks_none = False
        self.asks_truth = False
        self.is_order = False

    def values(self) -> list[Value]:
        if self.is_order:
            return [("order", -1), ("order", 0), ("order", 1)]
        found: list[Value] = [("number", number) for number in self._points()]
        found += [("constant", each) for each in sorted(self.constants)]
        if self.asks_none:
            found.append(_NONE)
        if self.asks_truth or not self.numbers:
            found.append(("other", True))
        if self.asks_truth:
            found.append(("other", False))
        return found

    def _points(self) -> list[float]:
        numbers = sorted(self.numbers)
        if not numbers:
            return []
        if all(each.is_integer() for each in numbers) and _COUNTING.search(self.name):
            return sorted({number + step for number in numbers for step in (-1, 0, 1)})
        between = [(one + other) / 2 for one, other in pairwise(numbers)]
        return sorted({numbers[0] - 1, *numbers, *between, numbers[-1] + 1})


def parse_condition(text: str, names: Sequence[tuple[str, str]] = ()) -> ast.expr | None:
    """Return the tree of a condition, names that stand for conditions replaced; ``None`` for what does not parse or is very long."""
    tree = parse_expression(text.strip())
    if tree is None or _size(tree) > _MOST_NODES:
        return None
    values = {name: value for name, each in names if (value := parse_expression(each.strip())) is not None}
    tree = _with_names(tree, values) if values else tree
    return tree if _size(tree) <= _MOST_NODES else None


def _size(tree: ast.expr) -> int:
    return sum(1 for _ in ast.walk(tree))


def _with_names(node: ast.expr, values: Mapping[str, ast.expr]) -> ast.expr:
    """Return a condition with conditions in the place of the names that are parts of it."""
    if isinstance(node, ast.Name):
        return values.get(node.id, node)
    if isinstance(node, ast.BoolOp):
        return ast.BoolOp(node.op, [_with_names(each, values) for each in node.values])
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return ast.UnaryOp(node.op, _with_names(node.operand, values))
    return node


def direction_of(before: ast.expr | None, after: ast.expr | None) -> str:
    """Return ``same``, ``narrowed`` (holds in fewer cases now), ``widened``, ``reversed``, ``changed`` or ``unknown``."""
    if before is None or after is None:
        return "unknown"
    if ast.dump(before) == ast.dump(after):
        return "same"
    reader = _Reader()
    old, new = reader.answer(before), reader.answer(after)
    names = sorted(reader.subjects)
    values = [reader.subjects[name].values() for name in names]
    size = 1
    for each in values:
        size *= len(each)
    if size > _MOST_COMBINATIONS:
        return _by_parts(before, after)
    answers = {
        (old(case), new(case)) for case in (dict(zip(names, one, strict=True)) for one in product(*values))
    }
    if (True, False) in answers and (False, True) in answers:
        return "reversed" if len(answers) == 2 else "changed"
    return "narrowed" if (True, False) in answers else "widened" if (False, True) in answers else "same"


def _by_parts(before: ast.expr, after: ast.expr) -> str:
    """Return the direction of conditions that are too long to try: one has all the parts of the other and more."""
    for kind, more, fewer in ((ast.And, "narrowed", "widened"), (ast.Or, "widened", "narrowed")):
        old, new = _parts(before, kind), _parts(after, kind)
        if old < new:
            return more
        if new < old:
            return fewer
    return "unknown"


def _parts(tree: ast.expr, kind: type[ast.boolop]) -> set[str]:
    values = tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, kind) else [tree]
    return {ast.dump(each) for each in values}


def atoms(tree: ast.expr | None) -> tuple[Atom, ...]:
    """Return the smallest questions of a condition, in order, each once."""
    found: dict[str, Atom] = {}
    pending = [tree] if tree is not None else []
    while pending:
        node = pending.pop(0)
        if isinstance(node, ast.BoolOp):
            pending[:0] = node.values
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            pending.insert(0, node.operand)
        elif isinstance(node, ast.IfExp):
            pending[:0] = [node.test, node.body, node.orelse]
        else:
            found.setdefault(ast.unparse(node), Atom(ast.unparse(node), node))
    return tuple(found.values())


class _Reader:
    """Reads conditions into answers, and gathers the subjects that they ask of."""

    def __init__(self) -> None:
        self.subjects: dict[str, _Subject] = {}

    def answer(self, node: ast.expr) -> _Answer:
        """Return what a condition answers in a case, which gives each subject a value."""
        if isinstance(node, ast.BoolOp):
            return self._joined(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.answer(node.operand)
            return lambda case: not inner(case)
        if isinstance(node, ast.IfExp):
            test, yes, no = (self.answer(each) for each in (node.test, node.body, node.orelse))
            return lambda case: yes(case) if test(case) else no(case)
        if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool)):
            fixed = bool(node.value)
            return lambda _: fixed
        return self._smallest(node)

    def _joined(self, node: ast.BoolOp) -> _Answer:
        parts = [self.answer(each) for each in node.values]
        join = all if isinstance(node.op, ast.And) else any
        return lambda case: join(part(case) for part in parts)

    def _smallest(self, node: ast.expr) -> _Answer:
        if isinstance(node, ast.NamedExpr):
            return self.answer(node.value)
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            answers = [
                self._compared(left, _OPERATORS[type(operator)], right)
                for (left, right), operator in zip(pairwise(sides), node.ops, strict=True)
            ]
            return answers[0] if len(answers) == 1 else lambda case: all(answer(case) for answer in answers)
        if isinstance(node, ast.Call):
            return self._call(node)
        return self._truth(ast.unparse(node))

    def _subject(self, name: str) -> _Subject:
        return self.subjects.setdefault(name, _Subject(name))

    def _truth(self, name: str) -> _Answer:
        self._subject(name).asks_truth = True
        return lambda case: _is_true(case[name])

    def _compared(self, left: ast.expr, operator: str, right: ast.expr) -> _Answer:
        if operator in ("!=", "not in"):
            positive = self._compared(left, "==" if operator == "!=" else "in", right)
            return lambda case: not positive(case)
        if _is_value(left) and not _is_value(right) and operator != "in":
            left, operator, right = right, _MIRRORED.get(operator, operator), left
        name = ast.unparse(left)
        if operator == "in":
            listed: list[ast.expr] | None = getattr(right, "elts", None)
            return self._member(name, listed) if listed else self._truth(f"{name} in {ast.unparse(right)}")
        if operator == "==" and _is_value(right):
            return self._member(name, [right])
        number = _number(right)
        if number is not None:
            return self._number(name, operator, number)
        return self._ordered(name, operator, ast.unparse(right))

    def _number(self, name: str, operator: str, number: float) -> _Answer:
        self._subject(name).numbers.add(number)
        holds = _COMPARISONS[operator]

        def holds_in(case: Mapping[str, Value]) -> bool:
            value = case[name][1]
            return isinstance(value, float) and holds(value, number)

        return holds_in

    def _member(self, name: str, values: Iterable[ast.expr]) -> _Answer:
        subject, accepted = self._subject(name), set[Value]()
        for each in values:
            number = _number(each)
            if isinstance(each, ast.Constant) and each.value is None:
                subject.asks_none = True
                accepted.add(_NONE)
            elif number is not None:
                subject.numbers.add(number)
                accepted.add(("number", number))
            else:
                subject.constants.add(ast.unparse(each))
                accepted.add(("constant", ast.unparse(each)))
        return lambda case: case[name] in accepted

    def _ordered(self, left: str, operator: str, right: str) -> _Answer:
        if left > right:
            left, operator, right = right, _MIRRORED.get(operator, operator), left
        key = f"{left} <> {right}"
        self._subject(key).is_order = True
        allowed = {"<": {-1}, "<=": {-1, 0}, ">": {1}, ">=": {0, 1}, "==": {0}}[operator]
        return lambda case: case[key][1] in allowed

    def _call(self, node: ast.Call) -> _Answer:
        callee, arguments = ast.unparse(node.func), node.args
        if callee == "bool" and len(arguments) == 1:
            return self.answer(arguments[0])
        if callee == "isinstance" and len(arguments) == 2:
            return self._member(f"type of {ast.unparse(arguments[0])}", _listed(arguments[1]))
        if callee.endswith((".startswith", ".endswith")) and len(arguments) == 1:
            return self._member(callee, _listed(arguments[0]))
        asked = _CAPABILITY.match(callee)
        number = _number(arguments[0]) if asked and len(arguments) == 1 else None
        if asked is None or number is None:
            return self._truth(ast.unparse(node))
        name = f"capability of {asked[1]}"
        if asked[3]:
            first, last = (
                self._number(name, ">=", number // 10 * 10),
                self._number(name, "<", number // 10 * 10 + 10),
            )
            return lambda case: first(case) and last(case)
        return self._number(name, ">=" if asked[2] == "has" else "==", number)


def _listed(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple) else [node]


def _is_value(node: ast.expr) -> bool:
    """Return whether an expression is one value among others: a literal, a constant or member of an enumeration by its name."""
    if isinstance(node, ast.Constant) or _number(node) is not None:
        return True
    last = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    root = ast.unparse(node).partition(".")[0]
    return last.isupper() or (root in ("torch", "np", "tl") and bool(last))


def _number(node: ast.expr) -> float | None:
    """Return the number that an expression is; a pair of numbers is a capability or the beginning of a version."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _number(node.operand)
        return -inner if inner is not None else None
    if (
        isinstance(node, ast.Constant)
        and isinstance(node.value, int | float)
        and type(node.value) is not bool
    ):
        return float(node.value) if abs(node.value) < _LARGEST else None
    if isinstance(node, ast.Tuple):
        return _pair(node.elts)
    return _pair(node.args) if isinstance(node, ast.Call) and _is_capability(node) else None


def _pair(values: Sequence[ast.expr]) -> float | None:
    numbers = [_number(each) for each in values if isinstance(each, ast.Constant)]
    if len(values) != 2 or len(numbers) != 2:
        return None
    major, minor = numbers
    if major is None or minor is None or not (major.is_integer() and minor.is_integer()):
        return None
    return major * 10 + minor if 0 <= major < 100 and 0 <= minor < 10 else None


def _is_capability(node: ast.Call) -> bool:
    return ast.unparse(node.func).endswith("DeviceCapability")


def _is_true(value: Value) -> bool:
    kind, one = value
    if kind == "constant":
        return one not in ("''", "0", "False", "b''")
    return bool(one) if kind in ("other", "number") else False


def caught(text: str) -> frozenset[str]:
    """Return the exceptions that an ``except`` names, by their last names."""
    return frozenset(re.findall(r"(\w+)(?=\s*(?:[,)]|$))", text))


def direction_of_caught(before: str, after: str) -> str:
    """Return the direction of the exceptions that are caught; of two names that say nothing of each other, ``changed``."""
    old, new = caught(before), caught(after)
    broad = defaultdict(int, {"BaseException": 2, "Exception": 1})
    width_old, width_new = (max((broad[name] for name in names), default=0) for names in (old, new))
    if old == new or (width_old == width_new > 0):
        return "same"
    if width_old != width_new:
        return "narrowed" if width_new < width_old else "widened"
    return "narrowed" if new < old else "widened" if old < new else "changed"


def is_refused_anew(gone: ConditionChange, others: Iterable[ConditionChange]) -> bool:
    """Return whether a refusal that was not there asks for a name that one which is gone asked for."""
    names = set(_ASKED_NAME.findall(gone.text))
    return any(
        bool(names.intersection(_ASKED_NAME.findall(one.text)))
        for one in others
        if (one.what, one.change) == ("assert", "added")
        or (
            one.what == "if"
            and one.change != "removed"
            and _raises(one.held)
            and not _raises(one.held_before)
        )
    )


def _raises(held: Iterable[Held]) -> bool:
    return any(each.kind == "raise" for each in held)
