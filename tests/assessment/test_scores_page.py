"""docs/scores.md explains every number of rules/scores.yml, and names no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from diffscope.taxonomy.tables import (
    FileNumbers,
    ImportanceNumbers,
    InsightNumbers,
    PlaceNumbers,
    RiskNumbers,
)

PAGE = (Path(__file__).parents[2] / "docs" / "scores.md").read_text("utf-8")
PARTS = {
    "importance": ("## Importance", "## Insight", ImportanceNumbers),
    "insight": ("## Insight", "## The importance of a file", InsightNumbers),
    "file": ("## The importance of a file", "## Where to look first", FileNumbers),
    "place": ("## Where to look first", "## The risk level", PlaceNumbers),
    "risk": ("## The risk level", "## How the numbers", RiskNumbers),
}


@pytest.mark.parametrize("name", PARTS)
def test_every_number_is_explained(name: str) -> None:
    start, end, numbers = PARTS[name]
    text = PAGE[PAGE.index(start) : PAGE.index(end)]
    said = set(re.findall(r"`([a-z_]+)`", text))
    assert set(numbers.__struct_fields__) <= said
