"""A tree does not depend on what was known before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from diffscope.syntax.parsers import ParsedSource, parse_python
from tests.examples import examples

if TYPE_CHECKING:
    from tree_sitter import Node

LINES = st.lists(
    st.sampled_from(
        ["x = 1", "import a", "def f(a, b=1):", "class A(B):", "    def g(self):", "        return {'a': [1,", "        2]}", "    y = '''", "'''", "if x:", "else:",
         "    pass", "    z = f'{x!r:>{y}}'", "@d", "# c", "", "    # é", "match x:", "    case [1, *_]:", "        print(x)", "try:", "except* E:", "    raise", "x = (", ")",
         "    async with a as b, c:", "        await d", "type X = int", "print 'a'", "    return lambda: 0", "\\"]
    ),
    max_size=25,
)  # fmt: skip


def shape(node: Node) -> tuple[object, ...]:
    """Return all that can be asked of a tree."""
    return (
        node.type, node.byte_range, node.start_point, node.end_point, node.is_named, node.is_missing, node.has_error, node.text,
        tuple((node.field_name_for_child(at), shape(child)) for at, child in enumerate(node.children)),
    )  # fmt: skip


@settings(max_examples=examples(250), deadline=None)
@given(LINES, st.integers(0, 25), st.integers(0, 25), LINES)
def test_a_source_like_another_one_is_parsed_as_if_it_were_the_first(
    lines: list[str], start: int, end: int, put: list[str]
) -> None:
    before = "\n".join(lines).encode()
    after = "\n".join((*lines[:start], *put[: end % 4], *lines[end:])).encode()
    like = ParsedSource(before, parse_python(before))
    assert shape(parse_python(after, like).root_node) == shape(parse_python(after).root_node)
    assert shape(like.tree.root_node) == shape(parse_python(before).root_node)


def test_a_source_of_its_own_is_parsed_too() -> None:
    for before, after in ((b"", b"x = 1\n"), (b"x = 1\n", b""), (b"a\n", b"a\na\n"), (b"a\na\n", b"a\n")):
        like = ParsedSource(before, parse_python(before))
        assert shape(parse_python(after, like).root_node) == shape(parse_python(after).root_node)
