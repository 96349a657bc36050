"""A backtest as a page for the terminal, or as JSON; and the coefficients of the chance of a later fix as files.

These are ``rules/fix_risk.yml``, and the card that says what they are worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from diffscope.products.backtest.fix_model import Fit, FitEvaluation
from diffscope.products.backtest.measure import share
from diffscope.products.backtest.model import Backtest, Lift, Measure, Ranking, RuleMeasure
from diffscope.render.console import Piece, Screen, Tone, padded
from diffscope.render.formats.json import indented
from diffscope.render.style import Style
from diffscope.source.window import stamp
from diffscope.taxonomy.consequence import FixRiskTable

_CODE: Final = 8
_NAME: Final = 32
_SHARE: Final = 13
_CAVEAT: Final = (
    "Lift is the risk of a later fix with the flag over that without it, among changes of about the same size, at any severity. "
    "It describes this window; it does not predict."
)


def render_text(backtest: Backtest, style: Style) -> str:
    """Return the whole page, with a line feed at its end."""
    screen = Screen(style)
    _head(screen, backtest)
    if not backtest.changes:
        return screen.text()
    _levels(screen, backtest)
    _strata(screen, backtest)
    _rankings(screen, backtest)
    _table(screen, "family", backtest.families, backtest)
    _table(screen, "rule", backtest.rules, backtest)
    screen.blank()
    screen.line(Piece(f"{_CAVEAT} {_chance(backtest)}".rstrip(), Tone.QUIET))
    if backtest.gaps:
        count = len(backtest.gaps)
        screen.line(
            Piece(f"{count:,} thing{'s' if count > 1 else ''} could not be judged (gaps in the JSON).")
        )
    return screen.text()


def render_json(backtest: Backtest, style: Style) -> str:
    """Return the whole document, indented by two."""
    del style
    return indented(backtest)


FORMATS: Final = {"text": render_text, "json": render_json}


def _head(screen: Screen, backtest: Backtest) -> None:
    frame, base = backtest.frame, backtest.base
    screen.line(Piece(f"{frame.repository}, {frame.window}: {backtest.changes:,} changes", Tone.STRONG))
    if not backtest.changes:
        screen.line(Piece("Nothing was merged in this window."))
        return
    screen.line(Piece(f"merged {frame.since} to {frame.until}; fixes known before {frame.as_of}", Tone.QUIET))
    if not base.of:
        screen.line(
            Piece(
                f"None of them wrote source and is {frame.within_days} days old by then: fire rates only, no lift."
            )
        )
    else:
        screen.line(
            Piece(
                f"base rate: {base.count} of {base.of} ({base.rate:.1%}, 95% {base.low:.1%}-{base.high:.1%}) changes that wrote source "
                f"had lines of theirs changed by a fix within {frame.within_days} days, {backtest.hot.count} within a week"
            )
        )
    noise = backtest.flags_per_100_unfixed
    told = "" if noise is None else f"; {noise:.0f} for each 100 changes that were not fixed"
    screen.line(Piece(f"flags of medium and above: {backtest.flags_a_change:.2f} a change{told}"))


def _levels(screen: Screen, backtest: Backtest) -> None:
    if not backtest.base.of:
        return
    screen.blank()
    screen.line(Piece("level                 changes    fixed, of those followed", Tone.STRONG))
    for one in backtest.levels:
        seen = one.fixed
        told = (
            f"{seen.count:,} of {seen.of:,} ({seen.rate:.1%}, 95% {seen.low:.1%}-{seen.high:.1%})"
            if seen.of
            else "none followed"
        )
        screen.line(Piece(f"{one.level.value:<22}{one.changes:>7,}    {told}"))


def _strata(screen: Screen, backtest: Backtest) -> None:
    if not backtest.strata:
        return
    screen.blank()
    screen.line(Piece("source lines added    changes    fixed", Tone.STRONG))
    for stratum in backtest.strata:
        size = f"{stratum.smallest:,}-{stratum.largest:,}"
        share = f"{stratum.fixed:,} ({stratum.fixed / stratum.changes:.1%})"
        screen.line(Piece(f"{size:<22}{stratum.changes:>7,}    {share}"))


def _rankings(screen: Screen, backtest: Backtest) -> None:
    screen.blank()
    found = backtest.rankings
    if found is None:
        screen.line(Piece("AUC for a later fix: too few changes of either kind to say"))
        return
    screen.line(Piece("AUC for a later fix", Tone.STRONG))
    for name, ranking, even in (
        ("importance", found.importance, 0.5),
        ("source lines added", found.added_lines, 0.5),
        ("difference", found.difference, 0.0),
    ):
        screen.line(Piece(f"{name:<22}{_ranking(ranking, even)}"))


def _ranking(ranking: Ranking, even: float) -> str:
    doubt = ", not significant" if ranking.low <= even <= ranking.high else ""
    return f"{ranking.auc:.3f} (95% {ranking.low:.3f} to {ranking.high:.3f}){doubt}"


def _table(screen: Screen, title: str, rows: Sequence[RuleMeasure], backtest: Backtest) -> None:
    name_width = _NAME if title == "rule" else _CODE + _NAME
    screen.blank()
    head = padded("rule", _CODE) + padded("", _NAME) if title == "rule" else padded("family", name_width)
    shares = f"{'fired':>{_SHARE}}{'medium+':>{_SHARE}}"
    screen.line(Piece(f"{head}{shares}   lift (95% interval)", Tone.STRONG))
    for row in rows:
        name = padded(_cut(row.name, name_width - 1), name_width)
        code = padded(row.code, _CODE) if title == "rule" else ""
        fired, medium = (_share(each, backtest.changes) for each in (row.any, row.medium))
        screen.line(
            Piece(code, Tone.PATH),
            Piece(f"{name}{fired}{medium}   "),
            _lift(row.any, row.unknown),
            hang=_CODE,
        )


def _chance(backtest: Backtest) -> str:
    lifts = [rule.any.lift for rule in backtest.rules if rule.any.lift is not None]
    if not lifts:
        return ""
    told = sum(each.is_significant for each in lifts)
    return f"Of {len(lifts)} rules with a lift {told} are significant; about {len(lifts) / 20:.1f} would be by chance alone."


def _share(measure: Measure, changes: int) -> str:
    return f"{measure.fired:,} {measure.fired / changes:>6.1%}".rjust(_SHARE)


def _lift(measure: Measure, unknown: int) -> Piece:
    missing = f"; unknown on {unknown:,}" if unknown else ""
    if measure.lift is None:
        return Piece(f"too few{missing}" if measure.fired else f"never fired{missing}", Tone.QUIET)
    tone = Tone.PLAIN if measure.lift.is_significant else Tone.QUIET
    return Piece(f"{lift_text(measure.lift)}{missing}", tone)


def lift_text(lift: Lift) -> str:
    """Return a lift in words: ``1.42 (0.90-2.24) not significant``."""
    doubt = "" if lift.is_significant else " not significant"
    return f"{lift.ratio:.2f} ({lift.low:.2f}-{lift.high:.2f}){doubt}"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


_HEAD = """\
# The chance that a change is followed by a fix to its own lines: coefficients of a logistic regression. docs/fix_risk.md is its card.
# Made by a program, not by hand: {command}
"""
_CARD = """\
# Model card: the probability of a later fix

