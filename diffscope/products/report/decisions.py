"""What the code of a tree decides of settings, read from its syntax: values and their conditions, defaults, first choices, values that are refused.

Every function takes the text of a module; one that does not parse holds nothing. Conditions are expressions of Python, ``condition_in_words`` says them.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from diffscope.messages.model import Language, Text
from diffscope.messages.say import text_of, texts
from diffscope.patterns import lazy_regex
from diffscope.source.model import Value

_OWNERS: Final = ("Config", "Args", "Params", "Request")
_MEMBER: Final = lazy_regex(r"\b[A-Z]\w*[a-z]\.([A-Z][A-Z0-9_]+)\b")
_CAP: Final = lazy_regex(r"^max_\w*version$")
_SPACE: Final = lazy_regex(r"(?<=[\u4e00-\u9fff])(?=[`A-Za-z0-9])|(?<=[`A-Za-z0-9])(?=[\u4e00-\u9fff])")
"""Where Chinese text has a space between a letter and a name or number."""
_SPECIAL: Final = lazy_regex(r"(?i)tpu|cpu|xpu|chip")
"""How conditions ask for hardware that few servers run on."""
_GUARDS: Final = frozenset(
    f"{name}_config" for name in ("model", "hf", "quant", "cache", "parallel", "scheduler", "device", "load")
)
_MOST_ATOMS: Final = 4
"""Conditions of one decision that a reader follows."""
_OPPOSITE: Final[Mapping[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_COMPARED: Final[Mapping[type[ast.cmpop], str]] = {
    ast.Eq: "is",
    ast.NotEq: "is-not",
    ast.Gt: "above",
    ast.LtE: "up-to",
    ast.Lt: "below",
    ast.GtE: "at-least",
    ast.In: "in",
    ast.NotIn: "not-in",
}
_Path = tuple[ast.expr, ...]


class Decided(Value, frozen=True, kw_only=True):
    """A setting that code now decides: its name, what it becomes, as written, and under which condition (empty where there is none), and whether only where the user set nothing."""

    name: str
    value: str
    condition: str = ""
    path: str = ""
    line: int = 0
    is_unset: bool = False
    before: tuple[str, ...] = ()
    """The values that the code before took by default, smallest first; empty where they are not plain numbers."""


class Choice(NamedTuple):
    """What a value that leaves the choice to the code stands for under a condition."""

    condition: str
    value: str


class Resolved(Value, frozen=True, kw_only=True):
    """A setting whose default leaves the choice to the code: what it chooses, and where the value of before raises an error now."""

    choices: tuple[Choice, ...] = ()
    barred: tuple[str, ...] = ()
    """Conditions under which the value of before is refused, empty text where under none."""


@lru_cache(maxsize=64)
def parsed(text: str) -> ast.Module:
    """Return the syntax of a module, empty where it has none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module(body=[], type_ignores=[])


def _under(
    body: Sequence[ast.stmt], path: _Path = (), owner: str = ""
) -> Iterator[tuple[ast.stmt, _Path, str]]:
    """Yield every statement with the conditions that it is under, within its function, and its class."""
    for each in body:
        yield each, path, owner
        if isinstance(each, ast.ClassDef):
            yield from _under(each.body, (), each.name)
        elif isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _under(each.body, (), owner)
        elif isinstance(each, ast.If):
            yield from _under(each.body, (*path, each.test), owner)
            yield from _under(each.orelse, (*path, ast.UnaryOp(ast.Not(), each.test)), owner)
        else:
            for part in ("body", "orelse", "finalbody"):
                yield from _under(getattr(each, part, []), path, owner)
            for handler in getattr(each, "handlers", []):
                yield from _under(handler.body, path, owner)


