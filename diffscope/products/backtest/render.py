"""A backtest as a page for the terminal, or as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from diffscope.products.backtest.model import Backtest, Lift, Measure, Ranking, RuleMeasure
from diffscope.render.console import Piece, Screen, Tone, padded
from diffscope.render.formats.json import indented
from diffscope.render.style import Style

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
