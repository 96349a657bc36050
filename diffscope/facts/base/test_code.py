"""What the tests of a file run: the names that each of them uses, by itself and through fixtures and helpers, and where it is skipped."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, lru_cache, partial
from typing import Final, Literal

from diffscope.facts.parsed_text import parse_expression, parse_lines, platforms_skipped
from diffscope.patterns import lazy_regex
from diffscope.source.profile import EVERY_PLATFORM, places
from diffscope.source.text import decode
from diffscope.syntax.model import Definition, DefinitionKind, ImportLayer, Outline, ParameterKind

_MOST_HELPERS: Final = 100
"""Files of helpers and fixtures that are read for the tests of one change."""
_LONGEST: Final = 400_000
_PARTS_KEPT: Final = 2_000
_NOTHING: Final = frozenset[str]()
_SET_UP: Final = frozenset({"setup_method", "setup_class", "setup", "setUp", "setUpClass", "asyncSetUp"})
_HANDED: Final = frozenset({ParameterKind.POSITIONAL_OR_KEYWORD, ParameterKind.KEYWORD_ONLY})
_WORDS_ALONE: Final = bytes(
    byte if byte > 127 or chr(byte).isalnum() or byte == 95 else 32 for byte in range(256)
)
"""Each byte as it is, or a blank for what no name has."""
_SKIP: Final = lazy_regex(rb"\bpytest[ \t]*\.[ \t]*skip[ \t]*\(")
_OF_MOCKS: Final = lazy_regex(
    r"return_value$|side_effect$|assert_(?:not_)?(?:called|awaited|any_call|has_calls)|call_(?:args|count)"
)
Text = Callable[[str], bytes | None]
OutlineOf = Callable[[str], Outline | None]


class RunningTest:
    """A test of a file."""

    def __init__(
        self, close: Callable[[_Read], list[_Unit]], skipped: frozenset[str], imports: Mapping[str, str]
    ) -> None:
        self._close = close
        self.skipped = skipped
        """The platforms on which it does not run."""
        self.imports = imports
        """Names that its file imports from elsewhere than tests, with the module."""

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of ``names`` and of comments and strings, for which nothing is parsed."""
        return _NOTHING.union(*(unit.words for unit in self._close("words")))

    @cached_property
    def names(self) -> frozenset[str]:
        """Identifiers that it and what it calls in the folders of tests use; names that are only replaced by a fake are none."""
        return _NOTHING.union(*(unit.names for unit in self._units))

    @cached_property
    def fakes(self) -> frozenset[str]:
        """Last names of what it puts a fake in the place of."""
        return _NOTHING.union(*(unit.replaced[0] for unit in self._units))

    @cached_property
    def mocks(self) -> frozenset[str]:
        """Last names of what it tells what to return, or asks whether it was called: ``a.b.return_value = 1``."""
        return _NOTHING.union(*(unit.replaced[1] for unit in self._units))

    @cached_property
    def _units(self) -> list[_Unit]:
        return self._close("names")


class _Unit:
    """A function of a test file, with what sets up its class, or a class that is no test; each by its lines."""

    def __init__(self, parts: list[bytes], handed: frozenset[str], skipped: frozenset[str]) -> None:
        self._parts, self._handed = parts, handed
        self.skipped = skipped

    @cached_property
    def words(self) -> frozenset[str]:
        """The words in its lines, and what it is handed."""
        return self._handed.union(*map(_words, self._parts))

    @cached_property
    def names(self) -> frozenset[str]:
        """The identifiers that it reads, and what it is handed. Few functions of a file are ever asked."""
        return self._handed.union(*(_names_and_fakes(part)[0] for part in self._parts))

    @property
    def replaced(self) -> tuple[frozenset[str], frozenset[str]]:
        """The last names of what it puts a fake in the place of, and of what it takes for mocks."""
        return _names_and_fakes(self._parts[0])[1:]


_Read = Literal["words", "names"]


