"""Treemaps: tiles fill the rectangle, sizes are kept, labels fit; areas without room for a name stand together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from diffscope.messages.model import Language
from diffscope.products.report.model import AreaChange, PullSummary
from diffscope.products.report.render.area_map import NARROW, WIDE, area_cells, broken, map_svg, squarify
from diffscope.products.report.render.page import PageView
from diffscope.render.words import Words
from tests.render.test_digest_documents import a_digest


def a_map(churn: dict[str, int], pulls: tuple[PullSummary, ...] = ()) -> PageView:
    """Return the reading of a digest with these areas."""
    areas = tuple(
        AreaChange(area=area, churn=lines, files=1, pulls=(), medium=(), high=())
        for area, lines in churn.items()
    )
    return PageView(replace(a_digest(), area_map=areas, pulls=pulls), Words(Language.ENGLISH))


def a_row(number: int, area: str, level: str) -> PullSummary:
    return PullSummary(
        number=number,
        title="",
        url=None,
        author=None,
        merged_at=None,
        kind="feature",
        tags=(),
        areas=(area, "engine"),
        platforms=(),
        level=level,
        importance=1.0,
        insight=1.0,
        additions=1,
        deletions=1,
        files=1,
        flags=(),
        complete=True,
    )


def test_two_sizes_share_the_longer_side() -> None:
    """A wide rectangle is cut into columns."""
    assert squarify([3, 1], 8, 4) == ((0, 0, 6, 4), (6, 0, 2, 4))


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=40), st.sampled_from([WIDE, NARROW]))
def test_tiles_fill_the_rectangle_in_proportion(sizes: list[int], shape: tuple[int, int]) -> None:
    """No tile reaches out, and each has its share."""
    ordered = sorted(sizes, reverse=True)
    width, height = shape
    for size, tile in zip(ordered, squarify(ordered, width, height), strict=True):
        assert tile.width * tile.height == pytest.approx(width * height * size / sum(sizes), rel=1e-6)
        assert -1e-6 <= tile.x <= tile.x + tile.width <= width + 1e-6
        assert -1e-6 <= tile.y <= tile.y + tile.height <= height + 1e-6


@pytest.mark.parametrize(
    ("label", "width", "lines"),
    [
        pytest.param("MoE", 60, ("MoE",), id="fits"),
        pytest.param("Tool calling", 80, ("Tool", "calling"), id="breaks at a space"),
        pytest.param("Dependencies", 60, (), id="a word is never cut"),
        pytest.param("推测解码", 50, ("推测", "解码"), id="breaks between ideographs"),
        pytest.param("KV 缓存", 90, ("KV 缓存",), id="both scripts"),
    ],
)
def test_labels_break_where_readers_expect_it(label: str, width: int, lines: tuple[str, ...]) -> None:
    assert broken(label, width, 13) == lines


def test_areas_too_small_for_their_name_stand_together() -> None:
    """Every cell has a whole label; what is left out is one cell with its number."""
    read = a_map({"moe": 9_000, "engine": 4_000, "structured-output": 30, "spec-decode": 20, "lora": 10})
    cells = area_cells(read, NARROW)
    assert [(cell.area, cell.label) for cell in cells[:2]] == [("moe", "MoE"), ("engine", "Engine")]
    assert sum(len(cell.lines) > 0 for cell in cells) == len(cells)
    alone = a_map({"moe": 90_000, "engine": 80_000, "structured-output": 1_500, "spec-decode": 1_400})
    assert area_cells(alone, NARROW)[-1].label == "2 other areas"
    assert area_cells(alone, NARROW)[-1].title == "2 other areas: 2,900 lines changed"


def test_a_map_of_nothing_is_empty() -> None:
    """No area, no cell."""
    assert area_cells(a_map({}), WIDE) == ()


@pytest.mark.parametrize(
    ("levels", "tone"),
    [
        pytest.param((), "quiet", id="nobody works mainly on it"),
        pytest.param(("low", "none"), "low", id="nothing of medium risk"),
        pytest.param(("medium", "none", "none"), "medium-1", id="a third"),
        pytest.param(("medium", "medium", "none"), "medium-2", id="two thirds"),
        pytest.param(("medium", "medium"), "medium-3", id="all"),
        pytest.param(("high", "none", "none", "low"), "high-1", id="one high among four"),
        pytest.param(("critical",), "high-3", id="critical is high"),
    ],
)
def test_an_area_is_coloured_by_those_whose_main_area_it_is(levels: tuple[str, ...], tone: str) -> None:
    """A second area of a pull request takes nothing of its risk."""
    pulls = tuple(a_row(number, "moe", level) for number, level in enumerate(levels, start=1))
    read = a_map({"moe": 10, "engine": 5}, pulls)
    assert read.tone("moe") == tone
    assert read.tone("engine") == "quiet"


def test_the_map_as_a_file_names_itself_and_its_cells() -> None:
    """A title for the whole, one for each cell."""
    svg = map_svg(a_map({"moe": 10, "engine": 5}), font="sans", title="Areas & risk")
    assert "<title>Areas &amp; risk</title>" in svg
    assert "<title>MoE: 10 lines changed; 0 pull requests work on it, 0 of them mainly" in svg


def test_files_are_called_by_their_last_parts() -> None:
    """Short ones whole, long ones by two parts, more where two would be called the same."""
    read = a_map({})
    paths = (
        "vllm/envs.py",
        "vllm/model_executor/layers/quantization/fp8.py",
        "vllm/model_executor/layers/attention/utils/common.py",
        "vllm/model_executor/layers/quantization/utils/common.py",
    )
    assert list(read.short(paths).values()) == [
        "vllm/envs.py",
        "…/quantization/fp8.py",
        "…/attention/utils/common.py",
        "…/quantization/utils/common.py",
    ]
