"""The cache keeps what it is given, and nothing that happens to its file does harm."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from diffscope.adapters.cache import file as cache_file
from diffscope.adapters.cache.cache import FILE_NAME, Cache, default_directory, open_cache
from diffscope.adapters.cache.file import AT_ONCE
from diffscope.errors import CacheError, InputError
from tests.examples import THOROUGH

VALUES = {f"name{number}": os.urandom(2_000) for number in range(50)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def fill(folder: Path) -> Path:
    with open_cache(folder) as cache:
        cache.put_many("graph", VALUES)
        assert cache.notes == ()
    return folder / FILE_NAME


def test_what_was_put_is_there_for_the_next_process(folder: Path) -> None:
    fill(folder)
    with open_cache(folder) as cache:
        assert cache.get_many("graph", [*VALUES, "absent"]) == VALUES
        assert cache.get("graph", "name1") == VALUES["name1"]
        assert cache.get("other", "name1") is None
        assert cache.names("graph") == tuple(sorted(VALUES))
        assert cache.notes == ()


def test_a_value_is_replaced(folder: Path) -> None:
    with open_cache(folder) as cache:
        cache.put_many("graph", {"a": b"1"})
        cache.put_many("graph", {"a": b"2", "b": b""})
        assert cache.get_many("graph", ["b", "a"]) == {"b": b"", "a": b"2"}


def test_a_cache_that_is_off_touches_no_disk(folder: Path) -> None:
    with open_cache(folder, is_enabled=False) as cache:
        cache.put_many("graph", VALUES)
        assert cache.get("graph", "name1") is None
        assert cache.names("graph") == ()
        assert (cache.info().path, cache.info().bytes, cache.clear()) == (None, 0, 0)
    assert not folder.exists()


def test_the_environment_names_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DIFFSCOPE_CACHE_DIR", str(tmp_path))
    assert default_directory() == tmp_path
    monkeypatch.delenv("DIFFSCOPE_CACHE_DIR")
    assert default_directory().name == "diffscope"


def test_info_counts_by_space(folder: Path) -> None:
    fill(folder)
    with open_cache(folder) as cache:
        info = cache.info()
    assert [(each.space, each.entries, each.bytes) for each in info.spaces] == [("graph", 50, 100_000)]
    assert info.bytes >= 100_000
    assert info.path == str(folder / FILE_NAME)


def test_clear_deletes_the_file_and_the_cache_goes_on(folder: Path) -> None:
    path = fill(folder)
    with open_cache(folder) as cache:
        assert cache.clear() >= 100_000
        assert not path.exists()
        cache.put_many("graph", {"a": b"1"})
        assert cache.get("graph", "a") == b"1"


def test_a_file_that_cannot_be_deleted_is_an_error_with_a_hint(folder: Path) -> None:
    (folder / FILE_NAME / "in the way").mkdir(parents=True)
    with open_cache(folder) as cache, pytest.raises(CacheError) as caught:
        cache.clear()
    assert caught.value.hint == "delete the file by hand"


def spoil_head(path: Path) -> None:
    path.write_bytes(b"junk" * 1_000)


def spoil_middle(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4_096:60_000] = b"\x5a" * (60_000 - 4_096)
    path.write_bytes(data)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:50_000])


def drop_table(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.executescript("DROP TABLE entry; CREATE TABLE entry (space TEXT, name TEXT);")
    connection.close()


@pytest.mark.parametrize(
    "spoil",
    [spoil_head, spoil_middle, truncate, drop_table],
    ids=["junk", "junk inside", "cut off", "another schema"],
)
def test_a_damaged_file_is_made_anew(folder: Path, spoil: object) -> None:
    """No value of it is given out, what is put afterwards is kept, and it is said."""
    path = fill(folder)
    assert callable(spoil)
    spoil(path)
    with open_cache(folder) as cache:
        found = cache.get_many("graph", VALUES)
        assert all(found[name] == VALUES[name] for name in found)
        cache.put_many("graph", {"a": b"1"})
        cache.put_many("graph", {"b": b"2"})
        assert cache.get("graph", "b") == b"2"
        assert any("damaged" in note for note in cache.notes)


def test_an_emptied_file_is_a_new_cache(folder: Path) -> None:
    fill(folder).write_bytes(b"")
    with open_cache(folder) as cache:
        assert cache.get("graph", "name1") is None
        cache.put_many("graph", {"a": b"1"})
        assert cache.get("graph", "a") == b"1"


def test_a_value_whose_bytes_rotted_is_worked_out_again(folder: Path) -> None:
    path = fill(folder)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE entry SET value = zeroblob(2000) WHERE name = 'name1'")
    connection.execute("UPDATE entry SET value = 'text' WHERE name = 'name2'")
    connection.commit()
    connection.close()
    with open_cache(folder) as cache:
        found = cache.get_many("graph", VALUES)
        assert found == {name: value for name, value in VALUES.items() if name not in ("name1", "name2")}
        assert cache.notes == (f"2 damaged values in the cache {path} are worked out again",)
        cache.put_many("graph", {"name1": b"new"})
        assert cache.get("graph", "name1") == b"new"


def test_the_database_of_another_program_is_left_alone(folder: Path) -> None:
    folder.mkdir()
    path = folder / FILE_NAME
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE precious (it TEXT)")
    connection.close()
    before = path.read_bytes()
    with open_cache(folder) as cache:
        cache.put_many("graph", VALUES)
        assert cache.get("graph", "name1") is None
        assert cache.notes == (
            f"the cache {path} is left aside: it is a database of another program; name another folder",
        )
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_left_aside(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with open_cache(tmp_path / "file" / "cache") as cache:
        cache.put_many("graph", VALUES)
        assert cache.get("graph", "name1") is None
        assert len(cache.notes) == 1
        assert "is left aside" in cache.notes[0]


def test_a_full_disk_only_costs_time(folder: Path) -> None:
    """What was kept before stays readable until the write fails; then the cache steps aside and says so."""
    fill(folder)
    with open_cache(folder) as cache:
        assert cache.get("graph", "name1") == VALUES["name1"]
        assert cache._connection is not None
        cache._connection.execute("PRAGMA max_page_count = 1").fetchall()
        cache.put_many("graph", {"large": os.urandom(1_000_000)})
        assert any("full" in note for note in cache.notes)
        assert cache.get("graph", "large") is None
    with open_cache(folder) as cache:
        assert cache.get_many("graph", VALUES) == VALUES


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_cache_is_read(folder: Path) -> None:
    path = fill(folder)
    path.chmod(0o400)
    folder.chmod(0o500)
    try:
        with open_cache(folder) as cache:
            assert cache.get_many("graph", VALUES) == VALUES
            cache.put_many("graph", {"a": b"1"})
            assert cache.get("graph", "a") is None
    finally:
        folder.chmod(0o700)


def test_a_file_opened_for_reading_only_is_read(folder: Path) -> None:
    """The same without permissions, which root does not heed."""
    fill(folder)
    cache = open_cache(folder)
    cache._open_writable = lambda: setattr(cache, "_is_read_only", True)  # type: ignore[method-assign, func-returns-value]
    assert cache.get_many("graph", VALUES) == VALUES
    cache.put_many("graph", {"a": b"1"})
    assert (cache.get("graph", "a"), cache.notes) == (None, ())
    cache.close()


def test_the_size_is_bounded_and_what_was_used_last_stays(folder: Path) -> None:
    limit = 400_000
    with open_cache(folder, limit=limit) as cache:
        for number in range(30):
            cache.put_many("graph", {f"old{number}": os.urandom(30_000)})
            assert cache.info().bytes <= limit
        cache._connection.execute("UPDATE entry SET used = used - 1000000 WHERE name != 'old29'")  # type: ignore[union-attr]
        cache.put_many("graph", {"new": os.urandom(100_000)})
        cache.put_many("graph", {"newer": os.urandom(100_000)})
        names = cache.names("graph")
        assert {"old29", "new", "newer"} <= set(names)
        assert cache.info().bytes <= limit
    assert (folder / FILE_NAME).stat().st_size <= 2 * limit


def test_small_values_outlive_large_ones_for_a_week(folder: Path) -> None:
    """A thousand outlines weigh as much as ten graphs: the graphs go first, until the outlines are a week older."""
    with open_cache(folder, limit=1_000_000) as cache:
        cache.put_many("outline", {f"small{at}": os.urandom(1_000) for at in range(20)})
        for at in range(20):
            cache.put_many("graph", {f"large{at:02}": os.urandom(100_000)})
        assert len(cache.names("outline")) == 20
        assert cache.names("graph")[-1] == "large19"
        assert "large00" not in cache.names("graph")
        cache._connection.execute("UPDATE entry SET used = used - 700000 WHERE space = 'outline'")  # type: ignore[union-attr]
        for at in range(20, 40):
            cache.put_many("graph", {f"large{at:02}": os.urandom(100_000)})
        assert cache.names("outline") == ()


def test_a_long_run_keeps_file_and_log_within_the_limit(folder: Path) -> None:
    """Times the limit goes through, with a value that is read all the time: it stays, and the disk holds no more than it may."""
    limit, path = 4_000_000, folder / FILE_NAME
    with open_cache(folder, limit=limit) as cache:
        cache.put_many("history", {"used": os.urandom(100_000)})
        for at in range(200 if THOROUGH else 60):
            cache._connection.execute("UPDATE entry SET used = used - 400")  # type: ignore[union-attr]
            cache.put_many("graph", {f"g{at}": os.urandom(200_000)})
            assert cache.get("history", "used") is not None
            assert cache.info().bytes <= limit
        assert path.stat().st_size <= 1.3 * limit
        assert path.with_name(f"{FILE_NAME}-wal").stat().st_size <= AT_ONCE


def test_a_lowered_limit_gives_the_room_back(folder: Path) -> None:
    """At the next value that is put."""
    with open_cache(folder) as cache:
        cache.put_many("graph", {f"g{at}": os.urandom(100_000) for at in range(40)})
    with open_cache(folder, limit=1_000_000) as cache:
        cache.put_many("graph", {"more": os.urandom(1_000)})
        assert cache.info().bytes <= 1_000_000
    assert (folder / FILE_NAME).stat().st_size <= 1_200_000


def test_reading_keeps_a_value_young(folder: Path) -> None:
    with open_cache(folder, limit=200_000) as cache:
        cache.put_many("graph", {"read": os.urandom(30_000), "unread": os.urandom(60_000)})
        cache._connection.execute("UPDATE entry SET used = 1")  # type: ignore[union-attr]
        assert cache.get("graph", "read") is not None
        cache.put_many("graph", {"more": os.urandom(100_000)})
        assert cache.names("graph") == ("more", "read")


WRITER = """
import sys
from pathlib import Path
from diffscope.adapters.cache import file as cache_file
from diffscope.adapters.cache.cache import open_cache
me = sys.argv[2]
with open_cache(Path(sys.argv[1])) as cache:
    for number in range(25):
        cache.put_many("graph", {f"{me}-{number}": (me * 5000).encode(), "shared": (f"{me}{number}" * 2000).encode()})
        assert cache.get("graph", f"{me}-{number}") == (me * 5000).encode(), "lost its own value"
        assert cache.get("graph", "shared"), "lost the shared value"
    assert not cache.notes, cache.notes
