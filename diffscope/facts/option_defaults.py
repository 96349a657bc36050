"""Default values: their text normalised, so that equal ones compare equal; of build arguments; in tables; what functions decide where a setting is left unset."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from diffscope.facts.change.changed_file import Placed, source_comparison
from diffscope.facts.change.changed_python import ChangedPython, ChangedSymbol
from diffscope.facts.model import OptionFact
from diffscope.facts.parsed_text import parse_expression, parse_module
from diffscope.patterns import lazy_regex
from diffscope.project.requirements import assignments, is_dockerfile, read_dockerfile
from diffscope.source.profile import places
from diffscope.source.text import Region, SourceText
from diffscope.syntax.model import Aspect, DefinitionKind, Outline

_CUT_FIELD = lazy_regex(r"(?:\w+\.)?[fF]ield\(\s*(?:default\s*=\s*)?(?P<default>[-\w.'\"]+)\s*,")

_FIELDS = ("field", "Field", "msgspec.field", "dataclasses.field", "pydantic.Field")
_EMPTY = {"list": "[]", "dict": "{}", "tuple": "()"}
"""What a factory of nothing makes."""

NO = ("False", '"0"', "'0'")


def default_of(value: str | None) -> str | None:
    """Return the default that a field's assigned text stands for: ``field(default=3)`` and ``Field(3, ge=1)`` stand for ``3``."""
    if value is None:
        return None
    node = parse_expression(value.strip())
    if node is None:
        # A long text is cut; what comes first in a field is its default all the same.
        cut = _CUT_FIELD.match(value)
        return cut["default"] if cut else value
    if not isinstance(node, ast.Call) or ast.unparse(node.func) not in _FIELDS:
        return ast.unparse(node)
    for keyword in node.keywords:
        if keyword.arg in ("default", "default_factory"):
            return made_by(keyword.value) if keyword.arg == "default_factory" else ast.unparse(keyword.value)
    if node.args:
        return None if ast.unparse(node.args[0]) == "..." else ast.unparse(node.args[0])
    return None


def made_by(factory: ast.expr) -> str:
    """Return what a factory makes, as it would be written without one: ``lambda: 3`` makes ``3``, ``list`` makes ``[]``."""
    if isinstance(factory, ast.Lambda):
        return ast.unparse(factory.body)
    text = ast.unparse(factory)
    return _EMPTY.get(text, f"{text}()")


def is_off(default: str | None) -> bool:
    """Return whether a default switches nothing on: hardly any code tells `None` from `False`."""
    return default in (None, "None", '""', "''", *NO)


def plain(default: str | None) -> str:
    """Return a default in the words that all languages share."""
    # `POOL_X: bool = False` and `os.getenv("POOL_X", "0")` declare the same default in two languages.
    text = (default or "None").strip("'\"")
    return {"False": "0", "True": "1", "": "None"}.get(text, text)


_CHOICE = lazy_regex(r"[A-Za-z][A-Za-z_-]*")
"""A word: versions, images and addresses are dependencies, told as such."""


def collect_build_arguments(placed: Iterable[Placed]) -> tuple[OptionFact, ...]:
    """Return a fact for each argument of a Dockerfile whose default was one word and is another, by path and line."""
    facts = []
    for one in placed:
        if not one.material.read or not is_dockerfile(one.fact.path):
            continue
        before, after = _choices(one.material.before), _choices(one.material.after)
        facts += [
            OptionFact(
                **one.spot(one.new(line)),
                what="build-argument",
                name=name,
                change="default",
                before=before[name][0],
                after=word,
            )
            for name, (word, line) in after.items()
            if name in before and before[name][0] != word
        ]
    return tuple(sorted(facts, key=lambda fact: (fact.path, fact.line)))


def _choices(content: SourceText | None) -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    for each in read_dockerfile(content.text if content is not None else ""):
        for name, value, line in assignments(each) if each.word == "ARG" else ():
            if _CHOICE.fullmatch(value):
                found.setdefault(name, (value, line))
    return found


