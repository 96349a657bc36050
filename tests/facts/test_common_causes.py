"""What is one change: what only served an option that goes, and what comes in the place of what went."""

from __future__ import annotations

import pytest

from diffscope.facts.model import Cause
from tests.fact_builders import facts

CONFIG = """
from dataclasses import dataclass


@dataclass
class CacheConfig:
    block_size: int = 16
{option}"""
OPTION = "    calculate_kv_scales: bool = False\n"
LAYER = """
import torch

{scale}
class Attention:
    def __init__(self, config):
        self.heads = config.heads
{init}
    def forward(self, query):
{call}        return query * self.heads
{operator}
"""
PARTS = {
    "scale": "SCALE_LIMIT_CONSTANT = 200.0\n",
    "init": "        self.calculate_kv_scales = config.calculate_kv_scales\n",
    "call": "        if self.calculate_kv_scales:\n            maybe_calc_scales(query)\n",
    "operator": "\n\ndef maybe_calc_scales(query):\n    query.amax().div_(SCALE_LIMIT_CONSTANT)\n",
}
NOTHING = dict.fromkeys(PARTS, "")
PATHS = ("vllm/config/cache.py", "vllm/attention/layer.py")


def causes(before: tuple[str, str], after: tuple[str, str]) -> tuple[Cause, ...]:
    return facts(dict(zip(PATHS, before, strict=True)), dict(zip(PATHS, after, strict=True))).cause


def lines_taken(found: Cause, text: str, side: str) -> set[str]:
    """Return the lines of the layer that a cause takes along, of one side."""
    lines = text.lstrip("\n").splitlines()
    parts = [part for part in found.parts if part.path == PATHS[1] and part.side == side]
    return {lines[number - 1].strip() for part in parts for number in range(part.first, part.last + 1)} - {""}


WITH, WITHOUT = CONFIG.format(option=OPTION), CONFIG.format(option="")
WHOLE, BARE = LAYER.format(**PARTS), LAYER.format(**NOTHING)


def test_an_option_takes_along_what_only_served_it() -> None:
    """By its name, by the operator that only it called, by the constant that only that operator read."""
    (found,) = causes((WITH, WHOLE), (WITHOUT, BARE))
    assert (found.what, found.name, found.path, found.side) == (
        "goes-along",
        "CacheConfig.calculate_kv_scales",
        PATHS[0],
        "old",
    )
    taken = lines_taken(found, WHOLE, "old")
    assert taken == {line.strip() for text in PARTS.values() for line in text.splitlines()} - {""}
    assert {"def forward(self, query):", "return query * self.heads"} <= lines_taken(found, BARE, "new")


@pytest.mark.parametrize(
    ("after", "kept"),
    [
        pytest.param(
            BARE.replace("* self.heads", "+ self.heads"),
            "def forward(self, query):",
            id="a function that changed in something else is not only what was taken",
        ),
    ],
)
def test_other_edits_are_not_taken_along(after: str, kept: str) -> None:
    """A symbol with an edit of its own keeps its flags."""
    (found,) = causes((WITH, WHOLE), (WITHOUT, after))
    assert kept not in lines_taken(found, after, "new")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param((WITH, WHOLE), (WITH, BARE), id="the option stays"),
        pytest.param((WITH, WHOLE), (WITHOUT, WHOLE + "\n\nX = 1\n"), id="it is still read"),
        pytest.param((WITH, WHOLE), (WITHOUT + "\n\n@dataclass\nclass Other:\n" + OPTION, BARE), id="it came back in another place"),
        pytest.param((WITHOUT, BARE), (WITH, WHOLE), id="it comes"),
    ],
)  # fmt: skip
def test_nothing_goes_along_with_what_stays(before: tuple[str, str], after: tuple[str, str]) -> None:
    """No name, no cause."""
    taken = [part for each in causes(before, after) for part in each.parts if part.path == PATHS[1]]
    assert taken == []


def test_unrelated_removals_stay_flags() -> None:
    """A function that went in the same change and shares no name that went is none of the option's."""
    other = "\n\ndef unrelated_thing(query):\n    return query.half()\n"
    (found,) = causes((WITH, WHOLE + other), (WITHOUT, BARE))
    assert "return query.half()" not in lines_taken(found, WHOLE + other, "old")


def test_one_thing_in_place_of_another_is_one_change() -> None:
    """A removed and an added requirement of one stretch, told from either end; two for one are no pair."""

    def pairs(before: str, after: str) -> list[tuple[str, str]]:
        found = facts({"requirements/common.txt": before}, {"requirements/common.txt": after}).cause
        return [(each.side, each.name) for each in found if each.what == "in-place-of"]

    assert pairs("aaa\nold-package==1\nzzz\n", "aaa\nnew-package==2\nzzz\n") == [
        ("new", "new-package"),
        ("old", "new-package"),
    ]
    assert pairs("aaa\nold-package==1\nzzz\n", "aaa\nnew-package==2\nmore-package\nzzz\n") == []
    assert pairs("old-package==1\naaa\nzzz\n", "aaa\nzzz\nnew-package==2\n") == []
