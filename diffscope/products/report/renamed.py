"""What goes and comes under another name or in another version. A name is told once: by the same letters, or by much the same name in one place and pull request."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final

from diffscope.messages.model import Text
from diffscope.messages.say import text_of
from diffscope.patterns import lazy_regex
from diffscope.products.report.model import Notice

_MAJOR: Final = lazy_regex(r"(?:==|<=?|~=)(\d+)")
_MOST_EXCLUDED: Final = 2
_LONG: Final = 60
_MOST: Final = 2
_ALIKE: Final = 0.6
"""How alike two names are at least, from 0 to 1, for one to be the other's new name."""


def join_renamed(found: Sequence[Notice]) -> list[Notice]:
    """Return the notices, what goes and comes under another name told once, as renamed."""
    new = [one for one in found if one.kind in ("model", "option", "variable", "setting")]
    kept, told = [], []
    for one in found:
        likely = [other for other in new if other not in told and _is_renamed(one, other)]
        likely.sort(key=lambda other: (-_alike(one.name, other.name), other.name))
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
        kept.append(Notice(kind="removed", name=one.name, text=text, pulls=pulls, undone_by=to.undone_by))
        told += [to, *more]
    return [one for one in kept if one not in told]


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


def majors_of(wanted: str) -> tuple[str, ...]:
    """Return the major versions that a requirement pins or ends before."""
    return tuple(sorted(_MAJOR.findall(wanted)))


def of_versions(name: str, before: str, after: str) -> Text:
    """Return how a requirement changed: of a long list of exclusions how many, and what else came and went."""
    was, now = before.split(","), after.split(",")
    gone, come = [each for each in was if each not in now], [each for each in now if each not in was]
    excluded = [each for each in come if each.startswith("!=")]
    if len(excluded) > _MOST_EXCLUDED:
        kept = ",".join(each for each in now if not each.startswith("!="))
        return text_of(
            "notice.dependency-without", name=name, before=shortened(before), after=kept, count=len(excluded)
        )
    if len(before) + len(after) > _LONG and gone and come:
        before, after = ",".join(gone), ",".join(come)
    return text_of("notice.dependency", name=name, before=shortened(before), after=shortened(after))


def shortened(value: str) -> str:
    """Return a value, cut where it is long."""
    return value if len(value) <= _LONG else f"{value[: _LONG - 1]}…"
