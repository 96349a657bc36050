"""The catalogue in one language, for renderers and templates: ``Words``.

How reports call areas, platforms, kinds and tags in each language, by the catalogue; what somebody's own tables name goes by its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from diffscope.messages.model import Language, Text
from diffscope.messages.say import filled, texts, title, words_of

_Said = TypeVar("_Said", str, tuple[str, ...])


class Words:
    """The words of one language: ``words("report.theme", area="MoE", count=3)``, or ``words("files", count=3)`` for ``word.files``."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._is_chinese = language is Language.CHINESE
        marks = ("、", "：", "；", "。", "") if self._is_chinese else (", ", ": ", "; ", ".", " ")
        # Between items of a list, a name and what is said of it, and phrases; at the end of a sentence, and between two.
        self.comma, self.colon, self.semicolon, self.full_stop, self.gap = marks

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the text of a code, filled in. An unknown code, or a value that is missing, is a bug and raises KeyError."""
        text = texts(self.language)[key if "." in key else f"word.{key}"]
        return filled(text, values.__getitem__, self._shown)

    def _shown(self, value: object) -> str:
        return self.comma.join(map(str, value)) if isinstance(value, tuple | list) else str(value)

    def listed(self, names: Sequence[str], most: int, *, beyond: str = "list.more") -> str:
        """Return the first ``most`` names, and how many there are beyond."""
        rest = len(names) - most
        listed = self.comma.join(names[:most])
        return self(beyond, names=listed, more=rest) if rest > 0 else listed

    def family(self, name: str) -> str:
        """Return the title of a risk family; a family of somebody's own rules goes by its name."""
        return title("family", name, self.language)

    def families(self, names: Iterable[str]) -> str:
        """Return the titles of risk families, as a list."""
        return self.comma.join(map(self.family, names))

    def pick(self, text: Text) -> str:
        """Return a rule's text in this language."""
        return text.pick(self.language)

    def picked(self, said: Iterable[Text]) -> tuple[str, ...]:
        """Return texts in this language."""
        return tuple(map(self.pick, said))

    def either(self, english: _Said, chinese: _Said) -> _Said:
        """Return what is said in this language; English where nothing is said in Chinese, as in documents of older versions."""
        return chinese if self.language is Language.CHINESE and chinese else english

    def counted(self, one: str, many: str, count: int) -> str:
        """Return the phrase for one, or the one for many."""
        return self(one) if count == 1 else self(many, count=count)

    def aside(self, text: str) -> str:
        """Return ``text`` in brackets, with the space that belongs before them."""
        return f"（{text}）" if self._is_chinese else f" ({text})"


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
