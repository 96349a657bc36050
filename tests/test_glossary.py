"""The glossary is kept true: each term once, in order, defined in a sentence or two, and used elsewhere in the documentation or the code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "glossary.md"
ENTRY: Final = re.compile(r"- \*\*(?P<term>[a-z -]+)\*\*: (?P<meaning>[A-Z].+\.)")


def entries() -> dict[str, str]:
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("- ")]
    found = [ENTRY.fullmatch(line) for line in lines]
    assert all(found), [line for line, match in zip(lines, found, strict=True) if not match]
    pairs = [(match["term"], match["meaning"]) for match in found if match]
    assert [term for term, _ in pairs] == sorted({term for term, _ in pairs})
    return dict(pairs)


def test_each_term_stands_once_in_order_and_is_short() -> None:
    # Numbers, abbreviations and names of files have dots too: a sentence ends before a capital letter.
    long = {
        term: len(re.split(r"\. (?=[A-Z])", meaning))
        for term, meaning in entries().items()
        if len(re.split(r"\. (?=[A-Z])", meaning)) > 2
    }
    assert long == {}


def test_each_term_is_used_elsewhere() -> None:
    """In another page, or in a name of the code that others may use."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    prose = "\n".join(page.read_text("utf-8") for page in pages if page != PAGE).casefold()
    names = "\n".join(
        name.casefold()
        for file in (ROOT / "diffscope").rglob("*.py")
        for name in re.findall(r"(?:class|def) ([A-Za-z]\w*)", file.read_text("utf-8"))
    )
    unused = [
        term
        for term in entries()
        if not re.search(rf"\b{re.escape(term)}s?\b", prose)
        and term.replace(" ", "").replace("-", "") not in names.replace("_", "")
    ]
    assert unused == []


def test_it_is_linked() -> None:
    for page in ("README.md", "CONTRIBUTING.md", "docs/index.md"):
        assert "glossary.md" in (ROOT / page).read_text("utf-8"), page