_TABLE = lazy_regex(r"^_?(?:DEFAULT|OPTIMIZATION_LEVEL)_|_DEFAULTS?$")
_FACTORY = lazy_regex(r"\bdefault_factory\s*=\s*(\w+)")
_NAME = lazy_regex(r"(?!None$|False$)[A-Za-z_]\w*")
_READS_VARIABLE = lazy_regex(
    r"(?:\b(?:bool|int)\(){0,2}\b(?:(?:os\.)?(?:getenv|environ\.get)\(['\"]|envs\.)([A-Za-z_]\w*)(?:['\"][^()]*\)){0,1}\){0,2}"
)
_ASKS_FUNCTION = lazy_regex(r"(?:\w+\.)*([A-Za-z_]\w*)\(\)")
_COLLECTIONS = frozenset({"frozenset", "set", "tuple", "list"})
_ON = "True"

_Entries = dict[str, tuple[str, Region | None]]
"""Dotted keys of a table -> value as text, and its line."""


def collect_default_tables(placed: Iterable[Placed]) -> tuple[OptionFact, ...]:
    """Return a fact for each entry of such a table that came, went or changed, and for each function that decides one and changed."""
    facts = [
        fact
        for one in placed
        if (found := source_comparison(one)) and _holds_settings(one.fact.path)
        for change in found.symbols
        for fact in (*_of_table(one, change), *_of_decider(one, change, found))
    ]
    return tuple(sorted(facts, key=lambda fact: (fact.path, fact.line, fact.name)))


def collect_unset_defaults(placed: Iterable[Placed]) -> tuple[OptionFact, ...]:
    """Return a fact for each field for which code takes another value than before where the user left it unset, by path and line.

    That is what ``if self.size is None: self.size = ...`` assigns, with the conditions inside. Only fields that both sides declare
    count, and only what is assigned on both sides or now is: where nothing is assigned any more, other code decides.
    """
    facts = [
        fact
        for one in placed
        if (found := source_comparison(one)) and _holds_settings(one.fact.path)
        for fact in _unset_defaults(one, found)
    ]
    return tuple(sorted(facts, key=lambda fact: (fact.path, fact.line, fact.name)))


_FOR_A_NAME = lazy_regex(r"\bif (?:.* and )?[\w.]+ (?:==|in) [(\[]?['\"][^()]*$")
"""A value for where another setting has a certain name: a name that is new was nobody's default before."""
_Choices = dict[str, list[tuple[str, Region | None]]]
"""Field -> the values that it gets where it is unset, each with its condition, and its lines."""


def _unset_defaults(placed: Placed, found: ChangedPython) -> Iterator[OptionFact]:
    before, after, symbols = _Choices(), _Choices(), dict[str, str]()
    for change in found.symbols:
        if not change.logic or change.kind in (DefinitionKind.VARIABLE, DefinitionKind.CLASS):
            continue
        for side, region in ((before, change.whole_before), (after, change.whole_after)):
            for target, choice in _chosen_where_unset(region):
                owner = change.name.rpartition(".")[0] if target.startswith("self.") else ""
                name = f"{owner}.{target.removeprefix('self.')}".removeprefix(".")
                side.setdefault(name, []).append(choice)
                symbols[name] = change.name
    declared = [
        {one.name for one in side.definitions} if side else set() for side in (found.before, found.after)
    ]
    for name, choices in sorted(after.items()):
        old = dict.fromkeys(text for text, _ in before.get(name, ()))
        came = {text: line for text, line in choices if text not in old and not _FOR_A_NAME.search(text)}
        values = {text.partition(" if ")[0] for text in old}
        # What is left of the old way where a new one branches off is told by the new one.
        told = [text for text in came if text.partition(" if ")[0] not in values] or list(came)
        if told and all(name in names for names in declared):
            gone = [text for text in old if text not in dict(choices)]
            yield OptionFact(
                **placed.spot(came[told[0]], symbol=symbols[name]),
                what="config-field",
                name=name,
                change="resolved",
                before="; ".join(gone or old) or "None",
                after="; ".join(told),
            )


