"""The store: what goes in comes out, for any number of processes; what cannot be kept costs time only."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

import diffscope
from diffscope.adapters.cache import store as store_module
from diffscope.adapters.cache.cache import open_cache
from diffscope.adapters.cache.store import _KEEPERS, _SILENT, FILE_NAME, Key, judge_hash, open_store
from tests.assessments import an_assessment, an_empty_assessment

KEY = Key("vllm-project/vllm", 7, "a" * 40, "judge")


def test_what_is_kept_comes_back_in_another_process_too(tmp_path: Path) -> None:
    """A second opening reads it, equal in every field."""
    with open_store(tmp_path) as store:
        store.put_many({KEY: an_assessment()})
    with open_store(tmp_path) as store:
        assert store.get_many([KEY]) == {KEY: an_assessment()}
        assert store.names() == {str(KEY)}


def test_another_head_or_judge_is_another_assessment(tmp_path: Path) -> None:
    """Nothing that another commit or another set of rules gave is handed out."""
    with open_store(tmp_path) as store:
        store.put_many({KEY: an_assessment()})
        others = [KEY._replace(head="b" * 40), KEY._replace(judge="other"), KEY._replace(number=8)]
        assert store.get_many(others) == {}


def test_a_judge_is_named_by_all_that_decides() -> None:
    """Any part changes the name; the same parts do not."""
    assert judge_hash("rules", "tables") == judge_hash("rules", "tables")
    assert len({judge_hash("a", "b"), judge_hash("a", "c"), judge_hash("b", "a")}) == 3


def test_a_judge_is_named_alike_with_a_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second run with a cache reads no module; any other state of the files is hashed again."""
    with open_cache(tmp_path, is_enabled=True) as cache:
        assert judge_hash("rules", cache=cache) == judge_hash("rules")
        monkeypatch.setattr(store_module, "_code_hash", lambda: "edited")
        assert judge_hash("rules", cache=cache) != judge_hash("rules")
        monkeypatch.setattr(store_module, "stamp_of", lambda *_: "another")
        assert judge_hash("rules", cache=cache) == judge_hash("rules")


def test_what_only_keeps_or_shows_is_no_judge() -> None:
    """A new colour in a page, or another limit of the cache, throws no assessment away; the names are those of real modules."""
    package = Path(diffscope.__file__).parent
    assert all((package / name).is_dir() for name in _SILENT)
    assert all((package / name).is_file() for name in _KEEPERS)


def test_a_damaged_file_is_made_anew_and_said(tmp_path: Path) -> None:
    """Rubbish in the file's place is no error."""
    (tmp_path / FILE_NAME).write_bytes(b"rubbish" * 1000)
    with open_store(tmp_path) as store:
        assert store.get_many([KEY]) == {}
        store.put_many({KEY: an_empty_assessment()})
        assert store.get_many([KEY]) == {KEY: an_empty_assessment()}
        assert "made anew" in store.notes[0]


def test_a_damaged_value_is_absent(tmp_path: Path) -> None:
    """A row whose bytes changed is not believed."""
    with open_store(tmp_path) as store:
        store.put_many({KEY: an_assessment()})
    with sqlite3.connect(tmp_path / FILE_NAME) as database:
        database.execute("UPDATE entry SET value = substr(value, 1, 20)")
    database.close()
    with open_store(tmp_path) as store:
        assert store.get_many([KEY]) == {}


def test_a_folder_that_cannot_be_made_costs_the_store_only(tmp_path: Path) -> None:
    """Putting and getting go on, empty, with a note."""
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    with open_store(tmp_path / "file") as store:
        store.put_many({KEY: an_assessment()})
        assert store.get_many([KEY]) == {}
        assert "left aside" in store.notes[0]


def test_switched_off_it_holds_nothing(tmp_path: Path) -> None:
    """`--no-cache` leaves no file behind."""
    with open_store(tmp_path, is_enabled=False) as store:
        store.put_many({KEY: an_assessment()})
        assert store.get_many([KEY]) == {}
    assert list(tmp_path.iterdir()) == []