def decided_in(
    text: str, lines: Collection[int], settings: Collection[str], known: Mapping[str, str]
) -> Iterator[Decided]:
    """Yield settings that statements on some lines assign a plain value; ``known`` are properties and constants by name, as written."""
    for each, path, owner in _under(parsed(text).body):
        target = each.targets[0] if isinstance(each, ast.Assign) else None
        if (
            not isinstance(each, ast.Assign)
            or not isinstance(target, ast.Attribute)
            or each.lineno not in lines
        ):
            continue
        is_users = owner.endswith(_OWNERS) or "config" in ast.unparse(target.value)
        # A name of one word is a field of many classes; it is taken for the option only in the class of arguments.
        is_users = is_users and ("_" in target.attr or owner.endswith("Args"))
        value = ast.unparse(each.value)
        if isinstance(each.value, ast.Name | ast.Attribute):
            value = known.get(value.rpartition(".")[2], value if _MEMBER.fullmatch(value) else "")
        elif not isinstance(each.value, ast.Constant) or not isinstance(each.value.value, int | float | str):
            value = ""
        if target.attr in settings and is_users and value:
            atoms = [atom for test in path for atom in _atoms(test, known)]
            asks = [atom for atom in atoms if target.attr in _names(atom)]
            atoms = [atom for atom in atoms if atom not in asks and not _guards(atom)]
            if any(isinstance(atom, ast.Name) and atom.id not in settings for atom in atoms):
                # A parameter of the function: what its callers ask for nobody sets.
                continue
            yield Decided(
                name=target.attr,
                value=value,
                condition=" and ".join(map(ast.unparse, atoms)) if len(atoms) <= _MOST_ATOMS else "",
                line=each.lineno,
                is_unset=any(
                    ast.unparse(atom).endswith((f"{target.attr} is None", f"{target.attr} == 'auto'"))
                    for atom in asks
                ),
            )


def _atoms(test: ast.expr, known: Mapping[str, str] | None = None) -> Iterator[ast.expr]:
    """Yield the parts of a condition that hold together, in place of a property what it asks."""
    said = (known or {}).get(test.attr) if isinstance(test, ast.Attribute) else None
    inner = parsed(f"({said})").body if said else []
    if inner and isinstance(inner[0], ast.Expr) and not isinstance(inner[0].value, ast.Constant):
        yield from _atoms(inner[0].value)
    elif isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        for value in test.values:
            yield from _atoms(value, known)
    elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        of = test.operand
        if isinstance(of, ast.BoolOp) and isinstance(of.op, ast.Or):
            for value in of.values:
                yield from _atoms(ast.UnaryOp(ast.Not(), value), known)
        elif isinstance(of, ast.Compare) and len(of.ops) == 1:
            yield ast.Compare(of.left, [_OPPOSITE[type(of.ops[0])]()], of.comparators)
        else:
            yield test
    else:
        yield test


def _names(node: ast.AST) -> set[str]:
    return {
        each.attr if isinstance(each, ast.Attribute) else each.id
        for each in ast.walk(node)
        if isinstance(each, ast.Attribute | ast.Name)
    }


def _guards(atom: ast.expr) -> bool:
    """Return whether a condition only asks for the part of the configuration that every launch has."""
    return ast.unparse(atom).removesuffix(" is not None").rpartition(".")[2] in _GUARDS


def properties_of(text: str) -> dict[str, str]:
    """Return what properties that are one expression return, by name, and numbers that constants are."""
    found = {}
    for each, _, _ in _under(parsed(text).body):
        match each:
            case ast.FunctionDef(name=name, body=[*_, ast.Return(value=ast.BoolOp() as value)]):
                if len(each.body) <= 2 and each.decorator_list:
                    found[name] = ast.unparse(value)
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=value))
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=value))
            ) if name.isupper():
                found[name] = repr(value)
    return found


def defaults_in(text: str, name: str) -> set[float]:
    """Return the numbers that a module takes for a setting by default: of names such as ``default_max_seqs``, plain or by what they are for."""
    found: set[float] = set()
    for each, path, _ in _under(parsed(text).body):
        targets = each.targets if isinstance(each, ast.Assign) else ()
        named = {target.id.lower() for target in targets if isinstance(target, ast.Name)}
        is_special = any(_SPECIAL.search(ast.unparse(test)) for test in path)
        if isinstance(each, ast.Assign) and f"default_{name}" in named and not is_special:
            found |= {
                float(one.value)
                for one in _of_servers(each.value)
                if isinstance(one, ast.Constant) and isinstance(one.value, int | float)
            }
    return found


