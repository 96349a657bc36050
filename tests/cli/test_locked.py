"""What is kept between runs, locked by another process or not what it should be: a note, two seconds at most, and the same answer."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from diffscope.adapters.cache import cache
from diffscope.adapters.cache import file as cache_file
from diffscope.adapters.cache.cache import FILE_NAME
from diffscope.adapters.cache.file import LockWait
from diffscope.adapters.cache.store import FILE_NAME as STORE
from diffscope.adapters.git import pull_index as git_index
from tests.cli.conftest import MakeProject
from tests.cli.harness import Project
from tests.examples import one_in

Lock = Callable[[Path], sqlite3.Connection]
CLASSIFY = ("classify", "101", "--format", "json")
REPORT = ("report", "--range", "main~2..main", "--format", "json", "--workers", "1")
BACKTEST = ("backtest", "--range", "main~2..main", "--format", "json", "--workers", "1")


class Waits(LockWait):
    """A wait that remembers how long was waited in vain."""

    def __init__(self) -> None:
        super().__init__()
        self.in_vain: list[float] = []

    def lose(self) -> None:
        self.in_vain.append(self.seconds)
        super().lose()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    """The wait of a process that has just begun."""
    new = Waits()
    for module in (cache_file, cache, git_index):
        monkeypatch.setattr(module, "LOCK_WAIT", new)
    return new


def begin(statement: str) -> Lock:
    def lock(file: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(file, isolation_level=None)
        connection.execute(statement)
        return connection

    return lock


def alone(file: Path) -> sqlite3.Connection:
    """Lock as a process does that wants the file for itself, not even read by others."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("BEGIN EXCLUSIVE")
    connection.execute("CREATE TABLE other (one)")
    return connection


def half_made(file: Path) -> sqlite3.Connection:
    """Lock a database that is being made and has no table yet that others see."""
    file.unlink()
    for beside in file.parent.glob(f"{file.name}-*"):
        beside.unlink()
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA user_version = 7")
    connection.execute("BEGIN EXCLUSIVE")
    connection.execute("CREATE TABLE entry (one)")
    return connection


LOCKS = [
    pytest.param(begin("BEGIN IMMEDIATE"), id="written to"),
    pytest.param(begin("BEGIN EXCLUSIVE"), id="exclusive"),
    pytest.param(alone, id="not even read"),
    pytest.param(half_made, id="half made"),
]


def files(here: Project) -> list[Path]:
    found = [here.cache / FILE_NAME, here.cache / STORE, *(here.cache / "pulls").glob("*.sqlite")]
    return [file for file in found if file.exists()]


@pytest.fixture
def locked(project: MakeProject) -> Iterator[Callable[[Lock, Project], None]]:
    """Lock everything that a project keeps, until the test ends."""
    with ExitStack() as stack:

        def lock_all(lock: Lock, here: Project) -> None:
            for file in files(here):
                stack.enter_context(closing(lock(file)))

        yield lock_all


def answer(here: Project, clone: Path, command: tuple[str, ...]) -> tuple[str, str]:
    outcome = here.run(*command, "--repo", str(clone))
    assert outcome.exit_code == 0, outcome.err
    assert "Traceback" not in outcome.err
    return outcome.out, outcome.err


def check(
    here: Project, clone: Path, command: tuple[str, ...], lock: Callable[[], None], waits: Waits
) -> None:
    """The answer is that of nothing kept; a note names each file that was in the way; all waits together stay within 2 s."""
    expected, _ = answer(here, clone, (*command, "--no-cache"))
    answer(here, clone, CLASSIFY)
    lock()
    found, told = answer(here, clone, command)
    assert found == expected
    assert "another process has locked it" in told
    assert 0 < sum(waits.in_vain) <= 2
    assert len(told.splitlines()) == len(set(told.splitlines())), "a note is said twice"


@pytest.mark.parametrize("lock", one_in(2, LOCKS))
def test_a_change_is_classified_all_the_same(
    minivllm: Path,
    project: MakeProject,
    locked: Callable[[Lock, Project], None],
    lock: Lock,
    waits: Waits,
) -> None:
    here = project()
    command = ("classify", "104", "--format", "json")
    check(here, minivllm, command, lambda: locked(lock, here), waits)


@pytest.mark.parametrize(
    "command",
    [pytest.param(REPORT, id="report"), pytest.param(BACKTEST, id="backtest", marks=pytest.mark.thorough)],
)
def test_many_changes_are_judged_all_the_same(
    minivllm: Path,
    project: MakeProject,
    locked: Callable[[Lock, Project], None],
    command: tuple[str, ...],
    waits: Waits,
) -> None:
    here = project()
    check(here, minivllm, command, lambda: locked(alone, here), waits)


@pytest.mark.parametrize("lock", one_in(2, LOCKS))
def test_what_is_kept_can_be_looked_at_and_removed(
    minivllm: Path,
    project: MakeProject,
    locked: Callable[[Lock, Project], None],
    lock: Lock,
    waits: Waits,
) -> None:
    """`cache info` shows what it may read; `cache clear` needs nobody's leave."""
    here = project()
    answer(here, minivllm, CLASSIFY)
    locked(lock, here)
    told = here.run("cache", "info", "--format", "json")
    document = json.loads(told.out)
    assert told.exit_code == 0
    assert bool(document["spaces"]) != bool(document["notes"])
    assert sum(waits.in_vain) <= 2
    assert here.run("cache", "clear").exit_code == 0
    assert not (here.cache / FILE_NAME).exists()


def newer(file: Path) -> None:
    """Another idea of the table under the same name, as a later version could have."""
    file.unlink(missing_ok=True)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA application_id = 0x64696666")
        connection.execute("CREATE TABLE entry (key TEXT, version INTEGER)")


def folder_in_its_place(file: Path) -> None:
    file.unlink(missing_ok=True)
    file.mkdir()


def newer_sqlite(file: Path) -> None:
    """A file whose header says that it takes a later SQLite to read."""
    data = bytearray(file.read_bytes())
    data[18:20] = b"\x09\x09"
    file.write_bytes(data)


@pytest.mark.parametrize("spoil", [newer, folder_in_its_place, newer_sqlite], ids=lambda one: one.__name__)
def test_what_is_no_cache_of_ours_costs_a_note(
    minivllm: Path, project: MakeProject, spoil: Callable[[Path], None], waits: Waits
) -> None:
    here = project()
    expected, _ = answer(here, minivllm, CLASSIFY)
    for beside in here.cache.glob("*-wal"):
        beside.unlink()
    spoil(here.cache / FILE_NAME)
    found, told = answer(here, minivllm, CLASSIFY)
    assert found == expected
    assert told.startswith(f"note: the cache {here.cache / FILE_NAME} ")
    assert waits.in_vain == []
    info = here.run("cache", "info")
    assert (info.exit_code, "Traceback" in info.err) == (0, False)
    cleared = here.run("cache", "clear")
    assert cleared.exit_code == (2 if spoil is folder_in_its_place else 0)
    assert ("hint: " in cleared.err) is (spoil is folder_in_its_place)
