"""docs/rules.md shows nothing that would be refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from diffscope.adapters.config.rule_files import rule_texts
from diffscope.cli.rules.cases import case_collector
from diffscope.rules.authoring.cases import Case, read_cases
from diffscope.rules.authoring.lint import check_examples
from diffscope.rules.authoring.run_cases import CaseStatus, run_case
from diffscope.rules.engine.configuration import RuleConfiguration
from diffscope.rules.engine.folding import parse_waivers
from diffscope.rules.language.conditions import ALWAYS, EvidenceQuery, Operator
from diffscope.rules.language.expressions import SAME_PLACE
from diffscope.rules.language.load import load_catalogue, read_names
from diffscope.yaml.reading import Reading
from diffscope.yaml.typed import read_value
from tests.rule_builders import expression, where
from tests.strict_yaml import load_strict

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "rules.md").read_text("utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
RULE = next(block for block in BLOCKS if "schema=" in block)
CHINESE = next(block for block in BLOCKS if block.startswith("title:"))
CASES = next(block for block in BLOCKS if "findings:" in block)
PREDICATE = next(block for block in BLOCKS if "holds:" in block)
LISTS = {"behaviour_of_existing": ("body", "removed")}
FOLDER = "rules/QN899-accumulator-dtype"


def block(key: str) -> str:
    return next(block for block in BLOCKS if block.startswith(f"{key}:"))


def test_the_rule_loads() -> None:
    """The example is a rule, in the folder that the text names, with every bundled table at hand."""
    files = {path: text for path, text in rule_texts().items() if path.count("/") == 1}
    own = {f"{FOLDER}/rule.yml": RULE, f"{FOLDER}/zh.yml": CHINESE, "more/predicates.yml": PREDICATE}
    catalogue = load_catalogue(files | own)
    assert [(rule.code, rule.family) for rule in catalogue.rules] == [("QN899", "quantization-numerics")]


def test_the_cases_pass() -> None:
    """The cases of the example are cases of the example."""
    rule = load_catalogue({f"{FOLDER}/rule.yml": RULE, f"{FOLDER}/zh.yml": CHINESE}).rules[0]
    cases, mistakes = read_cases(CASES, at=f"{FOLDER}/cases.yml")
    assert mistakes == ()
    collect: Callable[[Case], object] = case_collector()
    results = [run_case(rule, case, collect=collect) for case in cases]  # type: ignore[arg-type]
    assert [(result.status, result.differences) for result in results] == [(CaseStatus.PASSED, ())] * 3


def test_the_predicate_keeps_its_examples() -> None:
    """What the page says of a predicate is so."""
    names, mistakes = read_names({"rules/predicates.yml": PREDICATE})
    assert mistakes == ()
    assert check_examples(names.predicates["wide_input"], names) == []


def test_the_conditions_parse() -> None:
    """The lone blocks of ``when`` and ``where`` are of the grammar."""
    lone = re.sub(r"^  ", "", block("where").replace("where:\n", ""), flags=re.MULTILINE)
    assert where("symbol", lone, **LISTS)
    asked = re.sub(r"^  ", "", block("when").replace("when:\n", ""), flags=re.MULTILINE)
    assert expression(asked, EvidenceQuery(fact="symbol", where=ALWAYS))


def test_the_settings_are_read() -> None:
    """The section of diffscope.yml has no mistake, the waiver is one."""
    reading = Reading("diffscope.yml")
    section = reading.parse(block("rules")).get("rules")
    assert section is not None
    assert read_value(RuleConfiguration, section, reading).ignore
    assert reading.mistakes == []
    (waiver,) = re.findall(r"```text\n(.*?)```", GUIDE, re.DOTALL)
    assert parse_waivers(waiver).accepted[0].code == "CP101"


@pytest.mark.parametrize("text", BLOCKS, ids=lambda text: text.partition("\n")[0][:30])
def test_every_block_is_strict_yaml(text: str) -> None:
    load_strict(text, at="docs/rules.md")


WORDS = [
    *(each.value for each in Operator),
    *SAME_PLACE,
    *("evidence", "when", "where", "distinct", "field", "limits", "worst_by", "todo", "convert", "about", "holds", "fails"),
]  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_the_guide_tells_every_word_of_the_grammar(word: str) -> None:
    assert re.search(rf"\b{word}\b", GUIDE)


def test_the_vocabulary_page_tells_every_operator() -> None:
    """Operators stand in the generated page."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "vocabulary.md").read_text("utf-8")
    assert all(f"| `{operator.value}` |" in page for operator in Operator)
