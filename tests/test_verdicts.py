"""The hand-read verdicts: well formed, spread over the families, and of rules that exist."""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from diffscope.adapters.config.rule_files import load_rules

ROOT = Path(__file__).parents[1]
SAMPLE = {"sample", "window", "since"}
LEAST = {
    "core-path": 15,
    "platform-compat": 10,
    "interface-change": 10,
    "quantization-numerics": 8,
    "missing-tests": 4,
    "insufficient-tests": 4,
    "global-side-effect": 4,
    "kernel-safety": 4,
    "concurrency": 4,
    "ci-coverage": 4,
    "config-default": 4,
    "dependency-version": 4,
    "feature-interaction": 3,
}


def _benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("precision", ROOT / "tests/benchmarks/precision.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PRECISION = _benchmark()
VERDICTS = PRECISION.read_verdicts(ROOT / "fixtures/verdicts.yml")
FAMILIES: Mapping[str, str] = {rule.code: rule.family for rule in load_rules().rules}


def test_each_flag_was_read_once_and_names_a_rule() -> None:
    pairs = [(one["number"], one["code"]) for one in VERDICTS.flagged]
    assert len(pairs) == len(set(pairs))
    assert {code for _, code in pairs} <= set(FAMILIES)
    assert pairs == sorted(pairs)


def test_each_change_without_flags_was_read_once() -> None:
    read = [one["number"] for one in VERDICTS.unflagged]
    assert len(read) == len(set(read)) >= 40
    assert not set(read) & {one["number"] for one in VERDICTS.flagged}


def test_verdict_of_a_flag_is_right_or_wrong_with_a_reason() -> None:
    assert [one for one in VERDICTS.flagged if not _is_verdict_of_a_flag(one)] == []


def _is_verdict_of_a_flag(one: Mapping[str, Any]) -> bool:
    return (
        set(one) - SAMPLE == {"number", "code", "verdict", "reason"}
        and one.get("sample") in (None, "outside", "fresh")
        and ("sample" in one) == ("window" in one)
        and one["verdict"] in (("wrong",) if "since" in one else ("right", "wrong"))
        and _is_sentence(one["reason"])
    )


def test_verdict_of_a_change_without_flags_names_the_family_that_is_missed() -> None:
    assert [one for one in VERDICTS.unflagged if not _is_verdict_of_silence(one)] == []


def _is_verdict_of_silence(one: Mapping[str, Any]) -> bool:
    missed = one["verdict"] == "missed"
    return (
        set(one) - SAMPLE == {"number", "verdict", "reason"} | ({"family"} if missed else set())
        and one["verdict"] in ("right", "missed")
        and (not missed or one["family"] in FAMILIES.values())
        and _is_sentence(one["reason"])
    )


def test_at_least_sixty_flagged_changes_are_spread_over_the_families() -> None:
    assert len({one["number"] for one in VERDICTS.flagged}) >= 60
    read = Counter(FAMILIES[one["code"]] for one in VERDICTS.flagged)
    assert {family: read[family] for family, least in LEAST.items() if read[family] < least} == {}


def test_precision_counts_what_still_fires_and_tells_what_changed() -> None:
    verdicts = PRECISION.Verdicts(
        (
            {"number": 1, "code": "AA1", "verdict": "right", "reason": "Yes."},
            {"number": 1, "code": "AA2", "verdict": "wrong", "reason": "No."},
            {"number": 2, "code": "AA1", "verdict": "wrong", "reason": "No."},
            {"number": 4, "code": "AA1", "verdict": "right", "reason": "Yes.", "sample": "outside"},
        ),
        ({"number": 3, "verdict": "missed", "family": "fam", "reason": "Missed."},),
    )
    fired = PRECISION.Fired(
        {
            1: frozenset({"AA1"}),
            2: frozenset({"AA1", "BB1"}),
            3: frozenset({"AA1"}),
            4: frozenset({"AA1", "BB1"}),
        },
        {"AA1": "fam", "AA2": "fam", "BB1": "other"},
    )
    assert list(PRECISION.report(verdicts, fired)) == [
        "outside, by family       right / read   precision   first reading",
        "all                          1 / 1          1.00        1.00 of 1",
        "fam                          1 / 1          1.00        1.00 of 1",
        "outside, by rule         right / read   precision   first reading",
        "AA1                          1 / 1          1.00        1.00 of 1",
        "all                          1 / 1          1.00        1.00 of 1",
        "tuned, by family         right / read   precision   first reading",
        "all                          1 / 2          0.50        0.33 of 3",
        "fam                          1 / 2          0.50        0.33 of 3",
        "tuned, by rule           right / read   precision   first reading",
        "AA1                          1 / 2          0.50        0.50 of 2",
        "AA2                          0 / 0          none        0.00 of 1",
        "all                          1 / 2          0.50        0.33 of 3",
        "without flags: 1 read, 1 missed something, 0 still",
        "changed since the reading",
        "1 AA2 was wrong and no longer fires",
        "2 BB1 fires and was not read",
        "3 AA1 fires and was not read",
        "3 fam found now: Missed.",
    ]


def _is_sentence(text: str) -> bool:
    return len(text) > 20 and text.endswith(".") and "\n" not in text