"""


def test_many_processes_write_at_once(folder: Path) -> None:
    """They start together on no file at all; nobody fails, nobody's values are lost or mixed."""
    names = "abcd" if THOROUGH else "ab"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(folder), name], stderr=subprocess.PIPE, text=True)
        for name in names
    ]
    for writer in writers:
        assert writer.communicate()[1] == ""
        assert writer.returncode == 0
    with open_cache(folder) as cache:
        for name in names:
            values = cache.get_many("graph", [f"{name}-{number}" for number in range(25)])
            assert set(values.values()) == {(name * 5000).encode()}
            assert len(values) == 25
        assert cache.notes == ()


KILLED = """
import os, sys
from pathlib import Path
from diffscope.adapters.cache import file as cache_file
from diffscope.adapters.cache.cache import open_cache
cache = open_cache(Path(sys.argv[1]))
cache.put_many("graph", {"sound": b"1"})
connection = cache._connection
connection.execute("BEGIN IMMEDIATE")
connection.executemany("INSERT INTO entry VALUES ('graph', ?, 0, 0, ?)", [(str(n), bytes(9000)) for n in range(200)])
os._exit(9)
"""


def test_a_process_that_dies_while_writing_leaves_a_sound_cache(folder: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(folder)], check=False)
    with open_cache(folder) as cache:
        assert cache.names("graph") == ("sound",)
        cache.put_many("graph", {"next": b"2"})
        assert cache.get_many("graph", ["sound", "next"]) == {"sound": b"1", "next": b"2"}
        assert cache.notes == ()


