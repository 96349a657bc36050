"""The texts of notices: what a setting does to a server, how what was is kept, what goes and comes under another name or in another version.

A name is told once: by the same letters, or by much the same name in one place and pull request.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Final, NamedTuple

from diffscope.messages.model import Language, Text
from diffscope.messages.say import text_of, texts
from diffscope.patterns import lazy_regex
from diffscope.products.report.authors_words import AuthorsWords
from diffscope.products.report.decisions import Decided, called_of, condition_in_words, joined
from diffscope.products.report.model import Notice, NoticeKind
from diffscope.products.report.statements import quoted, said_default, short
from diffscope.render.change_summary import option_of

_LONG, _MOST = 60, 2
_ALIKE: Final = 0.6
"""How alike two names are at least, from 0 to 1, for one to be the other's new name."""
_VALUE: Final = lazy_regex(r"`([^`]+)`")
_LONGEST_REASON: Final = 170
_ENDS: Final = lazy_regex(r"(?<=[.])\s+(?=[A-Z-])")
_ASIDE: Final = lazy_regex(r"https?://\S+|\bTODO:?")
_RULE: Final = lazy_regex(r"^(?:When|If|Where) [^,]+, ")
"""How a sentence begins that says when something happens."""
_WHY: Final = lazy_regex(r"(?i)\b(?:prevents?|avoids?|because|otherwise|so that|reduces?|since)\b")
_MOST_CAPPED: Final = 20
_NUMBERS: Final[Mapping[str, str]] = {"False": "0", "True": "1"}
_IN_TESTS: Final = lazy_regex(r"(?i)\bconvenience when testing\b|\bonly (?:used )?(?:in|for) test(?:s|ing)\b")
_GOES: Final = lazy_regex(
    r"['`](\w+)['`] is deprecated and will be removed in (v[\d.]*\d)\.?(?: (?:Please )?[Uu]se ['`](\w+)['`] instead(?: \(([^()]+)\))?\.?)?"
)


class Change(NamedTuple):
    """What changed and where, the states before and after, and all of it in a few words."""

    subject: Text
    was: Text
    now: Text
    gist: Text


class Seen(NamedTuple):
    """Something noticed, before pull requests that say the same are joined."""

    kind: NoticeKind
    name: str
    text: Text
    number: int
    is_weighty: bool = False
    reason: str = ""
    keep: Text | None = None
    effect: Text | None = None
    change: Change | None = None
    value: str | None = None
    """The default that a setting has now, as code writes it."""


def told_first(seen: Sequence[Seen]) -> tuple[int, ...]:
    """Return the pull requests of what is joined, first those whose change its text tells: that of the last."""
    return tuple(dict.fromkeys(one.number for one in sorted(seen, key=lambda one: one.text != seen[-1].text)))


def join_new(joined: dict[tuple[NoticeKind, str], list[Seen]]) -> None:
    """Join a default that changed with the setting that came earlier in the same window: nobody had another one before it."""
    for kind in ("option", "variable", "setting"):
        for name in [name for of, name in joined if of == kind and ("default", name) in joined]:
            new, changes = joined[kind, name], joined["default", name]
            now = changes[-1].value
            if new[0].number != changes[0].number and now is not None:
                new.append(new[-1]._replace(text=with_default(name, now), number=changes[-1].number))
                del joined["default", name]


def with_default(name: str, default: str) -> Text:
    """Return a new setting with its default."""
    return text_of("notice.named", name=name, **said_default(default))


def changed_default(name: str, before: str, after: str, number: int) -> Seen:
    """Return what is noticed of a setting with another default."""
    text = text_of("notice.default", name=name, before=shortened(before), after=shortened(after))
    # Where nothing was set the code decided, and may have decided so already.
    keep = text_of("keep.value", name=name, value=to_set(name, before)) if before != "None" else None
    change = of_values(name, before, after)
    return Seen("default", name, text, number, is_weighty=True, keep=keep, change=change, value=after)


def how_to_keep(each: Decided, words: AuthorsWords) -> Text:
    """Return what to do about a default that the code decides: also where the setting decides more than before, so that the old state does not come back."""
    option = f"--{each.name.replace('_', '-')}"
    duty = next(((what, path) for name, what, path in words.duties if name == each.name), None)
    if duty is None:
        return text_of("keep.set-it", name=option)
    return text_of("keep.set-it-but", name=option, duty=duty[0], file=duty[1].rpartition("/")[2])


