"""The coefficients of the chance of a later fix as files: ``rules/fix_risk.yml``, and the card that says what they are worth."""

from __future__ import annotations

from diffscope.products.backtest.fix_model import Fit, Worth
from diffscope.products.backtest.measure import share
from diffscope.products.backtest.model import Ranking
from diffscope.source.window import stamp
from diffscope.taxonomy.fix_risk import FixRiskTable

_HEAD = """\
# The chance that a change is followed by a fix to its own lines: coefficients of a logistic regression. docs/fix_risk.md is its card.
# Made by a program, not by hand: {command}
"""
_CARD = """\
# Model card: the chance of a later fix

{summary}

`fix_risk` of an assessment is the probability that within {days} days of its merge a fix takes away or replaces lines of source that the change
wrote. It is a logistic regression on the logarithms of the measures below; `rules/fix_risk.yml` holds the coefficients, and nothing is
learned or loaded when a change is judged. Made by `{command}`; do not edit this page.

## Data

{trained}. Base rate {base:.1%}. A change counts if it added source lines, all its days are over, and the history of the {history} days before it is known.
Measures are those of the commit before the change. No measure is of a person: who wrote or reviewed a change, and how much they wrote before, is not asked.

| measure | coefficient | usual value |
| --- | ---: | ---: |
{measures}

## Worth

In time order, on {changes:,} changes merged {since} to {until} of which {fixed:,} were fixed ({rate:.1%}): each was given its chance by coefficients made of changes whose
days were over before it was merged.

| AUC | fix within {days} days | fix within 7 days |
| --- | --- | --- |
| chance | {auc} | {hot_auc} |
| added source lines alone | {lines} | {hot_lines} |
| difference, paired | {difference} | {hot_difference} |

| looking at the riskiest | meets of all fixed changes | by added lines | fixed among them |
| ---: | ---: | ---: | ---: |
{gates}

| chance up to | changes | mean chance | fixed | 95% |
| ---: | ---: | ---: | ---: | --- |
{tenths}

Expected calibration error: {error:.3f}.

## What it is not

- **No verdict on a change.** It says how often changes of that size in files of that past were fixed.
- **The label blames lines, not causes.** It finds who wrote the line that a fix replaces (SZZ), not who broke what it mends: a fix may touch a line that
  was never wrong, and a fault may be mended by adding lines alone, or under a title that says nothing. docs/backtest.md says how often.
- **It follows the habits of one repository**: what is called a fix, how soon it comes, who looks. It says nothing of another one, and is refused there.
- **Size is most of it.** What writes much is fixed often, for there is more to fix. A small chance is no reason to read less.
"""


def write_table(table: FixRiskTable, *, command: str) -> str:
    """Return ``fix_risk.yml``; the table reader reads it back as it was."""
    rows = [
        f"version: {table.version}",
        f"repository: {table.repository}",
        f"within_days: {table.within_days}",
        f"history_days: {table.history_days}",
        f'trained: "{table.trained}"',
        f"base_rate: {table.base_rate}",
        f"intercept: {table.intercept}",
        "measures:",
        *(
            f"  {one.measure}: {{coefficient: {one.coefficient}, usual: {one.usual}}}"
            for one in table.measures
        ),
        "calibration:             # of changes that were not trained on",
        *(
            f"  - {{upto: {row.upto}, changes: {row.changes}, fixed: {row.fixed}}}"
            for row in table.calibration
        ),
    ]
    return _HEAD.format(command=command) + "\n".join(rows) + "\n"


def write_card(fit: Fit, *, command: str) -> str:
    """Return the card as Markdown."""
    table, worth = fit.table, fit.worth
    found, hot = worth.rankings, worth.hot
    return _CARD.format(
        summary="What the number `fix_risk` is made of, what it is worth, and where it is wrong.",
        command=command,
        days=table.within_days,
        history=table.history_days,
        trained=table.trained,
        base=table.base_rate,
        measures="\n".join(
            f"| {one.measure} | {one.coefficient:+.3f} | {_usual(one.usual)} |" for one in table.measures
        ),
        changes=worth.changes,
        fixed=worth.fixed,
        rate=worth.fixed / worth.changes,
        since=stamp(worth.since)[:10],
        until=stamp(worth.until)[:10],
        auc=_ranked(found.importance),
        lines=_ranked(found.added_lines),
        difference=_ranked(found.difference),
        hot_auc=_ranked(hot.importance) if hot else "too few",
        hot_lines=_ranked(hot.added_lines) if hot else "too few",
        hot_difference=_ranked(hot.difference) if hot else "too few",
        gates="\n".join(_gates(worth)),
        tenths="\n".join(_tenths(worth)),
        error=worth.error,
    )


def _usual(logarithm: float) -> str:
    return f"{2.718281828**logarithm - 1:.2g}"


def _ranked(ranking: Ranking) -> str:
    return f"{ranking.auc:.3f} ({ranking.low:.3f} to {ranking.high:.3f})"


def _gates(worth: Worth) -> list[str]:
    return [
        f"| {gate.share:.0%} | {gate.caught:.1%} | {gate.caught_by_lines:.1%} | {gate.fixed:,} of {gate.changes:,} ({gate.fixed / gate.changes:.1%}) |"
        for gate in worth.gates
    ]


def _tenths(worth: Worth) -> list[str]:
    rows = []
    for row, mean in zip(worth.tenths, worth.means, strict=True):
        seen = share(row.fixed, row.changes)
        rows.append(
            f"| {row.upto:.1%} | {row.changes:,} | {mean:.1%} | {seen.rate:.1%} | {seen.low:.1%} to {seen.high:.1%} |"
        )
    return rows
