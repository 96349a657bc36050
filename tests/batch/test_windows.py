"""The digest of a window is kept by all that it is made of."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from diffscope.adapters.cache.cache import FILE_NAME
from diffscope.adapters.git.repository import GitRepository
from diffscope.batch import windows
from diffscope.batch.run import Batch
from diffscope.batch.windows import Span, digest_of, find_span, read_span, span_before
from diffscope.products.report.model import Digest
from diffscope.workspace import Workspace
from tests.builders import build_minivllm


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_minivllm(tmp_path_factory.mktemp("windows") / "vllm")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Digest]:
    """The digests that were made and not taken from the cache."""
    found: list[Digest] = []
    make = windows._digest_of

    def made(*parts: object) -> Digest:
        found.append(make(*parts))  # type: ignore[arg-type]
        return found[-1]

    monkeypatch.setattr(windows, "_digest_of", made)
    return found


@pytest.fixture
def batch(clone: Path, tmp_path: Path) -> Iterator[tuple[Workspace, Batch]]:
    with (
        GitRepository(clone) as repository,
        Workspace(repository, cache_directory=tmp_path / "cache") as workspace,
        Batch(workspace, workers=1) as opened,
    ):
        yield workspace, opened


def last_day(workspace: Workspace) -> Span:
    """The last day on which something was merged."""
    newest = find_span(workspace, "main~1..main")
    return find_span(workspace, newest.period.until[:10])


def digest(workspace: Workspace, batch: Batch, span: Span | None = None) -> Digest:
    span = span or last_day(workspace)
    return digest_of(workspace, batch, span, read_span(batch, span))


def test_a_digest_is_made_once(batch: tuple[Workspace, Batch], made: list[Digest]) -> None:
    first, again = digest(*batch), digest(*batch)
    assert first.source_pulls
    assert again == first
    assert len(made) == 1


def test_a_range_is_kept_too(batch: tuple[Workspace, Batch], made: list[Digest]) -> None:
    span = find_span(batch[0], "main~2..main")
    assert digest(*batch, span) == digest(*batch, span)
    assert len(made) == 1


def test_a_tag_makes_it_anew(batch: tuple[Workspace, Batch], made: list[Digest], clone: Path) -> None:
    """The release that has all of a window is known by the tags."""
    assert digest(*batch).release == ""
    subprocess.run(["git", "-C", str(clone), "tag", "v9.9.0", "main"], check=True)
    assert digest(*batch).release == "v9.9.0"
    assert len(made) == 2


def test_a_window_judged_since_makes_it_anew(batch: tuple[Workspace, Batch], made: list[Digest]) -> None:
    """Windows before it are in its trend, as far as the store has them."""
    workspace, opened = batch
    span = last_day(workspace)
    digest(*batch, span)
    earlier = span_before(workspace, span)
    assert earlier.wanted
    assert [point.is_judged for point in made[0].trend][-1:] == [False]
    read_span(opened, earlier)
    assert digest(*batch, span).trend[-1].is_judged
    assert len(made) == 2


def test_a_damaged_digest_is_made_anew(
    batch: tuple[Workspace, Batch], made: list[Digest], tmp_path: Path
) -> None:
    first = digest(*batch)
    connection = sqlite3.connect(tmp_path / "cache" / FILE_NAME)
    with connection:
        changed = connection.execute("UPDATE entry SET value = x'00' WHERE space = 'digest'").rowcount
    connection.close()
    assert changed == 1
    assert digest(*batch) == first
    assert len(made) == 2