def test_a_busy_file_is_waited_for_then_passed_over(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in it is still read; nothing more is kept by this process, which would wait each time, but by the next one."""
    monkeypatch.setattr(cache_file, "BUSY_SECONDS", 0.05)
    monkeypatch.setattr(cache_file.LOCK_WAIT, "is_lost", False)
    path = fill(folder)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with open_cache(folder) as cache:
        cache.put_many("graph", {"a": b"1"})
        assert cache.get("graph", "name1") == VALUES["name1"]
        (note,) = cache.notes
        assert note == f"nothing is kept in the cache {path}: another process has locked it"
        other.execute("ROLLBACK")
        other.close()
        cache.put_many("graph", {"a": b"1"})
        assert (cache.is_kept, cache.get("graph", "a")) == (False, None)
    with open_cache(folder) as cache:
        cache.put_many("graph", {"a": b"1"})
        assert cache.get("graph", "a") == b"1"


def test_a_cache_may_be_closed_twice_and_used_again(folder: Path) -> None:
    cache = Cache(folder / FILE_NAME)
    cache.put_many("graph", {"a": b"1"})
    cache.close()
    cache.close()
    assert cache.get("graph", "a") == b"1"
    cache.close()


def test_whether_what_is_put_stays_is_known_before(folder: Path, tmp_path: Path) -> None:
    """Not when the cache is off, may only be read, or was left aside."""
    fill(folder)
    with open_cache(folder) as cache, open_cache(folder, is_enabled=False) as off:
        assert (cache.is_kept, off.is_kept) == (True, False)
    reading = open_cache(folder)
    reading._open_writable = lambda: setattr(reading, "_is_read_only", True)  # type: ignore[method-assign, func-returns-value]
    assert not reading.is_kept
    reading.close()
    (tmp_path / "file").write_text("")
    with open_cache(tmp_path / "file" / "cache") as aside:
        assert not aside.is_kept


def test_decoded_values_stay_until_they_are_put_anew(folder: Path) -> None:
    """The last few of a space; what cannot be decoded is as though it were not there."""
    asked: list[bytes] = []

    def decode(data: bytes) -> str:
        asked.append(data)
        if data == b"bad":
            raise InputError("no value")
        return data.decode()

    with open_cache(folder) as cache:
        cache.put_many("space", {"a": b"1", "b": b"2", "c": b"3", "spoiled": b"bad"})
        assert [cache.get_decoded("space", name, decode) for name in "aab"] == ["1", "1", "2"]
        assert asked == [b"1", b"2"]
        cache.put_many("space", {"a": b"new"})
        assert cache.get_decoded("space", "a", decode) == "new"
        assert cache.get_decoded("space", "c", decode) == "3"
        assert cache.get_decoded("space", "b", decode) == "2"
        assert asked == [b"1", b"2", b"new", b"3", b"2"]
        assert cache.get_decoded("space", "spoiled", decode) is None
        assert cache.get_decoded("space", "absent", decode) is None
        assert cache.get_many_decoded("space", ["c", "absent", "a"], decode, keep=4) == {"c": "3", "a": "new"}
