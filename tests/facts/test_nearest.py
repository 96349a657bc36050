"""What the nearest tests are asked with: the product files of a change, as their tests would notice it."""

from __future__ import annotations

from msgspec import UNSET

from diffscope.diff.make import make_patch
from diffscope.diff.parse import parse_diff
from diffscope.diff.values import FileSides, Sides
from diffscope.facts.material import Placed, compare_files
from diffscope.facts.nearest import collect_nearest, source_changes
from diffscope.facts.values import FileFact
from diffscope.graph.values import SourceChange
from diffscope.source.values import RepoPath

BEFORE = {
    "vllm/a.py": b"def old_door(size):\n    return size\n",
    "vllm/b.py": b"def helper():\n    return new_door(1)\n",
    "vllm/gone.py": b"def last_words():\n    return 1\n",
    "tests/test_a.py": b"old_door(1)\n",
}
AFTER = {
    "vllm/a.py": b"def new_door(size):\n    return size\n",
    "vllm/b.py": b"def helper():\n    return other(1)\n",
    "tests/test_a.py": b"new_door(1)\n",
}
CATEGORIES = {"tests/test_a.py": "test"}


def placed(*, logic: bool | None = True) -> tuple[Placed, ...]:
    diff = parse_diff(make_patch(BEFORE, AFTER))
    sides = Sides(
        files=tuple(
            FileSides(path=RepoPath(path), before=BEFORE[path], after=AFTER.get(path), is_read=True)
            for path in sorted(BEFORE)
        )
    )
    return tuple(
        Placed(
            fact=FileFact(
                path=one.diff.path,
                status=one.diff.status.value,
                change_type="core-logic",
                category=CATEGORIES.get(one.diff.path, "source"),
                logic=logic,
            ),
            material=one,
        )
        for one in compare_files(diff, sides)
    )


def by_path(changes: tuple[SourceChange, ...]) -> dict[str, SourceChange]:
    return {change.path: change for change in changes}


def test_a_change_is_its_symbols_its_words_and_what_goes() -> None:
    """What one file drops and another takes up is not gone."""
    found = by_path(source_changes(placed()))
    assert sorted(found) == ["vllm/a.py", "vllm/b.py", "vllm/gone.py"]
    assert (found["vllm/a.py"].lines, found["vllm/a.py"].words) == (
        2,
        ("def", "new_door", "old_door", "size"),
    )
    assert found["vllm/a.py"].gone == ("old_door",)
    assert found["vllm/b.py"].gone == ()
    assert (found["vllm/gone.py"].is_moved, found["vllm/a.py"].is_moved) == (True, False)
    assert found["vllm/gone.py"].gone == ("last_words",)


def test_what_changes_no_logic_counts_only_where_it_goes() -> None:
    assert list(by_path(source_changes(placed(logic=False)))) == ["vllm/gone.py"]


def test_without_a_graph_nothing_is_known_and_without_sources_there_is_nothing() -> None:
    assert collect_nearest(placed(), "", None, None) is UNSET
