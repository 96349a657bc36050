"""The sentences of a summary: what was merged, where, at which risk, and against the window compared. Backticks mark code."""

from __future__ import annotations

from diffscope.products.report.model import Counted, Theme
from diffscope.products.report.render.page import PageView
from diffscope.render.words import Words

_FAMILIES, _AREAS, _TAGS, _KINDS = 4, 4, 6, 5


def summary(read: PageView, words: Words) -> tuple[str, ...]:
    """Return the sentences, one paragraph each; none for an empty window."""
    if not read.digest.source_pulls:
        return ()
    told = (_work(read, words), _where(read, words), _risk(read, words), _against(read, words))
    return tuple(each for each in told if each)


def theme_line(read: PageView, words: Words, theme: Theme) -> str:
    """Return what a line of work is made of."""
    kinds = read.kinds(theme.kinds, 3)
    files = [f"`{path}`" for path in theme.hot_files[:2]]
    if files:
        joined = words("summary.two", one=files[0], other=files[1]) if len(files) > 1 else files[0]
        line = words("summary.theme-in", kinds=kinds, lines=theme.churn, files=joined)
    else:
        line = words("summary.theme", kinds=kinds, lines=theme.churn)
    families = [_quoted(words, one) for one in theme.risks[:2]]
    return line + words.gap + words("summary.risks", families=families) if families else line


def _work(read: PageView, words: Words) -> str:
    d, kinds = read.digest, read.kinds(read.digest.kinds, _KINDS)
    merged = (
        words(
            "summary.merged-commits",
            count=d.source_pulls,
            commits=d.source_commits,
            kinds=kinds,
            is_week=read.is_week,
        )
        if d.source_commits
        else words("summary.merged", count=d.source_pulls, kinds=kinds, is_week=read.is_week)
    )
    if not d.themes:
        return merged
    areas = [
        words("summary.pulls-of", name=words.pick(one.title), count=one.count) for one in d.themes[:_AREAS]
    ]
    return merged + words.gap + words("summary.lines-of-work", areas=areas)


def _where(read: PageView, words: Words) -> str:
    d, told = read.digest, []
    if read.all_tags:
        tags = [f"{one.name} {one.count}" for one in read.all_tags[:_TAGS]]
        told.append(words("summary.tags", tags=tags))
    if d.hot_files:
        hot = d.hot_files[0]
        told.append(words("summary.hot-file", path=hot.path, count=hot.count))
    if d.authors and d.authors[0].count > 1:
        first = d.authors[0]
        told.append(words("summary.authors", authors=len(d.authors), name=first.name, count=first.count))
    return words.gap.join(told)


def _risk(read: PageView, words: Words) -> str:
    families = read.digest.top_risks[:_FAMILIES]
    if not families:
        return words("summary.no-risk")
    first, rest = families[0], [_quoted(words, one) for one in families[1:]]
    family, share = words.family(first.name), read.part(first)
    if not rest:
        return words("summary.risk", family=family, count=first.count, part=share)
    return words("summary.risk-before", family=family, count=first.count, part=share, families=rest)


def _against(read: PageView, words: Words) -> str:
    """Return the comparison by part of the whole: windows differ in how much they merge."""
    before = read.before
    if before is None:
        return ""
    told = [(read.kind(one.name), one) for one in read.digest.kinds[:3]]
    told += [(words.family(one.name), one) for one in read.digest.top_risks[:3]]
    parts = words.semicolon.join(
        words("summary.part", name=name, part=read.part(one), before=read.part_before(one))
        for name, one in told
    )
    return words(
        "summary.against",
        period=before.period.label,
        count=before.source_pulls,
        growth=read.growth,
        parts=parts,
    )


def _quoted(words: Words, one: Counted) -> str:
    return words("summary.family-of", name=words.family(one.name), count=one.count)
