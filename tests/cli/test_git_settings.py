"""No variable that ``git help --config`` lists changes a byte of what diffscope answers. ``python -m tests.git_settings`` tries them all."""

from __future__ import annotations

import pytest

from tests.examples import one_in
from tests.git_settings import (
    VALUES,
    WHERE_THE_CLONE_IS,
    Clone,
    Setting,
    answers,
    answers_with,
    differing,
    lay_clone,
    refused,
    variables,
)

FEW = (0, 2, 3)
"""The commands that the suite asks: a pull request, the worktree, a range."""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    return lay_clone(tmp_path_factory.mktemp("settings"))


def chosen(shift: int) -> list[Setting]:
    """Return every variable with one of the values; each ``shift`` gives it another."""
    return [Setting(name, VALUES[(number + shift) % len(VALUES)]) for number, name in enumerate(variables())]


def test_the_variables_are_those_of_the_installed_git() -> None:
    names = variables()
    assert len(names) > 600
    assert {"diff.orderFile", "diff.relative", "log.showRoot", "core.autocrlf", "diff.odd.textconv"} <= set(
        names
    )


@pytest.mark.parametrize("shift", [0, pytest.param(5, marks=pytest.mark.thorough)])
def test_no_setting_of_the_clone_changes_an_answer(shift: int, clone: Clone) -> None:
    expected = answers(clone, FEW)
    assert [answer[0] for answer in expected] == [0] * len(FEW)
    few = {name for name, _ in POISONS}
    settings = [setting for setting in one_in(6, chosen(shift)) if setting.name not in few]
    settings += [setting for setting in chosen(shift) if setting.name in few]
    settings = [setting for setting in settings if setting.name not in WHERE_THE_CLONE_IS]
    stopped = refused(clone, settings)
    assert len(stopped) < 150
    tried = [setting for setting in settings if setting not in stopped]
    assert differing(clone, tried, "clone", expected, FEW) == set()


@pytest.mark.parametrize("place", ["user", "environment"])
def test_no_setting_of_the_user_changes_an_answer(place: str, clone: Clone) -> None:
    """They are not even read: values that git refuses do not matter either."""
    expected = answers(clone, FEW)
    assert differing(clone, chosen(2), place, expected, FEW) == set()


POISONS = [
    ("diff.orderFile", ".gitattributes"),
    ("diff.relative", "true"),
    ("log.showRoot", "false"),
    ("blame.ignoreRevsFile", "/dev/null"),
    ("diff.renames", "false"),
    ("log.mailmap", "true"),
    ("core.attributesFile", ".gitattributes"),
]


def test_no_setting_gets_into_the_cache(clone: Clone) -> None:
    asked = ("classify", "--worktree", "--format", "json", "-q")
    expected = clone.project.run(*asked, "--no-cache")
    settings = [Setting(name, value) for name, value in POISONS]
    poisoned = answers_with(clone, settings, "user", (2,), uses_cache=True)
    assert (poisoned[0], clone.project.run(*asked)) == (expected, expected)
