"""What was reverted and is taken up again, out of the past as it was before the change."""

from __future__ import annotations

import pytest

from diffscope.diff.make import make_patch
from diffscope.diff.parse import parse_diff
from diffscope.facts.base.history import collect_history
from diffscope.facts.change.changed_file import FileMaterial, Placed
from diffscope.facts.model import FileFact
from diffscope.graph.history.history import ChangeHistory
from diffscope.graph.history.store import PastCommit, store_history

DAY = 86_400
FILES = ("vllm/v1/pool.py", "vllm/v1/sizes.py")


def edited(*paths: str) -> tuple[Placed, ...]:
    """Return one changed source file for each path."""
    diff = parse_diff(make_patch(dict.fromkeys(paths, b"x = 1\n"), dict.fromkeys(paths, b"x = 2\n")))
    return tuple(
        Placed(
            fact=FileFact(path=one.path, status="modified", change_type="core-logic", category="source"),
            material=FileMaterial(diff=one),
        )
        for one in diff.files
    )


def past(*commits: tuple[int, str, tuple[str, ...]]) -> ChangeHistory:
    """Return a history of commits as (days ago, subject, paths), oldest first."""
    stored = store_history(
        [
            PastCommit(f"{number:040x}", (1000 - days) * DAY, paths, subject=subject)
            for number, (days, subject, paths) in enumerate(commits, 1)
        ]
    )
    return ChangeHistory(stored, last=len(commits) - 1, now=1000 * DAY)


REVERTED = past(
    (9, "[Core] Pool blocks by size (#90)", FILES),
    (4, 'Revert "[Core] Pool blocks by size (#90)" (#95)', FILES),
    (1, "[Misc] Tidy (#99)", ("vllm/v1/other.py",)),
)
ROWS = [
    pytest.param("[Core] Pool blocks by size, take 2", FILES, [95], id="the same words again"),
    pytest.param(
        "Reapply: Pool blocks by size",
        FILES[:1],
        [95],
        id="half of the files is enough where the title says so",
    ),
    pytest.param(
        "[Core] Pool blocks by size", FILES[:1], [], id="half of the files is too little where it does not"
    ),
    pytest.param("[Core] Count blocks that wait", FILES, [], id="other work on the same files"),
    pytest.param('Revert "[Core] Pool blocks by size"', FILES, [], id="a revert itself"),
    pytest.param("[Core] Pool blocks by size", ("vllm/v1/far.py",), [], id="other files"),
]


@pytest.mark.parametrize(("title", "paths", "expected"), ROWS)
def test_work_that_was_reverted_is_known_by_title_and_files(
    title: str, paths: tuple[str, ...], expected: list[int]
) -> None:
    found = collect_history(edited(*paths), title, REVERTED)
    assert [one.number for one in found] == expected
    assert all((one.days, one.what) == (4, "reverted-before") for one in found)


BY_NUMBER = past(
    (9, "[Core] Pool blocks by size (#3390)", FILES),
    (8, "[Core] Sort pools (#3391)", ("vllm/v1/far.py",)),
    (4, "[CI] Revert PRs 3390 and 3391 (#3395)", (*FILES, "vllm/v1/far.py", "vllm/v1/wide.py")),
)


@pytest.mark.parametrize(
    ("title", "paths", "expected"),
    [
        pytest.param(
            "[Core] Pool blocks by size", FILES, [3395], id="the title of a number that was reverted"
        ),
        pytest.param("[Core] Pool blocks by age of use", FILES, [], id="another title"),
        pytest.param("[Core] Pool blocks by size", ("vllm/v1/far.py",), [], id="the files of another number"),
    ],
)
def test_a_revert_that_names_numbers_is_known_by_what_they_were(
    title: str, paths: tuple[str, ...], expected: list[int]
) -> None:
    assert [one.number for one in collect_history(edited(*paths), title, BY_NUMBER)] == expected


@pytest.mark.parametrize(
    ("title", "paths", "expected"),
    [
        pytest.param(
            "[Bugfix] Redo pool sizing of blocks for new models", FILES, [95], id="redone under other words"
        ),
        pytest.param(
            "[Bugfix] Redo pool sizing of blocks for new models", FILES[:1], [], id="half of the files"
        ),
        pytest.param(
            "[Bugfix] Rework pool sizing of blocks for new models",
            FILES,
            [],
            id="reworked, as anything may be",
        ),
        pytest.param("[Bugfix] Redo pool sizing for new models", FILES, [], id="one word alike"),
    ],
)
def test_what_is_literally_redone_needs_two_words_and_the_files(
    title: str, paths: tuple[str, ...], expected: list[int]
) -> None:
    assert [one.number for one in collect_history(edited(*paths), title, REVERTED)] == expected


def test_a_revert_of_long_ago_is_forgotten() -> None:
    old = past(
        (60, 'Revert "[Core] Pool blocks by size (#90)" (#95)', FILES), (1, "[Misc] Tidy (#99)", FILES)
    )
    assert collect_history(edited(*FILES), "Reapply: Pool blocks by size", old) == ()
    assert collect_history(edited(*FILES), "Reapply: Pool blocks by size", None) == ()
