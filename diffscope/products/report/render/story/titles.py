"""Titles of pull requests in Chinese, where every word of them is known; any other title keeps its own words.

The words and forms stand in ``title_words.zh.txt`` beside the templates. A title is read as verb, thing and what stands behind prepositions;
these go before the thing in Chinese. What has a capital, a digit or a mark of code is a name and stays as it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from diffscope.patterns import lazy_regex
from diffscope.products.report.links.terms import is_label
from diffscope.render.templates import shipped
from diffscope.source.text import split_lines

WORDS_FILE: Final = "title_words.zh.txt"
"""A user may have one of their own among the templates."""
_TAGS: Final = lazy_regex(r"^(?:\s*(?:\[[^\]]*\]?|\{[^}\]]*[}\]])\s*:?)+[\s:]*")
_TAG: Final = lazy_regex(r"[\[{]([^\[\]{}]{2,24})[\]}]")
_CONVENTION: Final = lazy_regex(
    r"^(?:fix|feat|docs?|chore|perf|refactor|ci|test|build|style|bug-?fix)(?:\([^)]*\))?!?:\s+(?=\S)"
)
_CUT: Final = lazy_regex(r"(?: (?:for|in|on|to|with|when|and|of|from|by|before|after|via))?(?: [^ ]+){0,3}…$")
_NUMBERS: Final = lazy_regex(r"(?:\s*\((?:(?:fix(?:es)?|closes|resolves) )?#\d+\))+\s*$")
_TOKEN: Final = lazy_regex(r"`[^`]*`|“[^”]*”|\"[^\"]*\"|\([^()]*\)|[^\s,;:]+|[,;:]")
_WIDE: Final = lazy_regex(r"[\u3000-\u9fff\uff00-\uffef]")
_NAME: Final = lazy_regex(r"[A-Z0-9_=<>.\[\]()'\"]|^[`“]")
_CLOSES, _OPENS = "，；、：）（", "（，；、："
_ARTICLES: Final = frozenset(
    {"the", "a", "an", "its", "their", "this", "that", "these", "properly", "correctly", "proper", "correct"}
)
_PAIRS: Final = frozenset({"due to", "caused by", "instead of", "based on", "when using"})
_BETWEEN: Final = frozenset({",", "and", "&", "+"})
_ENDS: Final = frozenset({";", "|"})
_SCOPES: Final = frozenset(
    {"rocm", "amd", "xpu", "cpu", "tpu", "pooling", "spec decode", "quantization", "moe", "lora", "mamba"}
)
"""Labels that say for whom something is."""
_MARKS: Final = "!<>&@^%"
_MOST_WORDS: Final = 5
_FEW_WORDS: Final = 2
_Behind = Sequence[tuple[str, str]]


def bare_title(title: str) -> str:
    """Return a title without its number and without the bracketed words before it, which say where and not what."""
    plain = _TAGS.sub("", _NUMBERS.sub("", title)) or title
    if plain.endswith("…"):
        # GitHub cuts a title within a word: what it began to say behind a preposition goes, too.
        plain = _CUT.sub("", plain) or plain
    return _CONVENTION.sub("", plain) or plain


def topic_of(title: str) -> str:
    """Return the last bracketed word before a title that says what it is about: no kind of change, no part of the tree, no part of a series; nothing where there is none."""
    bare = bare_title(title)
    head = title.partition(bare)[0] if bare != title else ""
    topics = [tag.strip() for tag in _TAG.findall(head)]
    return next((tag for tag in reversed(topics) if not is_label(tag) or tag.lower() in _SCOPES), "")


@cache
def chinese_titles(text: str | None = None) -> ChineseTitles:
    """Return what translates titles by the words of a file's text, else by those of diffscope."""
    return ChineseTitles(shipped(WORDS_FILE) if text is None else text)