class TestCode:
    """Answers for one change; ``text_of`` and ``outline_of`` give a file after the change, ``None`` where it cannot be had."""

    __test__ = False

    def __init__(self, text_of: Text, outline_of: OutlineOf) -> None:
        self._text_of, self._outline_of = text_of, outline_of
        self._files: dict[str, _File | None] = {}
        self._steps: dict[tuple[str, str, bool, _Read], list[tuple[_File, str]]] = {}
        self._helpers = 0

    def tests(self, path: str) -> tuple[RunningTest, ...] | None:
        """Return the tests of a file that run on some platform, in order; ``None`` where its text cannot be had or does not parse."""
        file = self._file(path)
        if file is None:
            return None
        found = (
            RunningTest(partial(self._closed, file, name), unit.skipped, file.foreign)
            for name, unit in file.units.items()
            if name.rpartition(".")[2].startswith("test") and not unit.skipped >= EVERY_PLATFORM
        )
        return tuple(found)

    def _file(self, path: str) -> _File | None:
        if path not in self._files:
            text, outline = self._text_of(path), self._outline_of(path)
            is_read = text is not None and outline is not None and not outline.problems
            self._files[path] = (
                _File(path, text, outline) if is_read and text and outline and len(text) <= _LONGEST else None
            )
        return self._files[path]

    def _closed(self, file: _File, name: str, read: _Read) -> list[_Unit]:
        """Return the functions that a test consists of, with its helpers and fixtures, as far as what is read of each names them."""
        found, left, seen = list[_Unit](), [(file, name)], set[tuple[str, str]]()
        while left:
            at, each = left.pop()
            if (at.path, each) in seen:
                continue
            seen.add((at.path, each))
            found.append(at.units[each])
            key = (at.path, each, at is file, read)
            if key not in self._steps:
                self._steps[key] = list(self._named(at, each, at.automatic if at is file else _NOTHING, read))
            left += self._steps[key]
        return found

    def _named(
        self, file: _File, name: str, automatic: frozenset[str], read: _Read
    ) -> Iterator[tuple[_File, str]]:
        """Yield the functions of tests that one of them names or is handed."""
        owner = name.rpartition(".")[0]
        named: frozenset[str] = getattr(file.units[name], read)
        for used in sorted((named & file.known) | automatic):
            for local in (f"{owner}.{used}" if owner else used, used):
                if local in file.units:
                    yield file, local
                    break
            else:
                yield from self._elsewhere(file, used)

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


class _File:
    """The functions of one file, by their lines."""

    def __init__(self, path: str, text: bytes, outline: Outline) -> None:
        self.path, self._lines = path, text.split(b"\n")
        self.units: dict[str, _Unit] = {}
        self.imports: dict[str, tuple[str, str]] = {}
        self.foreign: dict[str, str] = {}
        for name, module, original in _imports(path, outline):
            if places().is_test(f"{module}/"):
                self.imports[name] = (module, original)
            else:
                self.foreign[name] = module.replace("/", ".")
        self.automatic = frozenset[str]()
        """Fixtures that run for every test."""
        self._handed = frozenset[str]()
        kinds = dict[DefinitionKind, list[Definition]]()
        for one in outline.definitions:
            if one.kind is DefinitionKind.METHOD or "." not in one.name:
                kinds.setdefault(one.kind, []).append(one)
        self._values = {one.name: one for one in kinds.get(DefinitionKind.VARIABLE, ())}
        functions, classes = (
            [one for one in kinds.get(kind, ()) if not self._lines[one.line - 1][:1].isspace()]
            for kind in (DefinitionKind.FUNCTION, DefinitionKind.CLASS)
        )
        mark = self._value("pytestmark")
        marks = mark.elts if isinstance(mark, ast.List | ast.Tuple) else [mark] if mark else []
        skipped = self._skipped(marks) | self._left(self._around([*functions, *classes]))
        for one in functions:
            self._add(one, skipped)
        methods = kinds.get(DefinitionKind.METHOD, ())
        for one in classes:
            self._read_class(one, [each for each in methods if one.start <= each.start <= one.end], skipped)

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
        return [f"{each}/conftest.py" for each in folders if places().is_test(f"{each}/") and "/" in each]

    def _part(self, one: Definition) -> bytes:
        return b"\n".join(self._lines[one.start - 1 : one.end])

    def _around(self, known: list[Definition]) -> bytes:
        """Return the lines of the module itself."""
        inner = {number for one in known for number in range(one.start - 1, one.end)}
        return b"\n".join(line for number, line in enumerate(self._lines) if number not in inner)

    def _read_class(self, one: Definition, within: list[Definition], skipped: frozenset[str]) -> None:
        skipped |= self._skipped(_marks(one))
        methods = [each for each in within if each.name.rpartition(".")[0] == one.name]
        ready = [each for each in methods if each.name.rpartition(".")[2] in _SET_UP]
        for each in methods:
            self._add(each, skipped, map(self._part, ready))
        if not one.name.startswith("Test"):
            self.units[one.name] = _Unit([b"", self._part(one)], _NOTHING, skipped)

    def _add(self, one: Definition, skipped: frozenset[str], ready: Iterable[bytes] = ()) -> None:
        handed = frozenset(each.name for each in one.parameters if each.kind in _HANDED)
        part = self._part(one)
        skipped |= self._skipped(_marks(one)) | self._left(part)
        self.units[one.name] = _Unit([part, *ready], handed, skipped)
        self._handed |= handed
        if any("autouse" in text and _is_automatic(text) for text in one.decorators):
            self.automatic |= {one.name}

    def _left(self, part: bytes) -> frozenset[str]:
        """Return where a function, or the module, skips what follows."""
        if not _SKIP.search(part):
            return _NOTHING
        statements = parse_lines(part)
        match statements:
            case [ast.FunctionDef(body=body) | ast.AsyncFunctionDef(body=body)]:
                statements = body
        return _NOTHING.union(*map(self._leaves, statements))

    def _leaves(self, node: ast.stmt) -> frozenset[str]:
        """Return where a statement, or what stands under its condition, skips what follows."""
        match node:
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="skip", value=ast.Name(id="pytest")))):
                return EVERY_PLATFORM
            case ast.If(test=condition, body=[first, *_]) if self._leaves(first):
                return platforms_skipped(ast.unparse(self._told(condition)))
        return _NOTHING

    def _skipped(self, marks: Iterable[ast.expr]) -> frozenset[str]:
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
        value = self._value(condition.id) if isinstance(condition, ast.Name) else None
        return value or condition

    def _value(self, name: str) -> ast.expr | None:
        lines = self._part(self._values[name]) if name in self._values else b""
        for node in parse_lines(lines):
            match node:
                case ast.Assign(value=value) if name in (getattr(each, "id", "") for each in node.targets):
                    return value
        return None


