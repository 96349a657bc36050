"""What must hold of any two versions of any code, with programs written by Hypothesis and with our own sources."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import diffscope.syntax
from diffscope.syntax.compare.compare import compare_python
from diffscope.syntax.model import Aspect, Comparison, SymbolChange
from diffscope.syntax.normalize import units
from diffscope.syntax.outline.outline import declare_python
from tests.examples import THOROUGH, examples, one_in

NAMES = st.sampled_from(["alpha", "beta", "self.gamma", "torch.delta"])
ATOMS = st.one_of(
    NAMES,
    st.integers(0, 5000).map(str),
    st.sampled_from(
        [
            "1e-2",
            "0xFF",
            "'text'",
            '"it\'s"',
            "'a' 'b'",
            "f'{alpha} {beta:>3}'",
            "b'x'",
            "None",
            "r'\\d'",
            "(alpha,)",
        ]
    ),
)
OPERATORS = st.sampled_from(["+", "*", "/", "and", "or", "==", "<", "if beta else", "-"])


def combine(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, OPERATORS, inner).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"),
        st.tuples(NAMES, inner, inner).map(lambda parts: f"{parts[0]}({parts[1]}, key={parts[2]})"),
        st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]"),
        inner.map(lambda part: f"[each for each in {part} if each]"),
        inner.map(lambda part: f"(lambda each: {part})"),
        st.tuples(inner, inner).map(lambda parts: f"alpha[{parts[0]}, {parts[1]}]"),
    )


EXPRESSIONS = st.recursive(ATOMS, combine, max_leaves=5)


@st.composite
def statements(draw: st.DrawFn, depth: int = 0) -> list[str]:
    """Return the lines of a block."""
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        expression = draw(EXPRESSIONS)
        kind = draw(st.integers(0, 8 if depth < 2 else 3))
        inner = [f"    {line}" for line in draw(statements(depth=depth + 1))] if kind > 3 else []
        if kind == 0:
            lines.append(f"{draw(NAMES)} = {expression}")
        elif kind == 1:
            lines.append(f"beta: int = {expression}")
        elif kind == 2:
            lines += ["import zulu", "from yankee import xray, whiskey"]
        elif kind == 3:
            lines.append(f"return {expression}")
        elif kind == 4:
            lines += [f"if {expression}:", *inner, "else:", "    alpha()"]
        elif kind == 5:
            lines += [f"for each in {expression}:", *inner]
        elif kind == 6:
            lines += [f"with beta({expression}) as alpha:", *inner]
        elif kind == 7:
            lines += ["try:", *inner, "except ValueError:", "    raise"]
        else:
            lines += ["def inner(alpha, beta=1):", *inner]
    return lines


@st.composite
def programs(draw: st.DrawFn) -> str:
    """Return a module with functions and classes of different names."""
    lines = ["import mike", "from lima import kilo"]
    names = draw(st.lists(st.sampled_from(["one", "two", "three", "Four", "Five"]), min_size=1, unique=True))
    for name in names:
        body = draw(statements())
        if name[0].isupper():
            lines += [
                f"class {name}(Base):",
                '    """About it."""',
                "    field: int = 3",
                "    def method(self, alpha, beta=2):",
            ]
            lines += [f"        {line}" for line in body]
        else:
            lines += ["@decorated", f"def {name}(alpha, *rest, beta=2, **more):", '    """About it."""']
            lines += [f"    {line}" for line in body]
    return "\n".join(lines) + "\n"


def logic(before: str, after: str) -> list[SymbolChange]:
    found = compare_python(before.encode(), after.encode())
    assert not found.imports_added
    assert not found.imports_removed
    return [change for change in found.symbols if change.logic]


@settings(max_examples=examples(60), deadline=None)
@given(programs())
def test_a_program_written_anew_by_ast_has_no_logic_change(text: str) -> None:
    """``ast.unparse`` drops comments, brackets, quotes, line breaks and notations of its own accord."""
    assert logic(text, ast.unparse(ast.parse(text))) == []


@settings(max_examples=examples(40), deadline=None)
@given(programs(), st.data())
def test_comments_and_blank_lines_anywhere_are_no_logic(text: str, data: st.DataObject) -> None:
    lines = []
    for line in text.splitlines():
        if data.draw(st.booleans()):
            lines += ["", "# a note, with 'quotes' and (brackets"]
        lines.append(line + ("  # why" if data.draw(st.booleans()) else ""))
    found = compare_python(text.encode(), "\n".join(lines).encode())
    assert all(not change.logic and not change.signals and not change.added_lines for change in found.symbols)


@settings(max_examples=examples(40), deadline=None)
@given(programs(), st.randoms())
def test_imports_in_another_order_are_no_logic(text: str, random: object) -> None:
    first, second, rest = text.split("\n", 2)
    assert logic(text, f"{second}\n{first}\n{rest}") == []


@settings(max_examples=examples(60), deadline=None)
@given(programs())
def test_a_program_does_not_differ_from_itself(text: str) -> None:
    found = compare_python(text.encode(), text.encode())
    assert found.symbols == ()
    assert found.before == found.after


@settings(max_examples=examples(40), deadline=None)
@given(programs(), programs())
def test_the_other_way_round_everything_is_mirrored(before: str, after: str) -> None:
    forth, back = (
        compare_python(before.encode(), after.encode()),
        compare_python(after.encode(), before.encode()),
    )
    assert forth.imports_added == back.imports_removed
    assert sorted(mirror(change) for change in forth.symbols) == sorted(
        describe(change) for change in back.symbols
    )


@settings(max_examples=examples(60), deadline=None)
@given(programs(), programs())
def test_programs_of_different_meaning_differ(before: str, after: str) -> None:
    """Where ``ast`` sees another program, annotations and docstrings aside, some symbol has changed logic or moved."""
    if meaning(before) == meaning(after):
        return
    found = compare_python(before.encode(), after.encode())
    assert any(change.logic or Aspect.MOVED in change.aspects for change in found.symbols)


def describe(change: SymbolChange) -> tuple[object, ...]:
    names = (change.name, change.moved_from or change.name)
    signals = sorted(
        (each.what, each.signal.kind.value, each.signal.text, each.signal.detail)
        for each in change.signals
        if each.what != "reguarded"
    )
    return (
        *names,
        change.logic,
        tuple(sorted(aspect.value for aspect in change.aspects)),
        tuple(signals),
    )


def mirror(change: SymbolChange) -> tuple[object, ...]:
    swapped = {"added": "removed", "removed": "added"}
    name, origin, is_logic, aspects, signals = describe(change)
    turned = tuple(sorted(swapped.get(aspect, aspect) for aspect in aspects))  # type: ignore[attr-defined]
    reflected = tuple(sorted((swapped[what], *rest) for what, *rest in signals))  # type: ignore[attr-defined]
    return (origin, name, is_logic, turned, reflected)


def meaning(text: str) -> str:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(0)
        if isinstance(node, ast.Import | ast.ImportFrom):
            node.names = sorted(node.names, key=lambda name: name.name)
    return ast.dump(tree)


SOURCES = [
    path
    for path in sorted(Path(diffscope.syntax.__path__[0]).parent.rglob("*.py"))[:: 3 if THOROUGH else 9]
    # The grammar does not read ``return a, *(b for b in c)``.
    if not declare_python(path.read_bytes()).outline.problems
]


@pytest.mark.parametrize("path", one_in(6, SOURCES), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_our_own_sources_written_anew_have_no_logic_change(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert logic(text, ast.unparse(ast.parse(text))) == []


@pytest.mark.parametrize("path", one_in(5, SOURCES[::3]), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_number_changed_anywhere_but_in_a_message_is_a_logic_change(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    # Neither is what is said logic, nor what a type admits.
    aside = [node for node in ast.walk(tree) if isinstance(node, (ast.Raise, ast.Assert))]
    aside += [
        node.annotation
        for node in ast.walk(tree)
        if isinstance(node, (ast.AnnAssign, ast.arg)) and node.annotation
    ]
    told = {inner for node in aside for inner in ast.walk(node)}
    numbers = [
        node
        for node in ast.walk(tree)
        if node not in told and isinstance(node, ast.Constant) and type(node.value) is int
    ]
    for node in numbers[:5]:
        node.value += 7
        assert logic(text, ast.unparse(tree))
        node.value -= 7


def summary(found: Comparison) -> list[tuple[object, ...]]:
    """Return all that must not depend on what was looked into; of signals, how often each is there more or less often."""
    return [
        (
            each.name, each.aspects, each.logic, each.parameters, each.branches_added, each.moved_from,
            Counter((signal.what, signal.signal.kind, signal.signal.text, signal.signal.detail) for signal in each.signals if signal.what != "reguarded"),
        )
        for each in found.symbols
    ]  # fmt: skip


@settings(max_examples=examples(80), deadline=None)
@given(programs(), st.integers(0, 30), st.sampled_from(["omega", "alpha(7)", "[alpha, 9, beta]"]))
def test_a_change_anywhere_gives_the_same_whether_the_rest_is_read_or_not(
    text: str, place: int, new: str
) -> None:
    found = list(re.finditer(r"(?<=[=(\[ ])(?:alpha|beta|\d+)(?=[\]), \n])", text))
    match = found[place % len(found)] if found else None
    if match is None:
        return
    after = text[: match.start()] + new + text[match.end() :]
    trimmed = summary(compare_python(text.encode(), after.encode()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(units, "find_shared", lambda *_: (frozenset(), frozenset()))
        assert trimmed == summary(compare_python(text.encode(), after.encode()))