def _chosen_where_unset(function: Region | None) -> Iterator[tuple[str, tuple[str, Region | None]]]:
    """Yield each attribute that is assigned below a test of itself for ``None``, with the value and the further conditions."""
    if function is None:
        return
    tree = parse_module(textwrap.dedent("\n".join(function.lines)))
    for node in ast.walk(tree) if tree is not None else ():
        if not isinstance(node, ast.If):
            continue
        tests = _terms(node.test)
        for test in tests:
            target = test.removesuffix(" is None")
            if target != test and "." in target:
                rest = [one for one in tests if one != test]
                yield from ((target, choice) for choice in _assigned(node.body, target, rest, function))


def _assigned(
    body: Iterable[ast.stmt], target: str, conditions: list[str], function: Region
) -> Iterator[tuple[str, Region | None]]:
    for node in body:
        if isinstance(node, ast.If):
            test = _terms(node.test)
            denied = f"not ({' and '.join(test)})" if len(test) > 1 else f"not {test[0]}"
            yield from _assigned(node.body, target, [*conditions, *test], function)
            yield from _assigned(node.orelse, target, [*conditions, denied], function)
        elif isinstance(node, ast.Assign) and target in map(ast.unparse, node.targets):
            value = ast.unparse(node.value)
            yield f"{value} if {' and '.join(conditions)}" if conditions else value, _line(function, node)


def _terms(test: ast.expr) -> list[str]:
    joined = test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]
    return [ast.unparse(one) for one in joined]


def _holds_settings(path: str) -> bool:
    pure = PurePosixPath(path)
    code = places().code
    is_of_variables = pure.name == code.environment_file
    return pure.parent.name == "config" or is_of_variables or path.endswith(code.names.argument_files)


def _of_table(placed: Placed, change: ChangedSymbol) -> Iterator[OptionFact]:
    if change.kind is not DefinitionKind.VARIABLE or not _TABLE.search(change.name):
        return
    if change.before is None or change.after is None:
        # A table that comes or goes as a whole puts in one place what stood in others.
        return
    before = _entries(change.whole_before)
    after = _entries(change.whole_after)
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        if (old and old[0]) != (new and new[0]):
            yield _entry(placed, change.name, key, old, new)


def _entry(
    placed: Placed,
    table: str,
    key: str,
    old: tuple[str, Region | None] | None,
    new: tuple[str, Region | None] | None,
) -> OptionFact:
    was, now = old[0] if old else None, new[0] if new else None
    # An entry that comes with a function or a condition by name is on where that says so.
    is_on = now == _ON or (was in (None, "False") and now is not None and bool(_NAME.fullmatch(now)))
    return OptionFact(
        **placed.spot((new or old or ("", None))[1], symbol=table),
        what="default-table",
        name=f"{table}.{key}" if key else table,
        change="added" if old is None else "removed" if new is None else "default",
        before=was,
        after=now,
        turns_on=is_on and was != _ON,
    )