def is_settled(seen: Seen, words: AuthorsWords) -> bool:
    """Return whether nothing changed: a default that was left open took a value that the code before gave the setting where nothing was set, or what went came elsewhere."""
    name, value = seen.name.rpartition(".")[2], _VALUE.findall(seen.text.en)[-1:]
    # A route that is written again elsewhere is moved.
    if seen.kind == "removed" and seen.name.partition(" ")[2] in words.routes:
        return True
    is_open = seen.kind == "default" and "from `None`" in seen.text.en
    # What its docstring gives tests alone the code sets for everybody else.
    if seen.kind == "default" and _IN_TESTS.search(dict(words.fields).get(name, "")):
        return True
    return is_open and any((name, each) in words.settled for each in value)


def to_set(name: str, value: str) -> str:
    """Return a value as it is set: variables of the environment take numbers for off and on."""
    return _NUMBERS.get(value, value) if name.isupper() else shortened(value)


def explained(seen: Seen, words: AuthorsWords) -> Seen:
    """Return a notice with what it does to a server, in our words, else in the author's, of a default that leaves the choice to the code what it chooses, of what goes what it acted with."""
    if seen.kind not in ("default", "dependency"):
        names = dict(words.acted).get(seen.name)
        return seen._replace(text=_acted_with(seen.text, names)) if names else seen
    last = seen.name.partition(" ")[0].rpartition(".")[2].removeprefix("--").replace("-", "_")
    known, owner = texts(Language.ENGLISH), seen.name.partition(".")[0]
    named = seen.name.split("_") if seen.name.isupper() else (owner,)
    codes = (f"does.{last}", *(f"does-of.{name}" for name in named))
    effect = seen.effect or next((text_of(code) for code in codes if code in known), None)
    reason = seen.reason or _reason(dict(words.fields).get(last, ""), _VALUE.findall(seen.text.en)[-1:])
    if seen.kind == "dependency" and words.capped:
        names = tuple(f"`{name}`" for name in words.capped[:_MOST_CAPPED])
        effect = text_of("does.capped", count=len(words.capped), names=names)
    seen = _by_option(seen, last, words)
    resolved = dict(words.resolved).get(seen.name)
    if resolved is None or seen.keep is None:
        return seen._replace(effect=effect, reason=reason)
    chosen = [(condition_in_words(one.condition), one.value) for one in resolved.choices]
    choices = [text_of("notice.choice", value=value, where=one.en, where_zh=one.zh) for one, value in chosen]
    said = joined("notice.then", choices)
    text = (
        text_of(
            "notice.with-before", left=seen.text.en, left_zh=seen.text.zh, right=said.en, right_zh=said.zh
        )
        if said
        else seen.text
    )
    before = _VALUE.findall(seen.keep.en)[-1].strip("'")
    same = [where for where, value in chosen if value == before]
    barred = [condition_in_words(each) if each else text_of("condition.always") for each in resolved.barred]
    parts = [text_of("keep.same", where=one.en, where_zh=one.zh) for one in same]
    parts += [text_of("keep.barred", value=before, where=one.en, where_zh=one.zh) for one in barred]
    keep = joined("notice.then", parts if barred else [*parts, seen.keep])
    change = seen.change
    if change and said:
        change = change._replace(now=text_of("now.chosen", said=said.en, said_zh=said.zh))
    return seen._replace(text=text, keep=keep, effect=effect, reason=reason, change=change)


def _by_option(seen: Seen, last: str, words: AuthorsWords) -> Seen:
    """Return a notice whose advice names the option that users set, in place of the field, where there is one and it takes a value."""
    is_switch = seen.keep is not None and ("`True`" in seen.keep.en or "`False`" in seen.keep.en)
    if last not in words.optional or seen.keep is None or seen.name.isupper() or is_switch:
        return seen
    en, zh = (
        text.replace(f"`{seen.name}`", f"`{option_of(seen.name)}`") for text in (seen.keep.en, seen.keep.zh)
    )
    return seen._replace(keep=Text(en=en, zh=zh))


def _reason(said: str, values: Sequence[str]) -> str:
    """Return what a docstring says of a new value, else the sentence that gives a reason, else its first ones where the setting itself is new."""
    parts = " ".join(_ASIDE.sub("", said).replace("%%", "%").split()).split(" - ")
    of_value = [
        part for part in parts[1:] for value in values if part.strip("\"'`").startswith(value.strip("'"))
    ]
    rules = [each for part in of_value for each in _ENDS.split(part) if _RULE.match(each)]
    why = [each for each in _ENDS.split(parts[0]) if _WHY.search(each)]
    told = [
        *rules,
        *of_value,
        *why,
        *(parts[0] for value in values if value.rpartition(".")[2] in ("True", said)),
    ]
    return short(told[0], most=_LONGEST_REASON) if told else ""


