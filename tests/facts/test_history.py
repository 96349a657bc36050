"""What was reverted and is taken up again, out of the past as it was before the change."""

from __future__ import annotations

import pytest

from diffscope.diff.parse import parse_diff
from diffscope.diff.reconstruct import blob_id, make_patch
from diffscope.facts.base.history import collect_history
from diffscope.facts.change.changed_file import FileMaterial, Placed
from diffscope.facts.model import FileFact, HistoryFact
from diffscope.graph.history.history import ChangeHistory
from diffscope.graph.history.store import Edit, PastCommit, store_history
from diffscope.source.model import RepoPath
from diffscope.source.text import Side, SourceText

DAY = 86_400
FILES = ("vllm/v1/pool.py", "vllm/v1/sizes.py")


def edited(*paths: str) -> tuple[Placed, ...]:
    """Return one changed source file for each path."""
    return changed(dict.fromkeys(paths, b"x = 1\n"), dict.fromkeys(paths, b"x = 2\n"))


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> tuple[Placed, ...]:
    """Return the files of a change, each a source file with both of its sides."""
    return tuple(
        Placed(
            fact=FileFact(path=one.path, status="modified", change_type="core-logic", category="source"),
            material=FileMaterial(
                diff=one,
                before=side(one.path, Side.BEFORE, before.get(one.path)),
                after=side(one.path, Side.AFTER, after.get(one.path)),
            ),
        )
        for one in parse_diff(make_patch(before, after)).files
    )


def side(path: RepoPath, which: Side, data: bytes | None) -> SourceText | None:
    return None if data is None else SourceText(path, which, data)


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
    pytest.param("Reapply: Pool blocks by size", FILES[:1], [95], id="half of the files is enough where the title says so"),
    pytest.param("[Core] Pool blocks by size", FILES[:1], [], id="half of the files is too little where it does not"),
    pytest.param("[Core] Count blocks that wait", FILES, [], id="other work on the same files"),
    pytest.param("[Core] Pool blocks by size", ("vllm/v1/far.py",), [], id="other files"),
]  # fmt: skip


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
        pytest.param("[Bugfix] Redo pool sizing of blocks for new models", FILES, [95], id="redone under other words"),
        pytest.param("[Bugfix] Redo pool sizing of blocks for new models", FILES[:1], [], id="half of the files"),
        pytest.param("[Bugfix] Rework pool sizing of blocks for new models", FILES, [], id="reworked, as anything may be"),
        pytest.param("[Bugfix] Redo pool sizing for new models", FILES, [], id="one word alike"),
    ],
)  # fmt: skip
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


def told(facts: tuple[HistoryFact, ...]) -> list[tuple[str, int | None]]:
    """Return what each fact says, and of which pull request."""
    return [(one.what, one.number) for one in facts]


@pytest.mark.parametrize(
    ("title", "body", "expected"),
    [
        pytest.param('Revert "[Core] Pool blocks by size"', "", ("reverts", 90), id="a quoted title"),
        pytest.param('Revert "[Core] Pool blocks by si…', "", ("reverts", 90), id="a quoted title that is cut"),
        pytest.param("[Core] Revert #90", "", ("reverts", 90), id="a number in the title"),
        pytest.param("[Core] Revert PRs 90 and 99", "", None, id="a number of two digits may be anything"),
        pytest.param("Revert something", "This reverts #90.", ("reverts", 90), id="a number in the description"),
        pytest.param("Revert something", f"This reverts commit {1:040x}.", ("reverts", 90), id="a commit"),
        pytest.param("Revert something", "See #90.", None, id="a number that nothing is said of"),
        pytest.param("[Core] Reapply #90", "", ("reverted-before", 95), id="done again, and known who took it back"),
        pytest.param("[Core] Reapply #99", "", None, id="a number of other files"),
        pytest.param("Size pools (Retry)", "", None, id="a retry without words or numbers"),
        pytest.param("Pool blocks by size (Retry)", "", ("reverted-before", 95), id="a retry by its title"),
        pytest.param("[CI] Retry reading pool blocks", "", None, id="retrying is also what code does"),
    ],
)  # fmt: skip
def test_titles_and_descriptions_name_what_they_take_back(
    title: str, body: str, expected: tuple[str, int] | None
) -> None:
    """By quoted title, number or commit; what is named must share a file."""
    found = collect_history(edited(*FILES), title, REVERTED, body=body, number=200)
    assert told(found) == ([expected] if expected else [])


LOST = past(
    (20, "[Bugfix] Drop bad check (#3390)", FILES[:1]), (9, "[Core] Sort pools (#3395)", ("vllm/v1/pool.py",))
)


def test_what_is_done_again_though_nobody_reverted_it_was_lost() -> None:
    """The number is in the title, with or without its sign; the commit may be older than reverts are looked for."""
    for title in ("[Bugfix] Reapply 3390", "[Bugfix] Re-land #3390"):
        assert told(collect_history(edited(*FILES), title, LOST)) == [("reapplies", 3390)]
    assert told(collect_history(edited(*FILES), "[Bugfix] Fix 3390 blocks", LOST)) == []