def _of_servers(value: ast.expr) -> list[ast.expr]:
    """Return a value, or of a table by use those of servers."""
    if not isinstance(value, ast.Dict):
        return [value]
    pairs = zip(value.keys, value.values, strict=True)
    return [one for key, one in pairs if key is not None and "SERVER" in ast.unparse(key)]


def described_in(text: str) -> dict[str, tuple[str, str]]:
    """Return the docstring and the default, as written, of fields of classes, by field; empty text where there is none."""
    found = {}
    for of in (each for each in parsed(text).body if isinstance(each, ast.ClassDef)):
        for each, after in zip(of.body, [*of.body[1:], None], strict=True):
            if not isinstance(each, ast.AnnAssign) or not isinstance(each.target, ast.Name):
                continue
            said = (
                after.value.value
                if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
                else ""
            )
            default = each.value
            if isinstance(default, ast.Call):
                default = next((one.value for one in default.keywords if one.arg == "default"), None)
            written = ast.unparse(default) if isinstance(default, ast.Constant) else ""
            found[each.target.id] = (" ".join(str(said or "").split()), written)
    return found


def choices_in(text: str, name: str, word: str) -> list[Choice]:
    """Return what the function that reads a setting and asks for a word chooses, by condition."""
    for of in ast.walk(parsed(text)):
        if not isinstance(of, ast.FunctionDef):
            continue
        values = [one.value for one in ast.walk(of) if isinstance(one, ast.Constant)]
        if word not in values or name not in _names(of):
            continue
        found = []
        for each, path, _ in _under(of.body):
            value = each.value if isinstance(each, ast.Assign | ast.Return) else None
            if (
                path
                and isinstance(value, ast.Constant)
                and isinstance(value.value, str)
                and value.value != word
            ):
                atoms = [atom for test in path for atom in _atoms(test) if word not in ast.unparse(atom)]
                found.append(Choice(" and ".join(map(ast.unparse, atoms)), value.value))
        if found:
            return found
    return []


def barred_in(text: str, lines: Collection[int], value: str) -> list[str]:
    """Return the conditions under which statements on some lines raise an error for a value, besides that it is asked for."""
    found = []
    for each, path, _ in _under(parsed(text).body):
        atoms = [atom for test in path for atom in _atoms(test)]
        asked = [atom for atom in atoms if ast.unparse(atom).endswith(f"== {value!r}")]
        if isinstance(each, ast.Raise) and each.lineno in lines and asked:
            found.append(" and ".join(ast.unparse(atom) for atom in atoms if atom not in asked))
    return found


def acted_in(text: str, lines: Collection[int], name: str) -> list[str]:
    """Return the names any of which a name acts with, in a condition on one of some lines that asks for both."""
    for each in ast.walk(parsed(text)):
        if isinstance(each, ast.BoolOp) and isinstance(each.op, ast.And) and each.lineno in lines:
            either = [part for part in each.values if isinstance(part, ast.BoolOp)]
            if any(name in _names(part) for part in each.values if part not in either) and either:
                return [term for part in either for one in part.values if (term := _term(one))]
    return []


def called_of(name: str) -> Text:
    """Return what a switch such as ``use_flash_kernels`` is called."""
    said = _both(ast.Name(name.removeprefix("use_").removesuffix("_kernels")))
    return Text(en=said["name"], zh=said["name_zh"].strip())


