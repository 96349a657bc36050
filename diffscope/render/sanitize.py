r"""Untrusted text on its way out, made inert for one kind of sink each.

Titles, author names, paths, symbols and rule messages (which quote them) all come from the pull request. Every renderer passes
them through one of these functions; ``visible`` is part of each, so that no control character reaches any reader:

========================  ==============================================================================================
``visible``               a terminal, a log: control and bidirectional characters become ``\x1b``, ``\u202e``, ``\n`` ...
``json_escapes``          JSON text: the same characters as ``\u`` escapes, so that the value stays what it was
``markdown``              Markdown prose on GitHub: no markup, mention, issue reference, link, HTML or formula
``code_span``             Markdown code: the fence is longer than any run of backticks inside
``prose``                 a rule's sentence in Markdown: its ```code``` stays code, names of code become it
``quoted``                a stranger's title or sentence: its ```code``` stays code where backticks pair up beyond doubt
``command_data`` and      GitHub workflow commands (``::warning file=...::data``)
``command_property``
``message_text``          SARIF messages
``uri_path``              a path within a URI
========================  ==============================================================================================

HTML is escaped by the template engine (templates.py), after ``visible``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

from diffscope.patterns import lazy_regex

_CONTROL = (
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1: escape sequences of terminals begin with one of these
    "\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\uffff"  # invisible or reordering
    "\u2028\u2029\ud800-\udfff"  # line breaks in disguise, halves of characters
    "\U000e0000-\U000e0fff"  # tag characters and variation supplements: invisible text
)
_INVISIBLE = lazy_regex(f"[{_CONTROL}]")
_WORKFLOW_COMMAND = lazy_regex(r"(?<!\S):(?=:)|#(?=#\[)")
"""GitHub's runner reads a log line that starts with ``::`` (white space before it is skipped) or holds ``##[`` as an order."""

_ORDER_IN_JSON = lazy_regex(f"[{_CONTROL}]|#(?=#\\[)")

_MARKUP = lazy_regex(r"[\\`*\[\]~|]|(?<![^\W_])_|_(?![^\W_])")
"""What is markup within a line. List marks, headings and rules count at its start only, where no template puts foreign text."""

_REFERENCE = lazy_regex(r"(?<=[@#])(?=\w)|(?<=GH)(?=-\d)|(?<=:)(?=//)|(?<=www)(?=\.)", re.IGNORECASE)
_CODE = lazy_regex("`([^`]+)`")
_NAME = lazy_regex(
    r"(?<![A-Za-z0-9_./:@#\\-])("
    r"--[a-z][a-z0-9]*(?:-[a-z0-9]+)+"  # an option
    r"|(?:[A-Za-z0-9_.-]+/)+[A-Za-z0-9_.-]+\.[a-z]{1,5}(?::[0-9]+)?"  # a path
    r"|[A-Za-z_][A-Za-z0-9_]*(?:(?:\.|::)[A-Za-z_][A-Za-z0-9_]+)+(?:\(\))?"  # a qualified name
    r"|[A-Za-z0-9]*_[A-Za-z0-9_]+(?:\(\)|=[A-Za-z0-9_.]*[A-Za-z0-9_])?"  # a name of several words, with its value
    r")(?![A-Za-z0-9_/:-])"
)
"""What is a name of code, whatever sentence it stands in: messages quote them without marking them."""
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"})
_ARROW = lazy_regex(r"(?<=\S) -&gt; (?=\S)")
"""Within a line, between words, an arrow neither ends a tag nor begins a quotation."""
_WORD_JOINER = "\u2060"


def visible(text: str) -> str:
    """Return ``text`` on one line, what cannot be seen written as an escape, what a CI log would obey disarmed."""
    return _WORKFLOW_COMMAND.sub(_escaped, _INVISIBLE.sub(_escaped, text))


def json_escapes(text: str) -> str:
    r"""Return JSON text with every invisible character inside its strings as ``\uXXXX``; line feeds and tabs between them stay."""
    return _ORDER_IN_JSON.sub(lambda match: match[0] if match[0] in "\n\t" else _json_escape(match[0]), text)


def markdown(text: str) -> str:
    """Return ``text`` as Markdown that shows exactly it, in prose or in a table cell.

    GitHub looks for mentions and references after it has rendered the markup, so escapes do not stop them: an invisible
    word joiner behind ``@`` and ``#``, within ``://`` and ``www.`` does.
    """
    parts = _REFERENCE.split(visible(text))
    text = _WORD_JOINER.join(_MARKUP.sub(r"\\\g<0>", part).translate(_ENTITIES) for part in parts)
    return _ARROW.sub(" -> ", text)


def code_span(text: str, *, cell: bool = False) -> str:
    """Return ``text`` as a Markdown code span; nothing for nothing.

    In a table cell a bar is escaped even within code; elsewhere the backslash would show.
    """
    shown = visible(text)
    if not shown:
        return ""
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    padding = " " if longest or shown != shown.strip() else ""
    span = f"{fence}{padding}{shown}{padding}{fence}"
    return span.replace("|", "\\|") if cell else span


def prose(text: str, *, cell: bool = False) -> str:
    """Return a sentence as Markdown in which code is code, and nothing else is markup."""
    return "".join(
        code_span(part, cell=cell) if is_code else markdown(part) for part, is_code in split_code(text)
    )


def split_code(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of a sentence and whether each is code: what stands between backticks, whatever it is, and names of code."""
    for number, part in enumerate(_CODE.split(text)):
        if number % 2:
            yield part, True
        else:
            yield from ((each, at % 2 == 1) for at, each in enumerate(_NAME.split(part)) if each)


def quoted(text: str) -> str:
    """Return a stranger's sentence as Markdown: its pairs of backticks make code; where they stand side by side or alone, none does."""
    if "``" in text or text.count("`") % 2:
        return markdown(text)
    parts = _CODE.split(text)
    return "".join(code_span(part) if number % 2 else markdown(part) for number, part in enumerate(parts))


def command_data(text: str) -> str:
    """Return ``text`` as the data of a workflow command."""
    return (
        _INVISIBLE.sub(_escaped_unless_newline, text)
        .replace("%", "%25")
        .replace("\r", "%0D")
        .replace("\n", "%0A")
    )


def command_property(text: str) -> str:
    """Return ``text`` as a property value of a workflow command."""
    return command_data(visible(text)).replace(":", "%3A").replace(",", "%2C")


def message_text(text: str) -> str:
    """Return ``text`` as a plain text message of SARIF, which knows one piece of markup: ``[text](link)``."""
    return visible(text).replace("](", "] (")


def uri_path(path: str) -> str:
    """Return a repository path as a relative URI."""
    return quote(path, safe="/", errors="surrogatepass").replace("//", "/%2F")


def _escaped(match: re.Match[str]) -> str:
    return _escape(match[0])


def _escaped_unless_newline(match: re.Match[str]) -> str:
    return match[0] if match[0] in "\r\n" else _escape(match[0])


def _escape(character: str) -> str:
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character)
    number = ord(character)
    return short or (
        f"\\x{number:02x}"
        if number < 0x100
        else f"\\u{number:04x}"
        if number < 0x10000
        else f"\\U{number:08x}"
    )


def _json_escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
