"""What changed together before a commit, and nothing of what came after."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffscope.errors import InputError
from diffscope.graph.history.history import DEPTH, ChangeHistory
from diffscope.graph.history.store import (
    PastCommit,
    decode_history,
    encode_history,
    find_commit,
    load_commits,
    store_history,
)
from tests.examples import examples

DAY = 86_400
TESTS = frozenset({"tests/test_a.py", "tests/test_b.py", "tests/test_moved.py"})


def commit(
    number: int, *paths: str, day: int | None = None, renames: tuple[tuple[str, str], ...] = ()
) -> PastCommit:
    at = (1000 + (number if day is None else day)) * DAY
    return PastCommit(f"{number:040x}", at, paths, renames)


COMMITS = [
    commit(1, "vllm/a.py", "tests/test_a.py"),
    commit(2, "vllm/a.py", "tests/test_old.py"),
    commit(3, "tests/test_moved.py", renames=(("tests/test_old.py", "tests/test_moved.py"),)),
    commit(4, "vllm/new.py", renames=(("vllm/a.py", "vllm/new.py"),)),
    commit(5, "vllm/new.py", "tests/test_b.py"),
    commit(6, "vllm/new.py", *(f"vllm/sweep{number}.py" for number in range(150)), "tests/test_a.py"),
]


def at(last: int, commits: list[PastCommit] = COMMITS) -> ChangeHistory:
    return ChangeHistory(
        store_history(commits), last=last, now=commits[last].committed_at, half_life_days=1e9
    )


def test_paths_that_changed_together_are_counted_up_to_the_commit() -> None:
    past = at(1).past(["vllm/a.py"], TESTS | {"tests/test_old.py"})
    assert past.weight == pytest.approx(2)
    assert past.together == pytest.approx({"tests/test_a.py": 1, "tests/test_old.py": 1})
    assert at(0).past(["vllm/a.py"], TESTS).together == pytest.approx({"tests/test_a.py": 1})


def test_renames_are_followed_to_the_names_of_the_commit_and_not_beyond() -> None:
    """Before the rename the file goes by its old name; after it, its past goes with it."""
    past = at(4).past(["vllm/new.py"], TESTS)
    assert past.together == pytest.approx(
        {"tests/test_a.py": 1, "tests/test_moved.py": 1, "tests/test_b.py": 1}
    )
    assert at(2).past(["vllm/new.py"], TESTS).weight == 0


def test_a_sweep_ties_nothing() -> None:
    assert at(5).past(["vllm/new.py"], TESTS).together == pytest.approx(
        at(4).past(["vllm/new.py"], TESTS).together
    )


def test_companions_are_counted_under_their_names_now_and_sweeps_are_not() -> None:
    """Once is chance."""
    commits = [*COMMITS, commit(7, "vllm/new.py", "tests/test_moved.py", "tests/test_b.py", "vllm/once.py")]
    found = at(6, commits).companions("vllm/new.py")
    assert (found.times, found.paths) == (5, (("tests/test_b.py", 2), ("tests/test_moved.py", 2)))
    assert at(6, commits).companions("vllm/new.py", limit=1).paths == (("tests/test_b.py", 2),)
    assert at(0).companions("vllm/nowhere.py") == (0, ())


def test_folders_change_together_wherever_their_files_went() -> None:
    """Both files of ``tests/`` count once a commit, and a folder that was left counts no longer."""
    commits = [
        commit(1, "vllm/core/a.py", "tests/core/test_a.py", "tests/core/test_b.py"),
        commit(2, "vllm/core/b.py", "tests/e2e/test_c.py"),
        commit(3, "vllm/lora/c.py", "tests/lora/test_d.py"),
        commit(4, "vllm/core/c.py", renames=(("vllm/lora/c.py", "vllm/core/c.py"),)),
    ]
    assert at(2, commits).folders({"vllm/core/new.py": 1.0}) == pytest.approx(
        {"tests/core": 1 / 3, "tests/e2e": 1 / 3}
    )
    assert at(3, commits).folders({"vllm/core/new.py": 0.5}) == pytest.approx(
        {"tests/core": 0.1, "tests/e2e": 0.1, "tests/lora": 0.1}
    )
    assert at(3, commits).folders({"vllm/lora/new.py": 1.0}) == {}


def test_commits_of_the_same_folder_are_alike() -> None:
    commits = [
        commit(1, "vllm/core/a.py", "tests/core/test_a.py"),
        commit(2, "vllm/far/b.py", "tests/core/test_b.py"),
    ]
    tests = frozenset({"tests/core/test_a.py", "tests/core/test_b.py"})
    assert set(at(1, commits).similar({"vllm/core/new.py": 1.0}, "", tests)) == {"tests/core/test_a.py"}


def test_answers_do_not_depend_on_what_was_asked_before() -> None:
    """The index is shared by all commits of one history; a rename changes the names of what was asked already."""
    stored = store_history(COMMITS)

    def ask(last: int, whole: object) -> object:
        history = ChangeHistory(whole, last=last, now=COMMITS[last].committed_at)  # type: ignore[arg-type]
        past = history.past(["vllm/new.py", "vllm/a.py"], TESTS)
        return past, history.folders({"vllm/new.py": 1.0}), history.similar({"vllm/new.py": 1.0}, "", TESTS)

    for last in (5, 1, 4, 0, 3, 5):
        assert ask(last, stored) == ask(last, store_history(COMMITS))


def test_age_halves_the_weight_and_ends_it() -> None:
    commits = [
        commit(1, "vllm/a.py", day=0),
        commit(2, "vllm/a.py", day=180),
        commit(3, "vllm/b.py", day=180),
    ]
    history = ChangeHistory(store_history(commits), last=2, now=commits[2].committed_at)
    assert history.past(["vllm/a.py"], ()).weight == pytest.approx(1.5)
    late = ChangeHistory(store_history(commits), last=2, now=commits[2].committed_at + 400 * DAY)
    assert late.past(["vllm/a.py"], ()).weight == pytest.approx(0.5 ** (400 / 180))


def test_commits_of_any_time_are_kept() -> None:
    """Seconds beyond 32 bits are read as the last of these."""
    commits = [commit(number, "vllm/a.py", day=day) for number, day in enumerate((1, 30_000, 2_932_896))]
    kept = [each.committed_at for each in load_commits(store_history(commits))]
    assert (kept[0], kept[1:]) == (commits[0].committed_at, [2**31 - 1, 2**31 - 1])


def test_a_history_survives_its_bytes_and_grows() -> None:
    stored = decode_history(encode_history(store_history(COMMITS[:3], covers_from=7)))
    assert [each.commit for each in load_commits(stored)] == [each.commit for each in COMMITS[:3]]
    grown = store_history([*load_commits(stored), *COMMITS[3:]], covers_from=stored.covers_from)
    assert grown == store_history(COMMITS, covers_from=7)
    assert [find_commit(grown, each.commit) for each in COMMITS] == list(range(6))
    assert find_commit(grown, "f" * 40) == -1


def test_an_empty_history_has_no_past() -> None:
    history = ChangeHistory(store_history([]), last=-1, now=0)
    assert (len(history), history.past(["vllm/a.py"], TESTS).weight) == (0, 0)


@pytest.mark.parametrize(
    "data", [b"", b"junk", encode_history(store_history(COMMITS))[:-9]], ids=["nothing", "text", "cut off"]
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="history"):
        decode_history(data)


PATHS = ["vllm/a.py", "vllm/b/c.py", "vllm/b/d.py", "tests/test_a.py", "tests/test_b.py", "tests/b/test_c.py"]
WORDS = ["scheduler", "cache", "attention", "(#1)", "(#2)"]
PAST = st.lists(
    st.tuples(
        st.lists(st.sampled_from(PATHS), max_size=3, unique=True),
        st.lists(st.tuples(st.sampled_from(PATHS), st.sampled_from(PATHS)), max_size=1),
        st.lists(st.sampled_from(WORDS), max_size=2),
        st.integers(0, 200),
    ),
    min_size=3,
    max_size=24,
)


def mined(past: list[tuple[list[str], list[tuple[str, str]], list[str], int]]) -> list[PastCommit]:
    """Return commits, the days between them as drawn; names go and come back."""
    day, commits = 1000, []
    for number, (paths, renames, words, days) in enumerate(past, start=1):
        day += days
        pairs = tuple((old, new) for old, new in renames if old != new)
        named = tuple(dict.fromkeys((*paths, *(new for _, new in pairs))))
        commits.append(PastCommit(f"{number:040x}", day * DAY, named, pairs, " ".join(words)))
    return commits


def answers(history: ChangeHistory) -> tuple[object, ...]:
    """All that is asked of a history, floats to the last bit."""
    wanted = frozenset(PATHS)
    parts = {path: 1 / len(PATHS) for path in PATHS}
    recent = history.recent(700, re.compile("cache"))
    merged = history.merged(1, 700)
    return (
        [history.past([path], wanted) for path in PATHS],
        history.similar(parts, "attention of the scheduler", wanted),
        history.folders(parts),
        [history.companions(path) for path in PATHS],
        [(each.subject, each.days, each.paths) for each in recent],
        merged and (merged.subject, merged.days, merged.paths),
    )


@settings(max_examples=examples(40), deadline=None)
@given(past=PAST, last=st.integers(0, 23), extra=st.integers(0, 23))
def test_what_lies_outside_the_window_changes_no_answer(
    past: list[tuple[list[str], list[tuple[str, str]], list[str], int]], last: int, extra: int
) -> None:
    """A cache may have been filled for an older commit, or before newer ones came: the answers are the same to the last bit."""
    commits = mined(past)
    last = min(last, len(commits) - 1)
    now = commits[last].committed_at
    first = next(at for at, each in enumerate(commits) if each.committed_at >= now - DEPTH)
    whole = ChangeHistory(store_history(commits), last=last, now=now)
    start = min(first, extra)
    cut = ChangeHistory(store_history(commits[start : last + 1]), last=last - start, now=now)
    assert answers(cut) == answers(whole)


def test_a_rename_before_the_window_says_nothing_of_who_has_the_name_now() -> None:
    """The old path was taken up again: with the rename in the history its changes went to the wrong file."""
    early = commit(1, "vllm/new.py", renames=(("vllm/a.py", "vllm/new.py"),), day=0)
    later = [commit(number, "vllm/a.py", "tests/test_a.py", day=600 + number) for number in (2, 3)]
    for commits in ([early, *later], later):
        history = ChangeHistory(
            store_history(commits), last=len(commits) - 1, now=later[-1].committed_at, half_life_days=1e9
        )
        assert history.past(["vllm/a.py"], TESTS).together == pytest.approx({"tests/test_a.py": 2})
        assert history.past(["vllm/new.py"], TESTS).weight == 0


def test_a_pull_request_merged_again_later_was_merged_before_too() -> None:
    """As seen from a commit between the two."""
    commits = [
        PastCommit(f"{number:040x}", (1000 + number) * DAY, ("vllm/a.py",), (), subject)
        for number, subject in enumerate(("Add it (#7)", "Else (#8)", "Add it again (#7)"), start=1)
    ]
    found = at(1, commits).merged(7, 30)
    assert found is not None
    assert (found.subject, found.days) == ("Add it (#7)", 1)