PATH = "vllm/v1/pool.py"
PLAIN = b"def pool(x):\n    return x\n\n\n" + b"".join(b"LINE_%d = %d\n" % (n, n) for n in range(9))
ADDED = b"".join(b"    check_%d(x)\n" % number for number in range(8))
CHECKED = PLAIN.replace(b"    return x\n", ADDED + b"    return x\n")
LATER = CHECKED.replace(b"LINE_4 = 4", b"LINE_4 = 40")


def content(*commits: tuple[int, str, bytes | None, bytes | None], can_read: bool = True) -> ChangeHistory:
    """Return a history of one file as (days ago, subject, before, after), oldest first."""
    kept = {blob_id(each)[:16]: each for row in commits for each in row[2:] if each is not None}
    stored = store_history(
        [
            PastCommit(
                f"{number:040x}",
                (1000 - days) * DAY,
                (PATH,),
                subject=subject,
                edits=(Edit(PATH, *("" if each is None else blob_id(each) for each in (before, after))),),
            )
            for number, (days, subject, before, after) in enumerate(commits, 1)
        ]
    )
    read = (lambda names: {name: kept.get(name) for name in names}) if can_read else None
    return ChangeHistory(stored, last=len(commits) - 1, now=1000 * DAY, read=read)


CHECKS = (9, "[Core] Check pools (#90)", PLAIN, CHECKED)
TUNED = (4, "[Core] Tune (#91)", CHECKED, LATER)
WARNING = b"".join(b'        "size %d is slow"\n' % number for number in range(8))
WARNED = PLAIN.replace(b"    return x\n", b"    warn(\n" + WARNING + b"    )\n    return x\n")
WARNS = (
    9,
    "[Core] Tell sizes (#90)",
    PLAIN.replace(b"    return x\n", b"    warn(\n    )\n    return x\n"),
    WARNED,
)
WARNS_TUNED = (4, "[Core] Tune (#91)", WARNED, WARNED + b"MORE = 1\n")
UNCHECKED = (2, 'Revert "[Core] Check pools" (#92)', CHECKED, PLAIN)


@pytest.mark.parametrize(
    ("history", "before", "after", "expected"),
    [
        pytest.param(content(CHECKS), CHECKED, PLAIN, ("restores", 90, True, 100), id="a file is as it was"),
        pytest.param(
            content(CHECKS, TUNED), LATER, LATER.replace(ADDED, b""), ("restores", 90, False, 100), id="its lines go, and what came since stays"
        ),
        pytest.param(content(CHECKS, TUNED, can_read=False), LATER, LATER.replace(ADDED, b""), None, id="content unknown"),
        pytest.param(content(CHECKS, can_read=False), CHECKED, PLAIN, ("restores", 90, True, None), id="ids alone suffice"),
        pytest.param(content(CHECKS, UNCHECKED), PLAIN, CHECKED, ("reverted-before", 92, True, 100), id="a revert goes again"),
        pytest.param(content(CHECKS), CHECKED, CHECKED + b"MORE = 1\n", None, id="new work"),
        pytest.param(content(CHECKS), CHECKED, CHECKED.replace(b"    check_1(x)\n", b""), None, id="a line of eight goes"),
        pytest.param(content((9, "Add it (#90)", None, PLAIN)), PLAIN, None, ("restores", 90, True, None), id="a file"),
        pytest.param(
            content(CHECKS),
            CHECKED,
            PLAIN + b"".join(b"OTHER_%d = %d\n" % (number, number) for number in range(8)),
            None,
            id="as much is new: it is rewritten",
        ),
        pytest.param(content((200, *CHECKS[1:])), CHECKED, PLAIN, None, id="too long ago"),
        pytest.param(
            content(CHECKS),
            CHECKED,
            CHECKED.replace(ADDED, b"    check_all(x)\n    check_none(x)\n"),
            None,
            id="two other lines stand in the place of eight",
        ),
        pytest.param(
            content(CHECKS, TUNED),
            LATER,
            LATER.replace(ADDED, b"    check_all(x)\n"),
            ("restores", 90, False, 100),
            id="one line hardly stands for eight",
        ),
        pytest.param(
            content(WARNS, WARNS_TUNED), WARNED + b"MORE = 1\n", WARNED.replace(WARNING, b"") + b"MORE = 1\n", None, id="a text that is told goes"
        ),
    ],
)  # fmt: skip
def test_content_tells_what_is_taken_back_whatever_the_title_says(
    history: ChangeHistory, before: bytes | None, after: bytes | None, expected: tuple[object, ...] | None
) -> None:
    """By blob ids, and by lines where other commits came between."""
    sides = [{} if data is None else {PATH: data} for data in (before, after)]
    found = collect_history(changed(*sides), "[Core] Something else", history)
    assert [(one.what, one.number, one.exact, one.taken_back) for one in found] == (
        [expected] if expected else []
    )


def test_history_ends_at_the_base() -> None:
    """A commit that came later is no past, though the stored history holds it."""
    whole = content(CHECKS, TUNED)
    assert [edit.after for _, edit in whole.edited(PATH, 90)] == [blob_id(LATER)[:16], blob_id(CHECKED)[:16]]
    stored = whole._index.stored
    early = ChangeHistory(stored, last=0, now=995 * DAY)
    assert [edit.after for _, edit in early.edited(PATH, 90)] == [blob_id(CHECKED)[:16]]
