"""Stage 10b, pipeline: the whole flow as functions of values: a change and its surroundings in, an assessment out.

Reads like a table of contents; every line is a stage. Does no I/O: adapters hand in sides, graph and declarations.
"""

from __future__ import annotations

from diffscope.assessment.assess import assess
from diffscope.assessment.document import Assessment
from diffscope.diff.model import Diff, Sides
from diffscope.facts.knowledge import Knowledge, Surroundings
from diffscope.facts.model import ChangeFacts
from diffscope.rules.engine.configuration import EVERY_STABLE_RULE, RuleConfiguration
from diffscope.rules.engine.evaluate import evaluate
from diffscope.rules.language.catalogue import Catalogue
from diffscope.source.attempts import Attempts
from diffscope.source.model import Change
from diffscope.taxonomy.model import Taxonomy


def gather_facts(
    change: Change,
    diff: Diff,
    sides: Sides,
    *,
    knowledge: Knowledge,
    around: Surroundings,
    attempt: Attempts | None = None,
) -> ChangeFacts:
    """Return the facts of a change: compare both sides of each file, then join them with what surrounds them."""
    # Facts at hand are judged without all that collects them, and start-up is hot.
    from diffscope.facts.change.changed_file import compare_files  # noqa: PLC0415
    from diffscope.facts.collect import collect_facts  # noqa: PLC0415

    files = compare_files(diff, sides, attempt := attempt or Attempts())
    return collect_facts(change, files, knowledge=knowledge, around=around, attempt=attempt)


def judge(
    facts: ChangeFacts,
    *,
    catalogue: Catalogue,
    taxonomy: Taxonomy,
    configuration: RuleConfiguration = EVERY_STABLE_RULE,
    is_debug: bool = False,
) -> Assessment:
    """Return the assessment of facts, fresh or recorded; with ``is_debug`` a part that fails inside raises."""
    evaluation = evaluate(catalogue, facts, configuration=configuration, attempt=Attempts(is_debug=is_debug))
    return assess(
        facts, evaluation, taxonomy=taxonomy, catalogue=catalogue, attempt=Attempts(is_debug=is_debug)
    )
