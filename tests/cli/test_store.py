"""Stores of several jobs become one, or tables; what does not belong together is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from diffscope.adapters.cache.store import FILE_NAME, Key, open_store
from diffscope.cli.options import Shard, shard_of
from diffscope.products.tables import columns_page
from tests.assessments import an_assessment
from tests.cli.conftest import MakeProject
from tests.cli.harness import ROOT, Project

RANGE = ("classify", "--range", "HEAD~4..HEAD", "--workers", "1", "--format", "jsonl")


@pytest.mark.parametrize(
    ("text", "environment", "expected"),
    [
        pytest.param("3/16", {}, Shard(3, 16), id="written out"),
        pytest.param("auto", {"BUILDKITE_PARALLEL_JOB": "2", "BUILDKITE_PARALLEL_JOB_COUNT": "16"}, Shard(3, 16), id="Buildkite counts from 0"),
        pytest.param("auto", {"CI_NODE_INDEX": "3", "CI_NODE_TOTAL": "16"}, Shard(3, 16), id="GitLab counts from 1"),
        pytest.param("auto", {"CIRCLE_NODE_INDEX": "2", "CIRCLE_NODE_TOTAL": "16"}, Shard(3, 16), id="CircleCI counts from 0"),
        pytest.param("auto", {}, None, id="no variables"),
        pytest.param("auto", {"BUILDKITE_PARALLEL_JOB": "2"}, None, id="half of the variables"),
        pytest.param("auto", {"CI_NODE_INDEX": "one", "CI_NODE_TOTAL": "2"}, None, id="a variable that is no number"),
        pytest.param("0/4", {}, None, id="parts are counted from 1"),
        pytest.param("5/4", {}, None, id="beyond the last part"),
        pytest.param("1/0", {}, None, id="no parts"),
        pytest.param("-1/4", {}, None, id="negative"),
        pytest.param("a third", {}, None, id="no numbers"),
    ],
)  # fmt: skip
def test_a_part_is_named_or_told_by_ci(
    text: str, environment: Mapping[str, str], expected: Shard | None
) -> None:
    assert shard_of(text, environment) == expected


@pytest.mark.parametrize("count", [1, 2, 5, 16])
def test_parts_are_neighbours_and_make_the_whole(count: int) -> None:
    """Also where there are more parts than changes."""
    items = tuple(range(7))
    parts = [Shard(index, count).of(items) for index in range(1, count + 1)]
    assert tuple(item for part in parts for item in part) == items


@pytest.fixture
def here(project: MakeProject, minivllm: Path) -> Project:
    return project()


def test_parts_joined_are_what_one_machine_gives(here: Project, minivllm: Path, tmp_path: Path) -> None:
    """The same bytes, read from the joined store alone; then as tables."""
    whole = here.run(*RANGE, "--repo", str(minivllm))
    assert whole.exit_code == 0
    (here.cache / FILE_NAME).unlink()
    lines = ""
    stores = []
    for part in ("1/2", "2/2"):
        done = here.run(*RANGE, "--repo", str(minivllm), "--shard", part)
        lines += done.out
        stores.append(str((here.cache / FILE_NAME).rename(tmp_path / f"{part[0]}.sqlite3")))
    assert lines == whole.out
    merged = here.run("store", "merge", *stores)
    assert (merged.exit_code, merged.err) == (0, "")
    assert merged.out == f"{len(whole.out.splitlines())} assessments taken\n"
    with open_store(here.cache) as store:
        assert len(store.names()) == len(whole.out.splitlines())
    assert here.run(*RANGE, "--repo", str(minivllm)).out == whole.out
    _check_tables(here, tmp_path / "tables", changes=len(whole.out.splitlines()))


def _check_tables(here: Project, folder: Path, *, changes: int) -> None:
    duckdb = pytest.importorskip("duckdb", reason="the extra `dev` is not installed")
    pytest.importorskip("pyarrow", reason="the extra `tables` is not installed")
    done = here.run("store", "export", "--parquet", str(folder))
    assert (done.exit_code, done.err) == (0, "")
    page = (ROOT / "docs" / "tables.md").read_text("utf-8")
    queries = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    assert len(queries) == 3
    with duckdb.connect() as database:
        answers = [
            database.execute(re.sub(r"'(\w+\.parquet)'", rf"'{folder}/\1'", query)).fetchall()
            for query in queries
        ]
        heads = database.execute(f"SELECT count(*) FROM '{folder}/changes.parquet'").fetchone()
    assert all(answers)
    assert heads == (changes,)
    assert sum(row[1] for row in answers[0]) == changes


def test_the_page_shows_every_column() -> None:
    assert columns_page() in (ROOT / "docs" / "tables.md").read_text("utf-8")


def test_a_store_of_other_rules_is_refused_and_nothing_is_taken(here: Project, tmp_path: Path) -> None:
    with open_store(tmp_path / "foreign") as store:
        store.put_many({Key("vllm-project/vllm", 7, "a" * 40, "others"): an_assessment()})
    done = here.run("store", "merge", str(tmp_path / "foreign"))
    assert done.exit_code == 2
    assert "other rules, settings or another version" in done.err
    with open_store(here.cache) as store:
        assert not store.names()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(None, "there is no store of assessments", id="no file"),
        pytest.param(b"rubbish" * 1000, "cannot be read as a store", id="not a database"),
        pytest.param(b"", "cannot be read as a store", id="empty"),
    ],
)
def test_what_is_no_store_is_refused(
    here: Project, tmp_path: Path, content: bytes | None, expected: str
) -> None:
    place = tmp_path / "shard.sqlite3"
    if content is not None:
        place.write_bytes(content)
    done = here.run("store", "merge", str(place))
    assert done.exit_code == 2
    assert expected in done.err
    assert content is None or place.read_bytes() == content


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(("store", "export"), "no format is named", id="export of nothing"),
        pytest.param(("store", "export", "--parquet", "tables"), "diffscope", id="an empty store, or no Arrow"),
        pytest.param(("classify", "1", "--shard", "1/2"), "--shard takes a part of a range", id="a part of one change"),
        pytest.param((*RANGE, "--shard", "3/2"), "is no part", id="a part that there is not"),
        pytest.param((*RANGE, "--shard", "auto"), "no variables tell", id="no CI around"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_said(here: Project, arguments: tuple[str, ...], expected: str) -> None:
    done = here.run(*arguments)
    assert done.exit_code == 2
    assert expected in done.err
