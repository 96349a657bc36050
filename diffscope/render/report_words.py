"""How reports call areas, platforms, kinds and tags in each language, by the catalogue; what somebody's own tables name goes by its name."""

from __future__ import annotations

from diffscope.messages.model import Language
from diffscope.messages.say import texts, title, words_of


def has_title(name: str) -> bool:
    """Return whether an area or a platform is one of diffscope's."""
    return f"area.{name}" in texts(Language.ENGLISH)


def area_title(name: str, language: Language) -> str:
    """Return how a report calls an area or a platform."""
    if has_title(name) or language is Language.CHINESE:
        return title("area", name, language)
    return name.replace("-", " ").capitalize()


def kind_title(name: str, language: Language) -> str:
    """Return how a report calls a kind of change."""
    return title("kind", name, language)


def kind_one(name: str, language: Language) -> str:
    """Return what one change of a kind is called."""
    return texts(language).get(f"one-kind.{name}") or kind_title(name, language)


def kind_counted(name: str, count: int, language: Language) -> str:
    """Return how many changes of a kind there are, as a report says it: ``1 feature``, ``26 bug fixes``."""
    called = (kind_one if count == 1 else kind_title)(name, language)
    return words_of("list.count-kind", language, {"count": count, "name": called})


def tag_title(name: str, language: Language) -> str:
    """Return how a tag is called in a line about one change: in English as it is written."""
    if language is not Language.CHINESE:
        return name
    known = texts(language)
    groups = ("tag", "kind", "area")
    return next((known[code] for group in groups if (code := f"{group}.{name}") in known), name)