{summary}

`fix_risk` of an assessment is the probability that within {days} days of its merge a fix removes or replaces source lines that the change
wrote. It is a logistic regression on the logarithms of the measures below; `rules/fix_risk.yml` holds the coefficients; there is no
other model. Made by `{command}`; do not edit this page.

## Data

{trained}. Base rate {base:.1%}. A change counts if it added source lines, its {days} days are over, and the history of the {history} days before it is known.
Measures are those of the commit before the change. No measure is about a person.

| measure | coefficient | usual value |
| --- | ---: | ---: |
{measures}

## Evaluation

In time order, on {changes:,} changes merged {since} to {until} of which {fixed:,} were fixed ({rate:.1%}): the probability of each is computed with coefficients from changes whose
{days} days were over before it was merged.

| AUC | fix within {days} days | fix within 7 days |
| --- | --- | --- |
| probability | {auc} | {hot_auc} |
| added source lines only | {lines} | {hot_lines} |
| difference, paired | {difference} | {hot_difference} |

| the riskiest | contain of all fixed changes | by added lines | fixed among them |
| ---: | ---: | ---: | ---: |
{gates}

| probability up to | changes | mean probability | fixed | 95% |
| ---: | ---: | ---: | ---: | --- |
{tenths}

Expected calibration error: {error:.3f}.

## Limits

- **It does not judge the change.** It says how often changes of that size in files with that history were fixed.
- **The label blames lines, not causes.** It finds who wrote the line that a fix replaces (SZZ), not what caused the fault: a fix may touch a line that
  was never wrong, and a fault may be repaired only by adding lines, or under a title without "fix". docs/backtest.md says how often.
- **It follows the habits of one repository**: what is called a fix, how soon it comes, who looks. It is not computed for other repositories.
- **Size dominates.** Large changes are fixed more often. A small probability is no reason to read less.
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
    rows = []
    for row, mean in zip(worth.tenths, worth.means, strict=True):
        seen = share(row.fixed, row.changes)
        rows.append(
            f"| {row.upto:.1%} | {row.changes:,} | {mean:.1%} | {seen.rate:.1%} | {seen.low:.1%} to {seen.high:.1%} |"
        )
    return _CARD.format(
        summary="How `fix_risk` is computed, how well it predicts, and its limits.",
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
        tenths="\n".join(rows),
        error=worth.error,
    )


def _usual(logarithm: float) -> str:
    return f"{2.718281828**logarithm - 1:.2g}"


def _ranked(ranking: Ranking) -> str:
    return f"{ranking.auc:.3f} ({ranking.low:.3f} to {ranking.high:.3f})"


def _gates(worth: FitEvaluation) -> list[str]:
    return [
        f"| {gate.share:.0%} | {gate.caught:.1%} | {gate.caught_by_lines:.1%} | {gate.fixed:,} of {gate.changes:,} ({gate.fixed / gate.changes:.1%}) |"
        for gate in worth.gates
    ]