def of_orders(words: AuthorsWords, number: int, where: Mapping[str, str]) -> Seen:
    """Return what is tried first now, where nothing is set before where something is."""
    found = []
    for before, after, under in sorted(words.orders, key=lambda each: each[2] != ""):
        said = condition_in_words(under) if under else Text(en="", zh="")
        code = "notice.first-under" if under else "notice.first"
        found.append(
            text_of(code, before=before, after=after, condition=said.en, condition_zh=said.zh, **where)
        )
    text = joined("notice.then", found) or Text(en="", zh="")
    name = " ".join(sorted(f"{before} {after}" for before, after, _ in words.orders))
    first_was, first_now, under = min(words.orders, key=lambda each: each[2] != "")
    change = None
    if not under:
        change = Change(
            text_of("changed.first", **where),
            text_of("was.value", value=first_was),
            text_of("now.value", value=first_now),
            text_of("gist.first", was=first_was, value=first_now),
        )
        more = joined("notice.then", found[1:])
        if more:
            now = text_of("now.besides", value=first_now, more=more.en, more_zh=more.zh)
            change = change._replace(now=now)
    return Seen(
        "default", name, text, number, is_weighty=True,
        keep=text_of(
            "keep.first" if len(words.orders) == 1 else "keep.first-of", value=first_was
        ), effect=text_of("does.first_choice"), change=change,
    )  # fmt: skip


def _acted_with(text: Text, names: Sequence[str]) -> Text:
    """Return what goes, with all that it acted with before."""
    called = [called_of(name) for name in names]
    return text_of(
        "notice.acted-with",
        said=text.en,
        said_zh=text.zh,
        names=tuple(one.en for one in called),
        names_zh=tuple(one.zh for one in called),
    )


def by_whom(code: str, said: str) -> Text | None:
    """Return an advice in its author's words; ``None`` where there is none."""
    quote = quoted(said)
    return text_of(code, said=quote.en, said_zh=quote.zh) if said else None


def of_constant(name: str, value: str, words: AuthorsWords, where: Mapping[str, str], number: int) -> Seen:
    """Return a setting that takes the place of a constant, which may have measured something else, where no variable was set."""
    default, variable = dict(words.defaults).get(name, ""), dict(words.unless).get(value, "")
    was = "was.fixed-unset" if variable else "was.fixed"
    change = Change(
        text_of("changed.share", name=name, **where),
        text_of(was, value=value, **({"variable": variable} if variable else {})),
        text_of("now.decided-for", name=name, default=default)
        if default
        else text_of("now.decided", name=name),
        text_of("gist.constant", name=name, value=value),
    )
    text, keep = (
        text_of("notice.constant-gone", name=name, value=value, **where),
        text_of("keep.constant", value=value),
    )
    if variable:
        keep = text_of("keep.constant-unset", value=value, variable=variable)
    if default:
        text = text_of("notice.constant-gone-for", name=name, value=value, default=default, **where)
    return Seen("default", f"{name} {value}", text, number, is_weighty=True, keep=keep, change=change)


def of_newly_on(name: str, number: int, *, is_option: bool) -> Seen:
    """Return a setting that is new and on."""
    off = f"--no-{option_of(name).removeprefix('--')}"
    value = "0" if name.isupper() else "False"
    keep = text_of("keep.switch", name=off) if is_option else text_of("keep.value", name=name, value=value)
    subject, gist = text_of("changed.named", name=name), text_of("gist.on", name=name)
    change = Change(subject, text_of("was.none"), text_of("now.on"), gist)
    text = text_of("notice.newly-on", name=name)
    return Seen("default", name, text, number, is_weighty=True, keep=keep, change=change)


def of_values(name: str, before: str, after: str) -> Change:
    """Return the change of a default."""
    was, value = shortened(before.strip("'")), shortened(after.strip("'"))
    subject, before_it = text_of("changed.named", name=name), text_of("was.value", value=was)
    if was == "None":
        before_it = text_of("now.unset")
    if value == "None":
        return Change(subject, before_it, text_of("now.unset"), text_of("gist.unset", name=name))
    gist = text_of("gist.moved", name=name, was=was, value=value)
    if was == "None":
        gist = text_of("gist.default", name=name, value=value)
    return Change(subject, before_it, text_of("now.value", value=value), gist)