def capped_in(text: str, lines: Collection[int], whose: str) -> list[str]:
    """Return the keys of tables whose calls have a greatest version on one of some lines, not for another program alone.

    ``whose`` is the name that a table of reasons beside the version has for the project's own code.
    """
    found = [
        (str(key.value), value)
        for table in ast.walk(parsed(text))
        if isinstance(table, ast.Dict)
        for key, value in zip(table.keys, table.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(value, ast.Call)
        and any(_CAP.search(one.arg or "") and one.value.lineno in lines for one in value.keywords)
    ]  # fmt: skip
    return [key for key, value in found if all(_concerns(one, whose) for one in value.keywords)]


def _concerns(given: ast.keyword, whose: str) -> bool:
    """Return whether an argument is no table of reasons, or one that names the project's own code."""
    if not (given.arg or "").endswith("reason") or not isinstance(given.value, ast.Dict):
        return True
    return whose in [key.value for key in given.value.keys if isinstance(key, ast.Constant)]


def first_in(text: str, function: str) -> dict[str, str]:
    """Return the member of an enumeration that a function of a module tries first, by the conditions that it is under: none, or ``use_mla``."""
    found = [each for each in ast.walk(parsed(text)) if isinstance(each, ast.FunctionDef)]
    body = next((each.body for each in found if each.name == function), [])
    first: dict[str, str] = {}
    for each, path, _ in _under(body):
        member = None if isinstance(each, ast.If) else _MEMBER.search(ast.unparse(each))
        under = " and ".join(ast.unparse(atom) for test in path for atom in _atoms(test))
        # Behind a choice without a condition no other is ever the first.
        if member and under not in first and "" not in first:
            first[under] = member[1]
    return first


def condition_in_words(condition: str) -> Text:
    """Return a condition in words, with the names of settings that most readers know translated; code where a part has no words."""
    body = parsed(f"({condition})").body
    atoms = list(_atoms(body[0].value)) if body and isinstance(body[0], ast.Expr) else []
    said = joined("condition.both", map(_in_words, atoms)) or Text(en=f"`{condition}`", zh=f"`{condition}`")
    # The sentence goes on in Chinese: spaces are set as before a Chinese character.
    return Text(en=said.en, zh=_SPACE.sub(" ", f"{said.zh}\u4e00")[:-1])


def joined(code: str, parts: Iterable[Text]) -> Text | None:
    """Return texts as one, each two joined by a message of a ``left`` and a ``right`` one; ``None`` where there is none."""
    said: Text | None = None
    for part in parts:
        left = said or part
        said = text_of(code, left=left.en, left_zh=left.zh, right=part.en, right_zh=part.zh) if said else part
    return said


def _in_words(atom: ast.expr) -> Text:
    code, name, values = "condition.holds", atom, tuple[str, ...]()
    match atom:
        case ast.BoolOp(op=ast.Or(), values=parts):
            return joined("condition.either", map(_in_words, parts)) or text_of(code, **_both(atom))
        case ast.UnaryOp(op=ast.Not(), operand=operand) if _term(operand):
            code, name = "condition.off", operand
        case ast.Compare(
            left=left, ops=[ast.Is() | ast.IsNot() as how], comparators=[ast.Constant(value=None)]
        ):
            code, name = "condition.unset" if isinstance(how, ast.Is) else "condition.set", left
        case ast.Compare(left=left, ops=[how], comparators=[right]) if type(how) in _COMPARED:
            of = right.elts if isinstance(right, ast.Tuple | ast.List | ast.Set) else [right]
            values = tuple(map(_value, of))
            code, name = f"condition.{_COMPARED[type(how)]}", left
        case _ if _term(atom):
            code = "condition.on"
    return text_of(code, **_both(name), values=values)


def _value(node: ast.expr) -> str:
    written = ast.unparse(node)
    return written if written.isdigit() else f"`{written.strip(chr(39))}`"


def _term(node: ast.expr) -> str:
    """Return the last name of an expression that is one: an attribute, a variable or a call without arguments."""
    node = node.func if isinstance(node, ast.Call) and not node.args else node
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _both(node: ast.expr) -> dict[str, str]:
    """Return what a name is called in both languages."""
    name = _term(node)
    code = f"term.{name.removesuffix('_config')}"
    if code in texts(Language.ENGLISH):
        said = text_of(code)
        return {"name": said.en, "name_zh": said.zh}
    plain = f"`{name or ast.unparse(node).replace('self.', '')}`"
    return {"name": plain, "name_zh": plain}