def _of_decider(placed: Placed, change: ChangedSymbol, found: ChangedPython) -> Iterator[OptionFact]:
    """Yield the first default that a changed function decides: where an entry or a factory names it on both sides."""
    # What reads a variable may come in the place of what stood in the table.
    is_new = (
        Aspect.ADDED in change.aspects
        and PurePosixPath(placed.fact.path).name == places().code.environment_file
    )
    is_edited = change.logic and Aspect.BODY in change.aspects and not _reads_the_same(change)
    if (
        not (is_edited or is_new)
        or "." in change.name
        or _TABLE.search(change.name)
        or change.kind not in (DefinitionKind.FUNCTION, DefinitionKind.VARIABLE)
    ):
        return
    before = _decided(found.before, placed.material.before, None if is_new else change.name)
    after = _decided(found.after, placed.material.after, change.name)
    both = sorted({*before} & {*after})
    if both:
        is_table = _TABLE.search(both[0].partition(".")[0])
        yield OptionFact(
            **placed.spot(change.region, symbol=change.name),
            what="default-table"
            if is_table
            else "config-field"
            if "." in both[0]
            else "environment-variable",
            name=both[0],
            change="computed",
            computed_by=change.name,
        )


def _reads_the_same(change: ChangedSymbol) -> bool:
    """Return whether every edit of a function only asks the same variable in another way: by a function that says it, or itself."""
    edits = [one.edit for one in change.edits]
    return bool(edits) and all(
        one.before and one.after and _asks_the_same(one.before, one.after) for one in edits
    )


def _asks_the_same(one: str, other: str) -> bool:
    return any(
        set(read[1].lower().split("_")) == set(asked[1].lower().split("_")) - {"is"}
        and read.string.replace(read[0], "") == asked.string.replace(asked[0], "")
        for by_read, by_call in ((one, other), (other, one))
        for read in _READS_VARIABLE.finditer(by_read)
        for asked in _ASKS_FUNCTION.finditer(by_call)
    )


def _decided(outline: Outline | None, content: SourceText | None, function: str | None) -> Iterator[str]:
    """Yield the defaults that name a function as what decides them, and the variables that one reads; without a function all of these."""
    is_of_variables = (
        content is not None and PurePosixPath(content.path).name == places().code.environment_file
    )
    for definition in outline.definitions if outline else ():
        if definition.kind is not DefinitionKind.VARIABLE or definition.name == function:
            continue
        if "." in definition.name:
            factory = _FACTORY.search(definition.value or "")
            if factory and function in (None, factory[1]):
                yield definition.name
        elif _TABLE.search(definition.name) or (
            is_of_variables and definition.kind is DefinitionKind.VARIABLE
        ):
            table = content.part(definition.start, definition.end) if content is not None else None
            for key, (value, _) in _entries(table).items():
                if function in (None, value):
                    yield key if is_of_variables else f"{definition.name}.{key}"


def _entries(table: Region | None) -> _Entries:
    """Return the entries of a table; a single value has the key ``""``, a member of a set or list itself as key."""
    if table is None:
        return {}
    tree = parse_module("\n".join(table.lines))
    statement = tree.body[0] if tree is not None and tree.body else None
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
        return {}
    return dict(_flat(statement.value, "", table))


def _flat(node: ast.expr, key: str, table: Region) -> Iterator[tuple[str, tuple[str, Region | None]]]:
    if isinstance(node, ast.Dict):
        for name, value in zip(node.keys, node.values, strict=True):
            word = str(name.value) if isinstance(name, ast.Constant) else ast.unparse(name) if name else "**"
            yield from _flat(value, f"{key}.{word}".removeprefix("."), table)
        return
    members = _members(node)
    for member in members:
        yield f"{key}.{member.value!s}".removeprefix("."), (_ON, _line(table, member))
    if not members:
        yield key, (ast.unparse(node), _line(table, node))


def _line(table: Region, node: ast.expr | ast.stmt) -> Region | None:
    number = table.start + node.lineno - 1
    return table.text.part(number, number)


def _members(node: ast.expr) -> list[ast.Constant]:
    """Return the texts of a set or list of nothing else: what is in it is on."""
    if isinstance(node, ast.Call) and len(node.args) == 1:
        node = node.args[0] if ast.unparse(node.func) in _COLLECTIONS else node
    elements = node.elts if isinstance(node, ast.Set | ast.List | ast.Tuple) else []
    texts = [one for one in elements if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return texts if len(texts) == len(elements) else []