class ChineseTitles:
    """Translates titles by a file of words."""

    def __init__(self, text: str) -> None:
        found: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for line in split_lines(text):
            english, equals, chinese = line.partition(" = ")
            if equals and not line.startswith("#"):
                mark = english[0] if english[0] in _MARKS and len(english) > 1 else ""
                found[mark][english.removeprefix(mark).strip().lower()] = chinese.strip()
        self.words: Mapping[str, str] = found[""]
        self.verbs: Mapping[str, str] = found["!"]
        self.before: Mapping[str, str] = found["<"]
        self.around: Mapping[str, str] = found[">"]
        self.joins: Mapping[str, str] = found["&"]
        self.becomes: Mapping[str, str] = found["^"]
        self._kinds = {name: frozenset(verbs.split()) for name, verbs in found["@"].items()}
        self._forms = found["%"]

    def form(self, name: str, *places: str, **parts: str) -> str:
        """Return a form filled in; nothing where the file has none of that name."""
        return self._forms.get(name, "").format(*places, **parts)

    def is_one(self, verb: str, kind: str) -> bool:
        """Return whether a verb is of a kind."""
        return verb in self._kinds.get(kind, ())

    def said(self, title: str) -> str:
        """Return a title in Chinese; nothing where some word of it is not known."""
        bare = bare_title(title).strip().rstrip(".")
        module, colon, rest = bare.partition(": ")
        if colon and " " not in module and _NAME.search(module):
            said = self.said(rest)
            return self.form("module", module, said) if said else ""
        if colon and self._verb(_TOKEN.findall(module))[1]:
            # What is done, and the parts of it.
            before, after = self._clauses(_TOKEN.findall(module)), self.phrase(_TOKEN.findall(rest))
            return self.form("module", before, after) if before and after else ""
        topic, dash, rest = bare.partition(" - ")
        if dash:
            before, after = self.phrase(_TOKEN.findall(topic)), self.said(rest)
            return self.form("module", before, after) if before and after else ""
        said = self._clauses(_in_lower_case(_TOKEN.findall(bare)))
        return said if _WIDE.search(said) else ""

    def _clauses(self, tokens: Sequence[str]) -> str:
        """Return the clauses of a title, parted where a mark or an "and" stands before a verb; "to" with a verb says what for."""
        parts: list[list[str]] = [[]]
        goal = ""
        for at, token in enumerate(tokens):
            has_verb = bool(parts[-1] and self._verb(parts[0])[1] and self._verb(tokens[at + 1 :])[1])
            if token.lower() == "to" and has_verb:
                goal = self._clauses(tokens[at + 1 :]).replace(self.form("uses"), self.form("by"))
                if not goal:
                    return ""
                break
            if (token in _BETWEEN and has_verb) or token in _ENDS:
                parts.append([])
            else:
                parts[-1].append(token)
        for part in parts:
            # Of ", and" one mark is enough.
            while part and part[-1] in _BETWEEN:
                part.pop()
        said = [self._clause(part) for part in parts if part]
        if not said or not all(said):
            return ""
        joined = self.form("also" if _ENDS.isdisjoint(tokens) else "next").join(said)
        return f"{joined}{self.form('purpose')}{goal}" if goal else joined

    def _verb(self, tokens: Sequence[str]) -> tuple[str, int]:
        """Return the verb that tokens begin with, in Chinese, and of how many tokens it is."""
        for length in (3, 2, 1):
            english = " ".join(tokens[:length]).lower()
            if len(tokens) > length and english in self.verbs:
                return self.verbs[english], length
        return "", 0

    def _clause(self, tokens: Sequence[str]) -> str:
        verb, length = self._verb(tokens)
        body = list(tokens[length:])
        is_default = " ".join(body[-2:]).lower() == "by default"
        if is_default:
            body = body[:-2]
        if length and len(body) > 1 and body[0].lower() == "to":
            place = self.phrase(body[1:])
            return (
                _tidy(self.form("place", place, verb=verb)) if place and self.is_one(verb, "brings") else ""
            )
        thing, behind = self._split(body)
        head = self.phrase(thing, begins=not length)
        said = [(word, self.phrase(part)) for word, part in behind]
        if not head or not all(part for _, part in said):
            return ""
        order = _Order(self, verb, head)
        for at, (word, _) in enumerate(said):
            if order.aim(at, said):
                if word != "with":
                    break
            elif not order.put(at, said):
                return ""
        return order.said(is_default=is_default)

    def _split(self, tokens: Sequence[str]) -> tuple[list[str], list[tuple[str, list[str]]]]:
        """Return the thing, and what stands behind each preposition."""
        thing: list[str] = []
        behind: list[tuple[str, list[str]]] = []
        at = 0
        while at < len(tokens):
            pair = " ".join(tokens[at : at + 2]).lower()
            word = pair if pair in _PAIRS else tokens[at].lower()
            length = len(word.split())
            is_one = word in self.before or word in self.around or word in _PAIRS
            if is_one and (thing or behind) and at + length < len(tokens):
                behind.append((word, []))
                at += length
                continue
            (behind[-1][1] if behind else thing).append(tokens[at])
            at += 1
        return thing, behind

    def phrase(self, tokens: Sequence[str], *, begins: bool = False) -> str:
        """Return words of a thing in Chinese, the longest that are known together first; nothing where one is not known."""
        said, at = [], 0
        # Of ", and" one is enough.
        tokens = [
            word
            for place, word in enumerate(tokens)
            if word != "," or " ".join(tokens[place + 1 : place + 2]).lower() not in _BETWEEN
        ]
        while at < len(tokens):
            for length in range(min(_MOST_WORDS, len(tokens) - at), 0, -1):
                english = " ".join(tokens[at : at + length]).lower()
                if english in self.words:
                    said.append(self.words[english])
                    at += length
                    break
            else:
                # The first word of a title has a capital though it is no name.
                plain = tokens[0][1:].replace("-", "")
                is_plain = begins and not at and tokens[0][:1].isupper() and plain.islower()
                word = None if is_plain else self._single(tokens[at])
                if word is None:
                    return ""
                said.append(word)
                at += 1
        return _tidy(" ".join(said))

    def _single(self, word: str) -> str | None:
        """Return one word that is not known: nothing of an article, a name as it is; ``None`` where it is neither."""
        said: str | None = None
        first, dash, rest = word.partition("-")
        of_first = self.words.get(first, "") if dash else ""
        if word.lower() in _ARTICLES:
            said = ""
        elif word in self.joins:
            said = self.joins[word]
        elif word.startswith("(") and word.endswith(")"):
            inner = self.phrase(_TOKEN.findall(word[1:-1]))
            said = self.form("aside", inner) if inner else None
        elif of_first and rest[:1].isupper():
            said = f"{of_first}-{rest}"
        elif _NAME.search(word):
            said = word
        elif "/" in word:
            parts = [self.phrase((part,)) for part in word.split("/")]
            said = "/".join(parts) if all(parts) else None
        return said


