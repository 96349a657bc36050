"""Both sides of an edit -> the cases in which only one of them holds, or that only the type differs."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable
from typing import Final, NamedTuple

from diffscope.facts.model import Edit, ImportFact
from diffscope.facts.parsed_text import parse_expression, platforms_left
from diffscope.patterns import lazy_regex
from diffscope.source.profile import profile
from diffscope.syntax.nodes import denied

COMPARED: Final = lazy_regex(r"^(?:not )?(.+?) (<=|>=|<|>|==|!=) (.+)$")
_HOLDS: Final = {
    "<": frozenset({"<"}), "<=": frozenset({"<", "=="}), ">": frozenset({">"}), ">=": frozenset({">", "=="}),
    "==": frozenset({"=="}), "!=": frozenset({"<", ">"}),
}  # fmt: skip
"""How two values may lie to each other where a comparison of them holds."""
_CAST: Final = lazy_regex(r"\b(?:int|float|bool|str)\(|\.(?:to|item|tolist)\([\w.]*\)|\)")
_HANDED: Final = lazy_regex(r"^\w+=(?!=)")
"""The name by which a value is handed over."""
_ROOT: Final = lazy_regex(r"(?<![\w.])[A-Za-z_]\w*(?=[\w.]*\()")
"""The first part of what is called."""
_MAKES: Final = lazy_regex(r"^__(?:post_)?init__$|(?:^|_)(?:validate|verify|normalize|resolve)(?:_|$)")
"""Methods by which an object gets the values that its others read."""
_LENGTH: Final = lazy_regex(r"(len\([^()]+\)) (== 0|<= 0|< 1|!= 0|> 0|>= 1)")
_OPEN: Final = ("(", ", ")
"""How a call ends whose last argument is left out."""
_QUOTED: Final = lazy_regex(r'"[^"]*"')


class ChangedValues(NamedTuple):
    """For which values of one expression two comparisons differ, each as a condition; empty where for none."""

    lost: str
    """Only the old one holds."""
    gained: str

    @property
    def kind(self) -> str:
        """``lost``, ``gained`` or ``both``."""
        return "both" if self.lost and self.gained else "gained" if self.gained else "lost"


def changed_values(edit: Edit) -> ChangedValues | None:
    """Return for which values only one side of an edit holds; ``None`` unless both compare the same with values that are written out."""
    if edit.what not in ("condition", "return"):
        return None
    if edit.what == "return" and {edit.before, edit.after} & {"True", "False"}:
        return _always(edit.before, edit.after)
    was, now = _compared(edit.before), _compared(edit.after)
    if edit.what == "return" and (was is None or now is None):
        return _by_part(edit.before, edit.after)
    if was is None or now is None or was[:2] != now[:2] or was[2] == now[2]:
        return None
    left, is_denied = was[:2]
    parts = [[one for one in a if one not in b] for a, b in ((was[2], now[2]), (now[2], was[2]))]
    lost, gained = (_in_words(left, part) for part in parts)
    return ChangedValues(gained, lost) if is_denied else ChangedValues(lost, gained)


def _in_words(left: str, values: list[str]) -> str:
    """Return a comparison with values as it would be written; a call that is open asks for them itself."""
    listed = f"({', '.join(values)})" if values[1:] else "".join(values)
    if left.endswith(_OPEN):
        return f"{left}{listed})" if values else ""
    return f"{left} {'in' if values[1:] else '=='} {listed}" if values else ""


def _always(before: str, after: str) -> ChangedValues | None:
    """Return for which cases a result differs of which one side is the same in all."""
    told, fixed = (before, after) if after in ("True", "False") else (after, before)
    if not isinstance(parse_expression(told), ast.Compare | ast.BoolOp | ast.UnaryOp):
        return None
    case = denied(told) if fixed == "True" else told
    return ChangedValues("", case) if (fixed == "True") is (fixed == after) else ChangedValues(case, "")


def _compared(text: str) -> tuple[str, bool, list[str]] | None:
    """Return what is compared, whether it must be none of the values, and the values."""
    node, is_denied = parse_expression(text) if "…" not in text else None, False
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        node, is_denied = node.operand, True
    if isinstance(node, ast.Call):
        return _asked_by_call(node, is_denied=is_denied)
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        return None
    kind, right = type(node.ops[0]), node.comparators[0]
    if kind in (ast.In, ast.NotIn) and isinstance(right, ast.Tuple | ast.List | ast.Set):
        values = right.elts
    elif kind in (ast.Eq, ast.NotEq):
        values = [right]
    else:
        return None
    if any(isinstance(one, ast.Call | ast.Starred) for one in values):
        return None
    return (
        ast.unparse(node.left),
        is_denied is not (kind in (ast.NotIn, ast.NotEq)),
        list(map(ast.unparse, values)),
    )


def _asked_by_call(node: ast.Call, *, is_denied: bool) -> tuple[str, bool, list[str]] | None:
    """Return the same for a call that asks whether a text begins or ends so, or an object is of some class."""
    is_text = isinstance(node.func, ast.Attribute) and node.func.attr in ("startswith", "endswith")
    is_class = isinstance(node.func, ast.Name) and node.func.id == "isinstance" and len(node.args) == 2
    if node.keywords or not (is_class or (is_text and len(node.args) == 1)):
        return None
    *first, last = node.args
    values = last.elts if isinstance(last, ast.Tuple) else [last]
    told = "".join(f"{ast.unparse(one)}, " for one in first)
    return f"{ast.unparse(node.func)}({told}", is_denied, [ast.unparse(one) for one in values]


def _by_part(before: str, after: str) -> ChangedValues | None:
    """Return for which cases a result of several parts differs by one of them."""
    gone, come = parted(before, after)
    part, longer = come or gone, after if come else before
    if not part or (gone and come) or not isinstance(tree := parse_expression(longer), ast.BoolOp):
        return None
    is_or = isinstance(tree.op, ast.Or)
    case = part if is_or else denied(part)
    return ChangedValues("", case) if is_or is bool(come) else ChangedValues(case, "")


def other_library(edit: Edit, imports: Iterable[ImportFact]) -> tuple[str, str] | None:
    """Return the libraries of a call that went and of one that came in its place; ``None`` where they are not known, or the same.

    Known is what the change imports newly, or no longer; of a call that is not quoted whole the only library that its file no longer imports.
    """
    if (edit.what, edit.change) != ("call", "changed"):
        return None
    known: dict[str, dict[str, str]] = {"removed": {}, "added": {}}
    for one in imports:
        library = one.target.partition(".")[0]
        if one.path == edit.path and library not in (*sys.stdlib_module_names, *profile().packages):
            known.setdefault(one.change, {})[one.name or library] = library
    gone, come = (
        {known[change][name] for name in _ROOT.findall(text) if name in known[change]}
        for text, change in ((edit.before, "removed"), (edit.after, "added"))
    )
    if not gone and "…" in edit.before:
        gone = {*known["removed"].values()}
    return (gone.pop(), come.pop()) if len(gone) == len(come) == 1 and gone != come else None


def is_replaced_first(edit: Edit, edits: Iterable[Edit]) -> bool:
    """Return whether the only case that an edit decides otherwise is turned into another value first, by code that came with the change."""
    values = changed_values(edit)
    case = _compared(values.lost or values.gained) if values is not None and values.kind != "both" else None
    return case is not None and any(
        (now := _compared(_gained(one)))
        and (now[:2] == case[:2] and {*case[2]} <= {*now[2]})
        and any(text.startswith(f"{case[0]} = ") for text in one.held)
        for one in edits
        if one.what == "condition" and one.change != "removed" and _runs_before(one, edit)
    )


def _gained(edit: Edit) -> str:
    values = changed_values(edit)
    return edit.after if edit.change == "added" else values.gained if values is not None else ""


def _runs_before(one: Edit, other: Edit) -> bool:
    """Return whether the code of one edit runs before that of another: further up, or as an object is made or validated."""
    if one.path != other.path or one is other:
        return False
    owner, _, name = one.symbol.rpartition(".")
    is_first = bool(owner) and owner == other.symbol.rpartition(".")[0] and _MAKES.search(name) is not None
    return is_first if one.symbol != other.symbol else one.line < other.line and not one.guard


def only_at_bound(edit: Edit) -> str:
    """Return the only case, of two compared values, in which one side of an edit holds; empty where it is another one."""
    sides = [COMPARED.match(text) for text in (edit.before, edit.after)]
    if sides[0] is None or sides[1] is None:
        return ""
    (left, sign, right), (other, new_sign, new_right) = sides[0].groups(), sides[1].groups()
    is_denied_alike = edit.before.startswith("not ") == edit.after.startswith("not ")
    differs = _HOLDS[sign] ^ _HOLDS[new_sign]
    is_only = (left, right) == (other, new_right) and is_denied_alike and len(differs) == 1
    return f"{left} {min(differs)} {right}" if is_only else ""


def parted(before: str, after: str) -> tuple[str, str]:
    """Return what only one of two conditions asks, of those that ``and`` or ``or`` joins without brackets around them."""
    for word in (" or ", " and "):
        was, now = (text.split(word) for text in (before, after))
        known, asked = ({_QUOTED.sub('"…"', part) for part in parts} for parts in (was, now))
        if all(part.count("(") == part.count(")") for part in (*was, *now)) and known & asked:
            gone = [one for one in was if _QUOTED.sub('"…"', one) not in asked]
            come = [one for one in now if _QUOTED.sub('"…"', one) not in known]
            return word.join(gone), word.join(come)
    return before, after


def _counted(condition: str) -> str:
    """Return a condition that a length is zero, or more, in one way of writing it."""
    found = _LENGTH.fullmatch(condition)
    if found is None:
        return condition
    return f"{found[1]} {'==' if found[2] in ('== 0', '<= 0', '< 1') else '>'} 0"


def is_turned(edit: Edit, edits: Iterable[Edit]) -> bool:
    """Return whether a condition went, or came, where the opposite one came, or went: what stood behind it stands before now."""
    if edit.what != "condition":
        return False
    opposite, pair = denied(edit.after or edit.before), {"added", "removed"}
    # An early end where nothing is there still ends: that the rest is no longer under a condition says nothing more.
    read = _counted if edit.change == "removed" else str
    return any(
        one.what == "condition"
        and {one.change, edit.change} == pair
        and read(one.before or one.after) == read(opposite)
        for one in edits
        if (one.path, one.symbol) == (edit.path, edit.symbol)
    )


class ChangedCase(NamedTuple):
    """The only case in which two expressions differ, with what each gives there."""

    case: str
    before: str
    after: str


def changed_case(edit: Edit) -> ChangedCase | None:
    """Return the case of a conditional expression that came or went, where the other side is what its other branch gives."""
    if edit.what not in ("value", "return", "argument", "call") or "…" in edit.before + edit.after:
        return None
    sides = [parse_expression(text) if text else None for text in (edit.before, edit.after)]
    for told, other in (sides, sides[::-1]):
        if not isinstance(other, ast.IfExp) or told is None:
            continue
        plain = _CAST.sub("", ast.unparse(told))
        cases = (
            (other.body, other.orelse, denied(ast.unparse(other.test))),
            (other.orelse, other.body, ast.unparse(other.test)),
        )
        for same, differs, case in cases:
            if _CAST.sub("", ast.unparse(same)) == plain:
                value = ast.unparse(differs)
                is_new = other is sides[1]
                return ChangedCase(case, edit.before if is_new else value, value if is_new else edit.after)
    return None


class ChangedChoice(NamedTuple):
    """Two conditional expressions that choose between the same two values by other conditions."""

    value: str
    other: str
    was: str
    now: str


def changed_choice(edit: Edit) -> ChangedChoice | None:
    """Return the two conditions by which an expression chooses between the same two values; ``None`` where it is none, or more differs."""
    if edit.what not in ("value", "return", "argument") or "…" in edit.before + edit.after:
        return None
    old, new = (parse_expression(_HANDED.sub("", text)) for text in (edit.before, edit.after))
    if not isinstance(old, ast.IfExp) or not isinstance(new, ast.IfExp):
        return None
    sides = [(ast.unparse(one.body), ast.unparse(one.orelse)) for one in (old, new)]
    if sides[0] != sides[1]:
        return None
    return ChangedChoice(*sides[0], ast.unparse(old.test), ast.unparse(new.test))


class ChangedPlatforms(NamedTuple):
    """The platforms on which a condition can hold on one side of an edit only."""

    names: tuple[str, ...]
    kind: str
    """``lost`` or ``gained``."""


def changed_platforms(edit: Edit) -> ChangedPlatforms | None:
    """Return the platforms on which a condition can no longer hold, or newly can; ``None`` unless both sides ask for platforms and all else stays."""
    if (edit.what, edit.change) != ("condition", "changed") or "…" in edit.before + edit.after:
        return None
    was, now = (platforms_left(text) for text in (edit.before, edit.after))
    if not was or not now or bool(was - now) is bool(now - was):
        return None
    kind = "lost" if was - now else "gained"
    return ChangedPlatforms(tuple(sorted(was ^ now)), kind)


def is_kept_positive(edit: Edit, name: str) -> bool:
    """Return whether a condition around an edit lets only positive values of a name through."""
    is_positive = re.compile(rf"{re.escape(name)}(?: > \d| >= [1-9]|$)")
    return any(is_positive.match(guard) for guard in (edit.guard, *edit.outer))