def _marks(one: Definition) -> list[ast.expr]:
    found = (parse_expression(text) for text in one.decorators if "skip" in text)
    return [each for each in found if each is not None]


def _is_automatic(text: str) -> bool:
    """Return whether a fixture of that decorator runs without being named."""
    decorator = parse_expression(text)
    keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
    return any(
        one.arg == "autouse" and isinstance(one.value, ast.Constant) and one.value.value is True
        for one in keywords
    )


@lru_cache(maxsize=_PARTS_KEPT)
def switches(function: bytes, called: str) -> frozenset[str]:
    """Return the settings of which each alone keeps a function, given by its lines, from calling another one, by their last names; none where it calls it anyway.

    A setting is an attribute or name that a condition asks for and nothing else.
    """
    found: list[frozenset[str]] = []
    nodes = parse_lines(function) if b"if " in function else []
    left: list[tuple[ast.AST, frozenset[str]]] = [(node, _NOTHING) for node in nodes]
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


@lru_cache(maxsize=_PARTS_KEPT)
def _words(part: bytes) -> frozenset[str]:
    return frozenset(decode(part.translate(_WORDS_ALONE)).split())


@lru_cache(maxsize=_PARTS_KEPT)
def _names_and_fakes(part: bytes) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Return the identifiers that some code reads, the last names of what it patches (``patch("a.b")``, ``setattr(a, "b", c)``) and of what it takes for mocks.

    One pass of its own: ``ast.walk`` takes three times as long. Neighbouring changes ask for the same functions.
    """
    names, fakes, mocks = set[str](), set[str](), set[str]()
    found: list[ast.AST] = [*parse_lines(part)]
    for each in found:
        if isinstance(each, ast.Name | ast.Constant):
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load):
                names.add(each.id)
            continue
        if isinstance(each, ast.Attribute):
            if isinstance(each.ctx, ast.Load):
                names.add(each.attr)
            if isinstance(each.value, ast.Attribute) and _OF_MOCKS.match(each.attr):
                mocks.add(each.value.attr)
            found.append(each.value)
            continue
        if isinstance(each, ast.keyword) and each.arg:
            names.add(each.arg)
        elif isinstance(each, ast.Call) and _is_patch(each.func):
            texts = (one.value for one in each.args[:2] if isinstance(one, ast.Constant))
            fakes |= {text.rpartition(".")[2] for text in texts if isinstance(text, str)}
        found += ast.iter_child_nodes(each)
    return frozenset(names), frozenset(fakes), frozenset(mocks)


def _imports(path: str, outline: Outline) -> Iterator[tuple[str, str, str]]:
    """Yield the names that a file imports: the path of the module without its ending, and the name there; what functions import last."""
    for one in sorted(outline.imports, key=lambda each: each.layer is ImportLayer.LAZY):
        if one.name is not None:
            above = path.split("/")[: -one.level] if one.level else []
            module = "/".join([*above, *one.module.split(".")]).rstrip("/")
            yield one.alias or one.name, module, one.name
