"""What the tests of a file run: the names that each of them uses, by itself and through fixtures and helpers, and where it is skipped."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from diffscope.facts.parsed_text import parse_call, parse_module
from diffscope.source.profile import EVERY_PLATFORM, Places, places

_MOST_HELPERS: Final = 8
"""Files of helpers and fixtures that are read for the tests of one change."""
_LONGEST: Final = 400_000
_MOST_KEPT: Final = 48
_NOTHING: Final = frozenset[str]()
_SET_UP: Final = frozenset({"setup_method", "setup_class", "setup", "setUp", "setUpClass", "asyncSetUp"})
_BODIES: Final = frozenset({"body", "orelse", "finalbody", "handlers", "cases"})
_Function = ast.FunctionDef | ast.AsyncFunctionDef
Text = Callable[[str], bytes | None]


class RunningTest(NamedTuple):
    """A test of a file."""

    name: str
    names: frozenset[str]
    """Identifiers that it and what it calls in the folders of tests use; names that are only replaced by a fake are none."""
    skipped: frozenset[str]
    """The platforms on which it does not run."""
    fakes: frozenset[str]
    """Last names of what it puts a fake in the place of."""
    imports: Mapping[str, str]
    """Names that its file imports from elsewhere than tests, with the module."""


class _Unit:
    """A function of a test file, or a class of it that is no test."""

    def __init__(self, nodes: Iterable[ast.AST], handed: frozenset[str], skipped: frozenset[str]) -> None:
        self._nodes, self._handed = tuple(nodes), handed
        self.skipped = skipped

    @cached_property
    def names(self) -> frozenset[str]:
        """The identifiers that it reads, and what it is handed. Few functions of a file of helpers are ever asked."""
        return self._handed.union(*(names for names, _ in self._read))

    @cached_property
    def fakes(self) -> frozenset[str]:
        """The last names of what it puts a fake in the place of."""
        return self._read[0][1] if isinstance(self._nodes[0], _Function) else _NOTHING

    @cached_property
    def _read(self) -> list[tuple[frozenset[str], frozenset[str]]]:
        return [_names_and_fakes(node) for node in self._nodes]


class TestCode:
    """Answers for one change; ``text_of`` gives the bytes of a file after the change, ``None`` where there are none."""

    __test__ = False

    def __init__(self, text_of: Text) -> None:
        self._text_of = text_of
        self._files: dict[str, _File | None] = {}
        self._helpers = 0

    def tests(self, path: str) -> tuple[RunningTest, ...] | None:
        """Return the tests of a file that run on some platform, in order; ``None`` where its text cannot be had or does not parse."""
        file = self._file(path)
        if file is None:
            return None
        found = (
            RunningTest(name, *self._closed(file, name), file.foreign)
            for name, unit in file.units.items()
            if name.rpartition(".")[2].startswith("test") and not unit.skipped >= EVERY_PLATFORM
        )
        return tuple(found)

    def _file(self, path: str) -> _File | None:
        if path not in self._files:
            text = self._text_of(path)
            self._files[path] = None if text is None or len(text) > _LONGEST else _read(path, text, places())
        return self._files[path]

    def _closed(self, file: _File, name: str) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
        """Return what a test uses and fakes, with its helpers and fixtures; between them where it is skipped."""
        found, fakes = set[str](), set[str]()
        left, seen = [(file, name)], set[tuple[str, str]]()
        while left:
            at, each = left.pop()
            if (at.path, each) in seen:
                continue
            seen.add((at.path, each))
            names = at.units[each].names
            found |= names
            fakes |= at.units[each].fakes
            owner = each.rpartition(".")[0]
            for used in (names & at.known) | (at.automatic if at is file else _NOTHING):
                for local in (f"{owner}.{used}" if owner else used, used):
                    if local in at.units:
                        left.append((at, local))
                        break
                else:
                    left += self._elsewhere(at, used)
        return frozenset(found), file.units[name].skipped, frozenset(fakes)

    def _elsewhere(self, file: _File, name: str) -> Iterator[tuple[_File, str]]:
        """Yield the helper or the fixture that a name stands for, where a file of tests has it."""
        module, original = file.imports.get(name, ("", name))
        paths = [f"{module}.py", f"{module}/__init__.py"] if module else file.fixtures(name)
        for path in paths:
            if path not in self._files:
                if self._helpers >= _MOST_HELPERS:
                    continue
                self._helpers += 1
            other = self._file(path)
            if other is not None and original in other.units:
                yield other, original
                return


@lru_cache(maxsize=_MOST_KEPT)
def _read(path: str, text: bytes, where: Places) -> _File | None:
    """Return what a file holds, read by where a repository has its tests; neighbouring changes ask for the same files."""
    tree = parse_module(text)
    return None if tree is None else _File(path, tree, where)


class _File:
    """The functions of one file."""

    def __init__(self, path: str, tree: ast.Module, where: Places) -> None:
        self.path, self._where = path, where
        self.units: dict[str, _Unit] = {}
        self.imports: dict[str, tuple[str, str]] = {}
        self.foreign: dict[str, str] = {}
        for name, module, original in _imports(path, tree):
            if where.is_test(f"{module}/"):
                self.imports[name] = (module, original)
            else:
                self.foreign[name] = module.replace("/", ".")
        self.automatic = frozenset[str]()
        """Fixtures that run for every test."""
        self._handed = frozenset[str]()
        values = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        mark = values.get("pytestmark")
        marks = mark.elts if isinstance(mark, ast.List | ast.Tuple) else [mark] if mark else []
        self._values = values
        skipped = self._skipped(marks).union(*map(self._leaves, tree.body))
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                self._read_class(node, skipped)
            elif isinstance(node, _Function):
                self._add(node.name, node, skipped)

    @cached_property
    def known(self) -> frozenset[str]:
        """Names that may stand for a function or class here, for one of another file of tests, or for a fixture."""
        own = {part for name in self.units for part in (name, name.rpartition(".")[2])}
        return frozenset(own | self.imports.keys() | self._handed)

    def fixtures(self, name: str) -> list[str]:
        """Return the files in which a fixture may stand that this one does not have: those of its folder and of the one above, below the root of tests."""
        if name not in self._handed:
            return []
        folder = self.path.rpartition("/")[0]
        folders = [folder, folder.rpartition("/")[0]]
        return [f"{each}/conftest.py" for each in folders if self._where.is_test(f"{each}/") and "/" in each]

    def _read_class(self, node: ast.ClassDef, skipped: frozenset[str]) -> None:
        skipped |= self._skipped(node.decorator_list)
        methods = [one for one in node.body if isinstance(one, _Function)]
        ready = [one for one in methods if one.name in _SET_UP]
        for one in methods:
            self._add(f"{node.name}.{one.name}", one, skipped, ready)
        if not node.name.startswith("Test"):
            self.units[node.name] = _Unit([node], _NOTHING, skipped)

    def _add(
        self, name: str, node: _Function, skipped: frozenset[str], ready: Iterable[_Function] = ()
    ) -> None:
        handed = frozenset(one.arg for one in (*node.args.args, *node.args.kwonlyargs))
        left = self._skipped(node.decorator_list).union(*map(self._leaves, node.body))
        self.units[name] = _Unit([node, *ready], handed, skipped | left)
        self._handed |= handed
        if any(map(_is_automatic, node.decorator_list)):
            self.automatic |= {node.name}

    def _leaves(self, node: ast.stmt) -> frozenset[str]:
        """Return where a statement, or what stands under its condition, skips what follows."""
        match node:
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="skip", value=ast.Name(id="pytest")))):
                return EVERY_PLATFORM
            case ast.If(test=condition, body=[first, *_]) if self._leaves(first):
                return platforms_skipped(ast.unparse(self._told(condition)))
        return _NOTHING

    def _skipped(self, marks: list[ast.expr]) -> frozenset[str]:
        found = _NOTHING
        for mark in marks:
            call = mark if isinstance(mark, ast.Call) else None
            match call.func if call else mark:
                case ast.Attribute(attr="skip", value=ast.Attribute(attr="mark") | ast.Name(id="mark")):
                    return EVERY_PLATFORM
                case ast.Attribute(attr="skipif", value=ast.Attribute(attr="mark") | ast.Name(id="mark")):
                    is_skip = True
                case _:
                    is_skip = False
            if is_skip and call and call.args:
                found |= platforms_skipped(ast.unparse(self._told(call.args[0])))
        return found

    def _told(self, condition: ast.expr) -> ast.expr:
        """Return a condition, or what the name that it is stands for."""
        return self._values.get(condition.id, condition) if isinstance(condition, ast.Name) else condition


def _is_automatic(decorator: ast.expr) -> bool:
    """Return whether a fixture runs without being named."""
    keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
    return any(
        one.arg == "autouse" and isinstance(one.value, ast.Constant) and one.value.value is True
        for one in keywords
    )


def switches(tree: ast.Module, function: str, called: str) -> frozenset[str]:
    """Return the settings of which each alone keeps a function from calling another one, by their last names; none where it calls it anyway.

    A setting is an attribute or name that a condition asks for and nothing else.
    """
    node: ast.AST | None = tree
    for part in function.split("."):
        inner = (
            (one for one in ast.iter_child_nodes(node) if isinstance(one, _Function | ast.ClassDef))
            if node
            else ()
        )
        node = next((one for one in inner if one.name == part), None)
    found: list[frozenset[str]] = []
    left: list[tuple[ast.AST, frozenset[str]]] = [(node, _NOTHING)] if node else []
    while left:
        each, asked = left.pop()
        if isinstance(each, ast.Name | ast.Attribute) and called in (
            getattr(each, "id", ""),
            getattr(each, "attr", ""),
        ):
            found.append(asked)
        for child in ast.iter_child_nodes(each):
            is_held = isinstance(each, ast.If) and child in each.body
            left.append(
                (child, asked | _setting(each.test) if is_held and isinstance(each, ast.If) else asked)
            )
    return frozenset.intersection(*found) if found else _NOTHING


def _setting(condition: ast.expr) -> frozenset[str]:
    """Return the last name of a setting that a condition asks for, or of those that it joins by ``and``."""
    match condition:
        case ast.BoolOp(op=ast.And(), values=values):
            return _NOTHING.union(*map(_setting, values))
        case ast.Attribute(attr=name) if "self" in ast.unparse(condition) or "config" in ast.unparse(
            condition
        ):
            return frozenset({name})
    return _NOTHING


def _is_patch(function: ast.expr) -> bool:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name) if name in ("patch", "setattr"):
            return True
        case ast.Attribute(attr="object", value=ast.Name(id="patch") | ast.Attribute(attr="patch")):
            return True
    return False


def _names_and_fakes(node: ast.AST) -> tuple[frozenset[str], frozenset[str]]:
    """Return the identifiers that some code reads, and the last names of what it patches: ``patch("a.b")``, ``setattr(a, "b", c)``.

    One pass of its own: ``ast.walk`` takes three times as long, and this is most of the time that the tests near a change cost.
    """
    names, fakes = set[str](), set[str]()
    found = [node]
    for each in found:
        if isinstance(each, ast.Name | ast.Constant):
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load):
                names.add(each.id)
            continue
        if isinstance(each, ast.Attribute):
            if isinstance(each.ctx, ast.Load):
                names.add(each.attr)
            found.append(each.value)
            continue
        if isinstance(each, ast.keyword) and each.arg:
            names.add(each.arg)
        elif isinstance(each, ast.Call) and _is_patch(each.func):
            texts = (one.value for one in each.args[:2] if isinstance(one, ast.Constant))
            fakes |= {text.rpartition(".")[2] for text in texts if isinstance(text, str)}
        found += ast.iter_child_nodes(each)
    return frozenset(names), frozenset(fakes)


def _below_statements(tree: ast.Module) -> list[ast.AST]:
    """Return the statements of a file, however deep they stand."""
    found: list[ast.AST] = [tree]
    for each in found:
        for name in each._fields:
            if name in _BODIES:
                found += getattr(each, name)
    return found


def _imports(path: str, tree: ast.Module) -> Iterator[tuple[str, str, str]]:
    """Yield the names that a file imports: the path of the module without its ending, and the name there."""
    for node in _below_statements(tree):
        if isinstance(node, ast.ImportFrom):
            above = path.split("/")[: -node.level] if node.level else []
            module = "/".join([*above, *(node.module or "").split(".")]).rstrip("/")
            yield from ((one.asname or one.name, module, one.name) for one in node.names)


def platforms_left(condition: str) -> frozenset[str]:
    """Return the platforms on which a skip's condition can hold; none where it can hold on all of them.

    ``condition`` is the text of an expression, or of the arguments of a mark; what is no expression tells nothing.
    """
    answers = _answers(condition)
    left = frozenset(name for name, answer in answers.items() if answer is not False)
    return left if len(left) < len(answers) else frozenset()


def platforms_skipped(condition: str) -> frozenset[str]:
    """Return the platforms on which a skip's condition holds whatever else it asks for."""
    answers = _answers(condition)
    is_told = len(set(answers.values())) > 1
    return frozenset(name for name, answer in answers.items() if answer is True and is_told)


def _answers(condition: str) -> dict[str, bool | None]:
    """Return for each platform what the condition answers there; ``None`` where that hangs on something else."""
    tree = parse_call(condition)
    if tree is None or not tree.args:
        return {}
    try:
        return {name: _answer(tree.args[0], name) for name in sorted(EVERY_PLATFORM)}
    except RecursionError:
        return {}


def _answer(node: ast.expr, platform: str) -> bool | None:
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            answer = _answer(operand, platform)
            return None if answer is None else not answer
        case ast.BoolOp(op=operator, values=values):
            decisive = isinstance(operator, ast.Or)
            answers = [_answer(value, platform) for value in values]
            return decisive if decisive in answers else None if None in answers else not decisive
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=[], keywords=[]):
            asked = places().code.asked_platforms(name)
            return platform in asked if asked else None
        case ast.Constant(value=bool(value)):
            return value
    return None
