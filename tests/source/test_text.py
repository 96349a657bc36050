"""Texts, lines and regions of one side of a file."""

from __future__ import annotations

import pytest

from diffscope.source.text import Side, SourceText, decode, split_lines
from diffscope.source.values import RepoPath

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
