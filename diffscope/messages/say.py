"""Gives messages their words: ``say`` and ``sentence``.

An argument that has a name in both languages, a rule's title say, is given twice: ``name`` and ``name_zh``.

A text of the catalogue quotes arguments as ``{name}``, with a format of Python's as ``{name:,}``, and has one of two forms by a number as
``{count|file|files}``: the first for one, the second for any other number. It cannot hold other braces.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

import msgspec

from diffscope.messages.codes import MessageCode
from diffscope.messages.model import Argument, Language, Message, Sentence, Text
from diffscope.patterns import lazy_regex

_PLACEHOLDER: Final = lazy_regex(
    r"\{(?P<name>[a-z_]+)(?::(?P<format>[^{}|]+))?(?P<plural>\|(?P<one>[^{}|]*)\|(?P<other>[^{}|]*))?\}"
)


def quoted(text: str) -> frozenset[str]:
    """Return the names of the arguments that a text quotes, and of those that only choose between its forms."""
    return frozenset(found["name"] for found in _PLACEHOLDER.finditer(text))


def shown(text: str) -> frozenset[str]:
    """Return the names of the arguments that a text shows: a language without plurals needs no others."""
    return frozenset(found["name"] for found in _PLACEHOLDER.finditer(text) if not found["plural"])


def has_stray_brace(text: str) -> bool:
    """Return whether a text has a brace that belongs to no placeholder."""
    return not {"{", "}"}.isdisjoint(_PLACEHOLDER.sub("", text))


def filled(text: str, argument: Callable[[str], object], words: Callable[[object], str]) -> str:
    """Return a text with its placeholders replaced: ``argument`` gives the value of a name, ``words`` its words where no format is named."""

    def fill(found: re.Match[str]) -> str:
        value = argument(found["name"])
        if found["plural"]:
            return found["one"] if value == 1 else found["other"]
        return format(value, found["format"]) if found["format"] else words(value)

    return _PLACEHOLDER.sub(fill, text) if "{" in text else text


_TEXTS: Final = {Language.ENGLISH: "english.json", Language.CHINESE: "chinese.json"}
_BETWEEN: Final = {Language.ENGLISH: ", ", Language.CHINESE: "、"}


def say(code: MessageCode, language: Language, **arguments: Argument) -> str:
    """Return the words of a code in a language, arguments filled in.

    Raises:
        KeyError: there are no words for the code, or an argument is missing: a mistake in diffscope.
    """
    return _filled(texts(language)[code], arguments, language)


def say_message(said: Message | Sentence, language: Language) -> str:
    """Return the words of a message in a language. Raises as ``say`` does."""
    if isinstance(said, Sentence):
        return said.pick(language)
    return _filled(texts(language)[said.code], said.arguments, language)


def sentence(said: Message) -> Sentence:
    """Return a message with its words in both languages."""
    return Sentence(
        code=said.code,
        arguments=said.arguments,
        en=say_message(said, Language.ENGLISH),
        zh=say_message(said, Language.CHINESE),
    )


def words_of(code: str, language: Language, arguments: Mapping[str, Argument]) -> str:
    """Return the words of any code in a language, of the interface too. Raises as ``say`` does."""
    return _filled(texts(language)[code], arguments, language)


def say_list(names: tuple[str, ...], more: int, language: Language) -> str:
    """Return names as a list, and how many there are beyond."""
    listed = _shown(names, language)
    return say("list.more", language, names=listed, more=more) if more > 0 else listed


def text_of(code: str, /, **arguments: Argument) -> Text:
    """Return the words of any code in both languages. Raises as ``say`` does."""
    english, chinese = (
        words_of(code, language, arguments) for language in (Language.ENGLISH, Language.CHINESE)
    )
    return Text(en=english, zh=chinese)


def title(group: str, name: str, language: Language) -> str:
    """Return how something is called: the text of ``group.name``; what the catalogue does not know goes by its name."""
    return texts(language).get(f"{group}.{name}", name)


@cache
def texts(language: Language) -> Mapping[str, str]:
    """Return the text of each code in a language; a language is read when it is first spoken."""
    made = pkgutil.get_data(__package__, _TEXTS[language])
    assert made is not None  # noqa: S101 - only a loader that has no files of a package gives none
    return msgspec.json.decode(made, type=dict[str, str])


def _filled(text: str, arguments: Mapping[str, Argument], language: Language) -> str:
    def argument(name: str) -> Argument:
        own = arguments.get(f"{name}_zh") if language is Language.CHINESE else None
        return arguments[name] if own is None else own

    return filled(text, argument, lambda value: _shown(value, language))


def _shown(value: object, language: Language) -> str:
    if isinstance(value, Message):
        return say_message(value, language)
    if isinstance(value, tuple):
        return _BETWEEN[language].join(_shown(each, language) for each in value)
    return str(value)
