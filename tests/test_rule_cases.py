"""Every case of every rule, and rules about rules."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from diffscope.adapters.config.rule_files import (
    bundled_profiles,
    bundled_rules,
    case_texts,
    load_rules,
    rule_texts,
)
from diffscope.cli.generate.__main__ import rule_documents
from diffscope.cli.rules.cases import case_collector, load_cases
from diffscope.facts.model import ChangeFacts
from diffscope.facts.vocabulary import families
from diffscope.rules.authoring.cases import Case
from diffscope.rules.authoring.lint import lint_catalogue
from diffscope.rules.authoring.run_cases import CaseStatus, run_case
from diffscope.rules.engine.evaluate import asked
from diffscope.rules.language.catalogue import Rule
from diffscope.rules.language.conditions import facts_asked
from diffscope.rules.language.load import SHARED_FILES, read_names
from tests.rule_builders import told

CATALOGUE = load_rules()

NO_RULE_YET: set[str] = set()
"""Families that no rule asks yet; a rule that does takes its family out of here."""

CASES_TO_COME = {
    "CC701", "CC702", "CC703", "CF502", "CI211", "CI212", "CI213", "CP103", "CP105", "CP106", "CP107", "CP108", "CP109", "CP110", "DP601", "DP602",
    "DP603", "FI831", "FI832", "FI833", "GS821", "IF401", "IF402", "IF403", "IF404", "IF405", "IF406", "KS801", "KS802", "KS803", "PF302",
    "PF303", "PF304", "PF306", "QN811", "QN812", "TC202", "TC203", "TC205", "TC206",
}  # fmt: skip
"""Rules whose cases are still to be written; whoever writes them takes the code out of here."""


@pytest.fixture(scope="module")
def collect() -> Callable[[Case], ChangeFacts | None]:
    return case_collector()


@cache
def cases() -> list[tuple[Rule, Case]]:
    """Return every case with its rule: read by whoever runs one, and not by whoever lists the tests."""
    return load_cases()[1]


@pytest.mark.parametrize("rule", CATALOGUE.rules, ids=lambda rule: rule.code)
def test_cases_of_a_rule(rule: Rule, collect: Callable[[Case], ChangeFacts | None]) -> None:
    """Each case ends as it says; one that is skipped or still to be written is skipped when all others have ended so."""
    results = {
        case.name: run_case(rule, case, collect=collect, words=CATALOGUE.words)
        for of_rule, case in cases()
        if of_rule.code == rule.code
    }
    failed = {name: one.differences for name, one in results.items() if one.status is CaseStatus.FAILED}
    assert failed == {}
    left = {name: one.differences[0] for name, one in results.items() if one.status is not CaseStatus.PASSED}
    if left:
        pytest.skip(str(left))


def test_rules_are_good_enough() -> None:
    """Texts in both languages, a hit and two near misses for each rule, every list used."""
    texts = case_texts([rule.origin for rule in CATALOGUE.rules])
    names, _ = read_names(rule_texts())
    lines = [told(each) for each in lint_catalogue(CATALOGUE, names, texts)]
    without = {
        line.split("/")[1][:5] for line in lines if line.endswith("the rule has no cases (add cases.yml)")
    }
    assert without <= CASES_TO_COME
    assert [line for line in lines if not line.endswith("the rule has no cases (add cases.yml)")] == []


def test_every_fact_family_is_asked_or_marked() -> None:
    """A family that no rule asks is either new, and marked, or dead weight."""
    used = {
        family for rule in CATALOGUE.rules for condition in asked(rule) for family in facts_asked(condition)
    }
    assert set(families()) - used == NO_RULE_YET


def test_every_folder_of_the_catalogue_is_a_rule() -> None:
    """A folder without rule.yml is a mistake that loading would not see; the profiles are none."""
    folders = {path.name for path in bundled_rules().iterdir() if path.is_dir()} - {bundled_profiles().name}
    assert {f"{rule.code}-{rule.name}" for rule in load_rules().rules} == folders
    assert len(rule_texts()) == 2 * len(folders) + len(SHARED_FILES)


@pytest.mark.parametrize("path", rule_documents())
def test_generated_file_is_fresh(path: str) -> None:
    """What is made from rules and vocabulary is committed as made."""
    text = rule_documents()[path]
    committed = bundled_rules().parent / path
    assert committed.is_file()
    assert committed.read_text("utf-8") == text, "run: python -m diffscope.cli.generate"
