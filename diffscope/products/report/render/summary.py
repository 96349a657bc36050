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
    files = read.say(" and ", "、").join(f"`{path}`" for path in theme.hot_files[:2])
    where = read.say(f", most often in {files}", f"，源文件以 {files} 改动最多") if files else ""
    risks = words.comma.join(_quoted(read, words, one) for one in theme.risks[:2])
    flagged = read.say(f" Risks: {risks}.", f"风险：{risks}。") if risks else ""
    return read.say(
        f"{kinds}; {theme.churn:,} lines changed{where}.{flagged}",
        f"{kinds}，共改动 {theme.churn:,} 行{where}。{flagged}",
    )


def _work(read: PageView, words: Words) -> str:
    d = read.digest
    this = read.say("This week" if read.is_week else "This window", "本周" if read.is_week else "本期")
    merged = _merged(read, this)
    if not d.themes:
        return merged
    areas = words.comma.join(
        read.say(f"{read.area(one.key)} ({one.count})", f"{read.area(one.key)}（{one.count} 个）")
        for one in d.themes[:_AREAS]
    )
    return merged + read.say(f" The main lines of work are {areas}.", f"变化集中于：{areas}。")


def _merged(read: PageView, this: str) -> str:
    d, kinds = read.digest, read.kinds(read.digest.kinds, _KINDS)
    each = "each " if d.source_pulls > 1 else ""
    if not d.source_commits:
        told = _n(d.source_pulls, "pull request was", "pull requests were")
        return read.say(
            f"{this} {told} merged, {each}of one kind: {kinds}.",
            f"{this}共合并 {d.source_pulls} 个 PR，每个归为一种类型：{kinds}。",
        )
    told = _n(d.source_pulls, "change was", "changes were")
    return read.say(
        f"{this} {told} merged ({d.source_commits} without a pull request), {each}of one kind: {kinds}.",
        f"{this}共合并 {d.source_pulls} 个变更（{d.source_commits} 个没有 PR），每个归为一种类型：{kinds}。",
    )


def _where(read: PageView, words: Words) -> str:
    d, told = read.digest, []
    if read.all_tags:
        tags = words.comma.join(f"{one.name} {one.count}" for one in read.all_tags[:_TAGS])
        told.append(
            read.say(f"By tag, of which one may have several: {tags}.", f"按标签（可有多个）：{tags}。")
        )
    if d.hot_files:
        hot = d.hot_files[0]
        told.append(
            read.say(
                f"The file changed most often is `{hot.path}` ({_n(hot.count, 'pull request', 'pull requests')}).",
                f"改动最频繁的文件是 `{hot.path}`（{hot.count} 个 PR）。",
            )
        )
    if d.authors and d.authors[0].count > 1:
        first, all_of_them = d.authors[0], len(d.authors)
        told.append(
            read.say(
                f"Of {_n(all_of_them, 'author', 'authors')}, {first.name} has most: {first.count} pull requests.",
                f"共有 {all_of_them} 位作者，合并最多的是 {first.name}（{first.count} 个 PR）。",
            )
        )
    return read.say(" ", "").join(told)


def _risk(read: PageView, words: Words) -> str:
    families = read.digest.top_risks[:_FAMILIES]
    if not families:
        return read.say(
            "No pull request has a flag of medium severity or worse.", "没有 PR 触发中级及以上的风险规则。"
        )
    first, rest = families[0], words.comma.join(_quoted(read, words, one) for one in families[1:])
    share = read.part(first)
    before = read.say(f", before {rest}", f"，其次是{rest}") if rest else ""
    return read.say(
        f"The most frequent risk is “{words.family(first.name)}” ({_n(first.count, 'pull request', 'pull requests')},"
        f" {share}){before}.",
        f"风险方面，“{words.family(first.name)}”居首，共 {first.count} 个 PR（占 {share}）{before}。",
    )


def _against(read: PageView, words: Words) -> str:
    """Return the comparison by part of the whole: windows differ in how much they merge."""
    before = read.before
    if before is None:
        return ""
    told = [(read.kind(one.name), one) for one in read.digest.kinds[:3]]
    told += [(words.family(one.name), one) for one in read.digest.top_risks[:3]]
    shares = read.say("; ", "；").join(
        read.say(
            f"{name} {read.part(one)} (was {read.part_before(one)})",
            f"{name} {read.part(one)}（对比期 {read.part_before(one)}）",
        )
        for name, one in told
    )
    had = _n(before.source_pulls, "pull request", "pull requests")
    return read.say(
        f"{before.period.label} had {had}, so the change is {read.growth}. By part: {shares}.",
        f"{before.period.label} 有 {before.source_pulls} 个 PR，变化 {read.growth}。按占比：{shares}。",
    )


def _quoted(read: PageView, words: Words, one: Counted) -> str:
    name = words.family(one.name)
    return read.say(f"“{name}” ({one.count})", f"“{name}”（{one.count} 个）")


def _n(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
