"""Which merges of the month before may have caused what an issue reports."""

from __future__ import annotations

import pytest

from diffscope.products.report.dynamics.events import Item
from diffscope.products.report.dynamics.suspects import RecentMerges
from diffscope.products.report.links.nodes import Merged

WICK, LAMP = "vllm/v1/wick.py", "vllm/v1/lamp.py"
TRACE = f'```\nFile "/usr/lib/python3.12/site-packages/{WICK}", line 3, in burn\n```'


def a_merge(number: int, title: str, *paths: str, day: int = 1) -> Merged:
    return Merged(number=number, title=title, merged_at=f"2026-03-{day:02}T00:00:00Z", paths=paths)


PLAIN = tuple(a_merge(at, f"[Core] Plain work {at}", LAMP) for at in range(100, 140))


def an_issue(title: str, body: str = "") -> Item:
    return Item(number=1, title=title, author="ann", created_at="2026-03-20T00:00:00Z", body=body)


@pytest.mark.parametrize(
    ("issue", "merge", "named"),
    [
        pytest.param(an_issue("[Bug]: it crashes", TRACE), a_merge(7, "Trim", WICK), (WICK,), id="a file of a traceback"),
        pytest.param(
            an_issue("[Bug]: Glowquant with emberlight crashes"),
            a_merge(7, "Glowquant for emberlight"),
            ("emberlight", "glowquant"),
            id="two rare words of both titles",
        ),
        pytest.param(an_issue("[Bug]: Glowquant crashes"), a_merge(7, "Glowquant"), None, id="one word is not enough"),
        pytest.param(an_issue("[Bug]: illegal memory access"), a_merge(7, "Fix illegal memory access"), None, id="a symptom is no cause"),
        pytest.param(an_issue("[Bug]: it crashes", TRACE), a_merge(7, "Trim", WICK, day=25), None, id="what came later is no cause"),
        pytest.param(an_issue("[Bug]: it crashes", TRACE.replace(WICK, LAMP)), a_merge(7, "Trim", LAMP), None, id="what everybody changes"),
    ],
)  # fmt: skip
def test_suspects(issue: Item, merge: Merged, named: tuple[str, ...] | None) -> None:
    """Each with the files or the words that made it one."""
    found = RecentMerges((*PLAIN, merge)).suspects(issue)
    assert [(one.number, (*one.paths, *one.words)) for one in found] == (
        [] if named is None else [(7, named)]
    )
