"""The cases of a rule folder and the facts that they are judged by."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from diffscope.adapters.config.rule_files import case_texts, folder_texts, rule_texts
from diffscope.errors import NotFoundError
from diffscope.facts.model import ChangeFacts
from diffscope.rules.authoring.cases import Case, read_cases
from diffscope.rules.language.catalogue import Catalogue, Rule
from diffscope.rules.language.load import load_catalogue
from diffscope.yaml.reading import Mistake, mistakes_error

if TYPE_CHECKING:
    from diffscope.facts.collect import Knowledge


def load_cases(folder: Path | None = None) -> tuple[Catalogue, list[tuple[Rule, Case]]]:
    """Return the rules of a folder (default: the bundled ones), and each of their cases with its rule.

    Raises:
        RuleError: a rule or a case is wrong; the message lists every mistake.
    """
    catalogue = load_catalogue(folder_texts(folder) if folder else rule_texts())
    texts = case_texts([rule.origin for rule in catalogue.rules])
    cases: list[tuple[Rule, Case]] = []
    mistakes: list[Mistake] = []
    for rule in catalogue.rules:
        if rule.origin in texts:
            read, wrong = read_cases(texts[rule.origin], at=f"{rule.origin.rpartition('/')[0]}/cases.yml")
            cases += [(rule, case) for case in read]
            mistakes += wrong
    if mistakes:
        raise mistakes_error(mistakes)
    return catalogue, cases


def case_collector() -> Callable[[Case], ChangeFacts | None]:
    """Return what collects the facts of cases that do not state them; ``None`` for a recorded change that is not here."""

    # Cases of facts alone need neither syntax trees nor a graph, and start-up is hot.
    @cache
    def knowledge() -> Knowledge:
        from diffscope.cli.rules.case_facts import bundled_knowledge

        return bundled_knowledge()

    def collect(case: Case) -> ChangeFacts | None:
        if case.recorded is None:
            from diffscope.cli.rules.case_facts import case_facts

            return case_facts(case, knowledge())
        from diffscope.adapters.changes.recorded import RecordedSource

        try:
            return RecordedSource().facts(case.recorded)
        except NotFoundError:
            return None

    return collect
