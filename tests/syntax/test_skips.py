"""Names that only the conditions of skips ask for."""

from __future__ import annotations

import pytest

from diffscope.syntax.outline.outline import identifiers
from diffscope.syntax.outline.uses import names_of_skips

ROWS = [
    pytest.param("@pytest.mark.skipif(not has_x(), reason='none')\ndef test_a(): run()\n", {"not", "has_x", "reason", "none"}, id="a mark"),
    pytest.param("@pytest.mark.skipif(\n    not has_x(one(2)),\n    reason='none',\n)\ndef test_a(): run()\n", {"not", "has_x", "one", "reason", "none"}, id="a mark of several lines"),
    pytest.param("from v import has_x, run\n@pytest.mark.skipif(has_x())\ndef test_a(): run()\n", {"has_x"}, id="an import names it too"),
    pytest.param("from v import (\n    has_x,\n    run,\n)\n@pytest.mark.skipif(has_x())\ndef test_a(): run()\n", {"has_x"}, id="an import of several lines"),
    pytest.param("@pytest.mark.skipif(has_x())\ndef test_a(): assert has_x()\n", set(), id="it is called elsewhere"),
    pytest.param("y = pytest.importorskip('deep_x')\n", {"deep_x"}, id="a package that may be missing"),
    pytest.param("def test_a():\n    if not v.has_x():\n        pytest.skip('none')\n    run()\n", {"not", "v", "has_x"}, id="a skip in the body"),
    pytest.param("def test_a():\n    if not has_x():\n        run()\n    pytest.skip('none')\n", set(), id="a condition of something else"),
    pytest.param("HAS = has_x()\n@pytest.mark.skipif(not HAS)\ndef test_a(): run()\n", {"not", "HAS", "has_x"}, id="a variable that only a skip asks for"),
    pytest.param("HAS = has_x()\n@pytest.mark.skipif(not HAS)\ndef test_a(): run(HAS)\n", {"not"}, id="a variable that a test reads"),
    pytest.param("class A(TestCase):\n    @unittest.skipUnless(has_x(), 'none')\n    def test_a(self): run()\n", {"has_x", "none"}, id="as unittest writes it"),
    pytest.param("@pytest.mark.skipif(has_x(\ndef test_a(): run()\n", set(), id="a bracket that is never closed"),
    pytest.param("def test_a(): has_x()\n", set(), id="no skip at all"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), ROWS)
def test_names_of_skips(source: str, expected: set[str]) -> None:
    assert names_of_skips(source.encode()) == {name.encode() for name in expected}
    assert not expected & set(identifiers(source.encode()))


@pytest.mark.parametrize("source", [b"skipif(" * 2_000, b"if x\n" * 2_000 + b"skip", b"\xff skipif(\xff)"])
def test_hostile_sources_end(source: bytes) -> None:
    assert isinstance(names_of_skips(source), frozenset)