def _in_lower_case(tokens: Sequence[str]) -> list[str]:
    """Return the words of a title; where all of them have capitals, those with no other capital in lower case: they are no names then."""
    words = [token for token in tokens if token.isalpha()]
    if len(words) < _FEW_WORDS or any(word.islower() for word in words):
        return list(tokens)
    return [token.lower() if token[1:].islower() else token for token in tokens]


class _Order:
    """A clause of Chinese while its parts are put in their places."""

    def __init__(self, known: ChineseTitles, verb: str, head: str) -> None:
        self._known = known
        self._verb = verb
        self._head = head
        self._around = ""
        self._before = ""
        self._after = ""
        self._start = ""
        self._goal = ""

    def put(self, at: int, behind: _Behind) -> bool:
        """Put what stands behind the preposition at a place where it belongs; return whether there is one."""
        known, (word, part) = self._known, behind[at]
        if word == "from" and at + 1 < len(behind) and behind[at + 1][0] == "to":
            self._start = known.form("from", part)
            return known.is_one(self._verb, "brings")
        if word == "instead of":
            self._after += known.form("instead", part)
        elif word == "for" and part.startswith(known.form("gained")):
            self._after += known.form("gain", part)
        elif self._goes_round(word, at):
            self._around = f"{known.around[word].format(part)} {self._around}"
        elif word == "with" and not self._verb:
            self._after += known.form("aside", part)
        elif word in known.before and not (word == "with" and known.is_one(self._verb, "gives")):
            self._before = f"{known.before[word].format(part)} {self._before}"
        else:
            return False
        return True

    def _goes_round(self, word: str, at: int) -> bool:
        """Return whether what stands behind a preposition is said of the verb: the first such, of a verb that does not take it with its thing."""
        known, verb = self._known, self._verb
        if not verb or at or word not in known.around or known.is_one(verb, "mends"):
            return False
        return (word != "from" or known.is_one(verb, "takes")) and (
            word != "with" or known.is_one(verb, "how")
        )

    def aim(self, at: int, behind: _Behind) -> bool:
        """Return whether the preposition at a place says what something becomes or where it goes; what stands behind it is said of that place."""
        word, part = behind[at]
        if not self._verb or self._goal or not self._goal_of(word, part):
            return False
        rest = behind[at + 1 :] if word != "with" else ()
        before = self._known.before
        said = [before[later].format(place) for later, place in reversed(rest) if later in before]
        self._goal = self._goal_of(word, " ".join((*said, part)))
        return len(said) == len(rest)

    def _goal_of(self, word: str, part: str) -> str:
        """Return what something becomes or where it goes: of verbs that ask for it."""
        known, verb = self._known, self._verb
        if word == "with":
            if known.is_one(verb, "replaces"):
                return part
            return known.form("together", part, verb=verb) if known.is_one(verb, "joins") else ""
        if word not in ("to", "into"):
            return ""
        if verb in known.becomes:
            return known.becomes[verb].format(part)
        is_brought = known.is_one(verb, "into") or (word == "to" and known.is_one(verb, "brings"))
        return known.form("place", part, verb=verb) if is_brought else ""

    def said(self, *, is_default: bool) -> str:
        """Return the clause; nothing where a verb lacks what it asks for."""
        known, verb = self._known, self._verb
        asks = self._start or known.is_one(verb, "replaces") or known.is_one(verb, "makes")
        if asks and not self._goal:
            return ""
        form = "replaced" if known.is_one(verb, "replaces") else "goal" if self._goal else "plain"
        return _tidy(
            known.form(
                form,
                around=self._around,
                thing=f"{self._before} {self._head}",
                start=self._start,
                default=known.form("default") if is_default else "",
                goal=self._goal,
                verb=verb,
                after=self._after,
            )
        )


def _tidy(text: str) -> str:
    """Return a text without the spaces that stand between Chinese letters."""
    parts = text.split()
    said = parts[0] if parts else ""
    for part in parts[1:]:
        is_tight = (
            (_WIDE.match(said[-1]) and _WIDE.match(part[0])) or part[0] in _CLOSES or said[-1] in _OPENS
        )
        said += part if is_tight else f" {part}"
    return said
