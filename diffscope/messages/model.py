"""What is said, in values: ``Message`` (a code and its arguments), ``Text`` (words in both languages), ``Sentence`` (both)."""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias, Union

import msgspec

from diffscope.messages.codes import MessageCode

Argument: TypeAlias = Union[str, int, float, "Message", tuple[Union[str, "Message"], ...]]
"""A name, a number, another message, or a list of names and messages."""


class Language(Enum):
    """The language of what is said; the value is the word of ``--lang``."""

    ENGLISH = "en"
    CHINESE = "zh"


class Message(msgspec.Struct, frozen=True):
    """What is said, without words: a code of the catalogue and what its words quote."""

    code: MessageCode
    arguments: dict[str, Argument] = {}

    def __hash__(self) -> int:
        """Equal messages have equal hashes; a dict has none of its own."""
        return hash((self.code, tuple(sorted(self.arguments.items()))))


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A text in English and Chinese."""

    en: str
    zh: str

    def pick(self, language: Language) -> str:
        """Return the text in that language; English where nothing is said in Chinese, as in documents of older versions."""
        return self.zh if language is Language.CHINESE and self.zh else self.en


class Sentence(Text, frozen=True, kw_only=True):
    """A message with its words, as documents hold it."""

    code: MessageCode
    arguments: dict[str, Argument] = {}

    @property
    def message(self) -> Message:
        """The message without its words."""
        return Message(self.code, self.arguments)

    def __hash__(self) -> int:
        """As of a message."""
        return hash(self.message)


def message(code: MessageCode, **arguments: Argument) -> Message:
    """Return a message; ``say`` and ``sentence`` give it words."""
    return Message(code, arguments)