def of_decision(each: Decided) -> Change | None:
    """Return the change of a setting that code decides now; ``None`` where nobody knows what it was."""
    name = f"--{each.name.replace('_', '-')}"
    where = condition_in_words(each.condition) if each.condition else Text(en="", zh="")
    said = {"name": name, "where": where.en, "where_zh": where.zh}
    code = f"changed.{'unset' if each.is_unset else 'forced'}{'-under' if each.condition else ''}"
    if each.is_unset and not each.before:
        return None
    was = text_of("was.set")
    if each.is_unset:
        least, most = each.before[0], each.before[-1]
        was = text_of("was.server-some", least=least, most=most)
        if least == most:
            was = text_of("was.server-one", least=least)
    now = text_of("now.value" if each.is_unset else "now.forced", value=each.value)
    code_of = "gist.decided" if each.is_unset else "gist.forced"
    gist = text_of(code_of, name=name, value=each.value, was=was.en, was_zh=was.zh)
    return Change(text_of(code, **said), was, now, gist)


def going(text: str) -> Text:
    """Return what the author says of what goes, behind the class that it is a setting of."""
    owner, _, said = text.partition(": ")
    if not owner.isidentifier():
        return quoted(text)
    goes = _GOES.fullmatch(said)
    if goes is None:
        return text_of("notice.of-class", owner=owner, said=short(said))
    name, version, heir, aside = goes.groups(default="")
    code = "notice.goes-for" if heir else "notice.goes"
    return text_of(
        code,
        name=f"{owner}.{name}",
        version=version,
        heir=f"{owner}.{heir}",
        aside=f" ({aside})" if aside else "",
        aside_zh=f"（{aside}）" if aside else "",
    )


def join_renamed(found: Sequence[Notice], said: Mapping[int, AuthorsWords]) -> list[Notice]:
    """Return the notices, what goes and comes under another name told once, as renamed.

    Of several the heir is the one whose docstring still has the words that its name lost.
    """
    new = [one for one in found if one.kind in ("model", "option", "variable", "setting")]
    kept, told = [], []
    described = {name: doc for words in said.values() for name, doc in words.fields}
    for one in found:
        likely = [other for other in new if other not in told and _is_renamed(one, other)]
        kept_words = {other.name: _lost(one.name, other.name, described) for other in likely}
        likely.sort(key=lambda other: (-kept_words[other.name], -_alike(one.name, other.name), other.name))
        if len({*kept_words.values()}) > 1:
            likely = likely[:1]
        if one.kind != "removed" or not likely:
            kept.append(one)
            continue
        same = [other for other in likely if _letters(other.name) == _letters(one.name)]
        to, more = (same or likely)[0], likely[1:] if not same else []
        if same:
            text = text_of("notice.renamed", before=one.name, name=to.name)
        else:
            names = tuple(f"`{other.name.rpartition('.')[2]}`" for other in (to, *more)[:_MOST])
            text = text_of("notice.replaced", before=one.name, names=names)
        pulls = tuple(dict.fromkeys((*one.pulls, *to.pulls)))
        kept.append(
            Notice(
                kind="removed", name=one.name, text=text, pulls=pulls, undone_by=to.undone_by,
                is_weighty=True, keep=text_of("keep.new-name"),
            )
        )  # fmt: skip
        told += [to, *more]
    return [one for one in kept if one not in told]


def _lost(old: str, new: str, described: Mapping[str, str]) -> int:
    """Return how many words that a name lost the docstring of another one still has."""
    before, after = ({*name.rpartition(".")[2].split("_")} for name in (old, new))
    return len((before - after) & {*re.findall(r"[a-z]+", described.get(new.rpartition(".")[2], "").lower())})


def _is_renamed(old: Notice, new: Notice) -> bool:
    """Return whether a name that went is another one now: the same letters, or much the same name in one place and pull request."""
    if _letters(old.name) == _letters(new.name):
        return True
    at, now_at = old.name.rpartition(".")[0], new.name.rpartition(".")[0]
    is_setting = bool(at) or old.name.startswith("--") or old.name.isupper()
    same_place = at == now_at and old.name.startswith("--") == new.name.startswith("--")
    together = not {*old.pulls}.isdisjoint(new.pulls)
    return is_setting and same_place and together and _alike(old.name, new.name) >= _ALIKE


def _alike(old: str, new: str) -> float:
    was, now = old.rpartition(".")[2], new.rpartition(".")[2]
    return SequenceMatcher(None, was, now, autojunk=False).ratio()


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


def shortened(value: str) -> str:
    """Return a value, cut where it is long."""
    return value if len(value) <= _LONG else f"{value[: _LONG - 1]}…"
