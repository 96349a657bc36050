"""Texts, lines and regions of one side of a file."""

from __future__ import annotations

import pytest

from diffscope.source.model import RepoPath
from diffscope.source.text import Side, SourceText, decode, lines_with_ends, split_lines

LINES = [
    pytest.param("", (), id="an empty text has no lines"),
    pytest.param("a", ("a",), id="a last line without an end counts"),
    pytest.param("a\n", ("a",), id="the end of the last line starts no other"),
    pytest.param("a\n\n", ("a", ""), id="an empty line counts"),
    pytest.param("a\r\nb\n", ("a", "b"), id="CR LF is one end"),
    pytest.param(
        "a\fb\x0bc\x1cd\x85e\u2028f\rg\n", ("a\fb\x0bc\x1cd\x85e\u2028f\rg",), id="nothing but LF ends a line"
    ),
]


@pytest.mark.parametrize(("text", "lines"), LINES)
def test_split_lines(text: str, lines: tuple[str, ...]) -> None:
    assert split_lines(text) == lines


DECODED = [
    pytest.param(b"a = '\xe9'\n", "a = '\\xe9'\n", id="a byte that is no UTF-8 stays told from others"),
    pytest.param(b"\xef\xbb\xbfa\n", "a\n", id="a byte order mark is no text"),
    pytest.param(b"# -*- coding: latin-1 -*-\na = '\xe9'\n", "# -*- coding: latin-1 -*-\na = 'é'\n", id="PEP 263, first line"),
    pytest.param(b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\n'\x80'\n", "#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\n'€'\n", id="PEP 263, second line"),
    pytest.param(b"a = 1\n# coding: latin-1\n'\xe9'\n", "a = 1\n# coding: latin-1\n'\\xe9'\n", id="a declaration behind code is none"),
    pytest.param(b"# coding: no-such\n'\xc3\xa9'\n", "# coding: no-such\n'é'\n", id="an unknown codec is read as UTF-8"),
    pytest.param(b"# coding: rot13\nabc\n", "# coding: rot13\nabc\n", id="a codec that yields no text is read as UTF-8"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "text"), DECODED)
def test_decode_python(data: bytes, text: str) -> None:
    assert decode(data, is_python=True) == text


def test_a_region_holds_its_text() -> None:
    """Lines of a region come from the text that made it; one outside of the text is refused."""
    old = SourceText(RepoPath("a.py"), Side.BEFORE, b"x\ny\nz\n")
    region = old.region(2, 3)
    assert (region.path, region.side, region.lines) == ("a.py", Side.BEFORE, ("y", "z"))
    with pytest.raises(IndexError, match=r"a\.py has no lines 3-4 on its old side"):
        old.region(3, 4)
    with pytest.raises(IndexError, match=r"a\.py has no line 0 on its old side"):
        old.line(0)


@pytest.mark.parametrize(("text", "lines"), LINES)
def test_lines_with_their_ends_are_the_text(text: str, lines: tuple[str, ...]) -> None:
    """Nothing is lost, and without their ends they are the lines."""
    kept = lines_with_ends(text)
    assert "".join(kept) == text
    assert tuple(line.removesuffix("\n").removesuffix("\r") for line in kept) == lines


PARTS = [
    pytest.param(b"x\ny\nz\n", (2, 3), (2, 3), id="lines of the text"),
    pytest.param(b"x\ny\n", (2, 3), (2, 2), id="a parser may end behind the last line"),
    pytest.param(b"x\ry\rz", (2, 3), (1, 1), id="CR alone ends no line"),
    pytest.param(b"x\ny\n", (3, 3), (2, 2), id="the empty rest belongs to the last line"),
    pytest.param(b"", (1, 1), None, id="a text without lines has no part"),
]


@pytest.mark.parametrize(("data", "asked", "given"), PARTS)
def test_a_part_lies_inside_its_text(
    data: bytes, asked: tuple[int, int], given: tuple[int, int] | None
) -> None:
    part = SourceText(RepoPath("a.py"), Side.AFTER, data).part(*asked)
    assert (part and (part.start, part.end)) == given


def test_lines_of_a_text_are_counted_and_shown_by_it() -> None:
    text = SourceText(RepoPath("a.py"), Side.AFTER, b"x\ny\nz\n")
    lines = text.lines_at((1, 3))
    assert (lines.count, [line.lines for line in lines.regions]) == (2, [("x",), ("z",)])
    assert lines.kept(range(2, 4)) == text.lines_at((3,))


@pytest.mark.parametrize("asked", [(0, 0), (4, 4), (2, 1)])
def test_a_line_of_another_text_is_refused(asked: tuple[int, int]) -> None:
    """Nobody who read two lines can tell the fourth: that is a line of some other file."""
    text = SourceText(RepoPath("a.py"), Side.AFTER, b"x\ny\n")
    with pytest.raises(IndexError, match=r"a\.py has no lines"):
        text.part(*asked)
