"""Shell text -> the programs that it calls, each with its words and the folders it may run in.

Not a shell: what is needed to know which tests and files a CI command names. Quotes, escapes, ``cd``, ``&&``, ``;``,
pipes, groups, environment prefixes, keywords, comments, here-documents (skipped), wrappers (``timeout``, ``env``),
``bash -c`` and command strings handed to a script. A word that holds a variable or a substitution keeps its ``$``.
"""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_right
from collections import defaultdict
from typing import Final, NamedTuple

from diffscope.patterns import lazy_regex
from diffscope.source.profile import profile

OUTSIDE: Final = "../outside"
"""A folder that is not the repository's: nothing that is named from there is."""

_TOKEN = lazy_regex(
    r"""(?P<gap>(?:[ \t\r]|\\\r?\n)+)
    |(?P<comment>\#[^\n]*)
    |(?P<operator>\n|&&|\|\||;;|[;&|()])
    |(?P<redirect>[0-9]*(?:>>|>&|<<<|>|<)(?:[ \t]*(?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|[^\s'"\\;&|()<>])+)?)
    |(?P<word>(?:\$\((?:[^()'"]|\([^()]*\)|'[^']*'|"[^"]*")*\)|\\.|'[^']*'|"(?:\\.|[^"\\])*"|[^\s'"\\;&|()<>])+)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_PIECE = lazy_regex(r"'([^']*)'|\"((?:\\.|[^\"\\])*)\"|\\(.)|([^'\"\\]+)", re.DOTALL)
_HEREDOC = lazy_regex(r"<<-?[ \t]*['\"]?([A-Za-z_]\w*)")
_ASSIGNMENT = lazy_regex(r"[A-Za-z_][A-Za-z0-9_]*\+?=", re.ASCII)
_VARIABLE = lazy_regex(r"(?<!\$)\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))", re.ASCII)
_DEFAULT = lazy_regex(r"^\$\{[A-Za-z_]\w*:?-([^${}]*)\}$", re.ASCII)
_DECLARES: Final = frozenset({"export", "local", "readonly", "declare"})
_KEYWORDS: Final = frozenset(
    ["if", "then", "else", "elif", "fi", "do", "done", "while", "until", "!", "{", "}", "time"]
)
_WRAPPERS: Final = frozenset({"exec", "command", "env", "nohup", "sudo", "eval", "builtin", "xargs"})
_WITH_NUMBER: Final = frozenset({"timeout", "nice", "retry"})
_SHELLS: Final = frozenset({"bash", "sh", "/bin/bash", "/bin/sh"})
_RUNS_COMMANDS = lazy_regex(r"\b(?:pytest|python3?|bash|torchrun)\b")
_MAX_TEXT: Final = 200_000
_MAX_NESTING: Final = 4
_MAX_VALUE: Final = 400


class Call(NamedTuple):
    """A program and its words, unquoted; ``folders`` are the folders, relative to the root, that it may run in."""

    words: tuple[str, ...]
    folders: tuple[str, ...]
    pipe: int
    """Calls of one pipeline share a number."""

    @property
    def is_certain(self) -> bool:
        """Say whether the folder is known."""
        return len(self.folders) == 1


def parse_shell(text: str, *, folders: tuple[str, ...], depth: int = 0) -> tuple[Call, ...]:
    """Return the calls of a shell text, in order; text beyond 200,000 characters is not read."""
    calls: list[Call] = []
    variables: dict[str, str] = {}
    pipe = 0
    for all_words, operator in _simple_commands(text[:_MAX_TEXT]):
        _remember(all_words, variables)
        words = [_filled(word, variables) for word in _bare(all_words)]
        if words and words[0] == "cd":
            folders = _change(folders, words[1:])
        elif words:
            calls.append(Call(tuple(words), folders, pipe))
            calls += _nested(words, folders, depth)
        pipe += operator != "|"
    return tuple(calls)


def folders_after(text: str, folders: tuple[str, ...]) -> tuple[str, ...]:
    """Return the folders that a shell is in after a text was run."""
    if "cd " not in text:
        return folders
    return parse_shell(f"{text}\n:", folders=folders)[-1].folders


def folder_in_repository(path: str) -> str | None:
    """Return a working folder relative to the root, ``None`` where it lies outside or is not known."""
    if "$" in path or path == "/":
        return None
    inside = _in_workspace(path) if path.startswith("/") else path
    return resolve("", inside) if inside is not None else None


def _in_workspace(path: str) -> str | None:
    """Return an absolute path of CI's containers relative to the repository; ``None`` where it lies outside."""
    workspace = profile().workspace
    if workspace is None or not f"{path}/".startswith(f"{workspace}/"):
        return None
    return path[len(workspace) :].strip("/")


def resolve(folder: str, word: str) -> str | None:
    """Return a path that a command names, relative to the root; ``None`` where it lies outside."""
    if word.startswith(("/", "~")):
        return _in_workspace(word)
    path = posixpath.normpath(posixpath.join(folder, word))
    return None if path.startswith("..") else "" if path == "." else path


def unquote(word: str) -> str:
    """Return a word without its quotes and escapes."""
    if not any(char in word for char in "'\"\\"):
        return word
    return "".join(
        single or re.sub(r'\\([$`"\\\n])', r"\1", double) or escaped or plain
        for single, double, escaped, plain in _PIECE.findall(word)
    )


def _simple_commands(text: str) -> list[tuple[list[str], str]]:
    """Words between operators, with the operator that ends them."""
    if "<<" in text:
        text = _without_heredocs(text)
    commands: list[tuple[list[str], str]] = []
    words: list[str] = []
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup
        if kind == "word":
            words.append(unquote(found[0]))
        elif kind == "operator":
            commands.append((words, found[0]))
            words = []
    commands.append((words, "\n"))
    return commands


def _remember(words: list[str], variables: dict[str, str]) -> None:
    """Keep what a command assigns for those after it: ``A=b``, ``export A=b``; a value with a variable is none."""
    rest = words[1:] if words[:1] and words[0] in _DECLARES else words
    if not all(_ASSIGNMENT.match(word) for word in rest):
        return
    for word in rest:
        name, _, value = word.partition("=")
        value = _DEFAULT.sub(r"\1", value)
        if "$" in value or "`" in value or len(value) > _MAX_VALUE:
            variables.pop(name, None)
        else:
            variables[name] = value


def _filled(word: str, variables: dict[str, str]) -> str:
    if "$" not in word or not variables:
        return word
    return _VARIABLE.sub(lambda found: variables.get(found[1] or found[2], found[0]), word)


def _without_heredocs(text: str) -> str:
    """A text without the lines of its here-documents; one that is never closed is none."""
    lines = text.split("\n")
    ends: defaultdict[str, list[int]] = defaultdict(list)
    for number, line in enumerate(lines):
        ends[line.strip()].append(number)
    kept: list[str] = []
    number = 0
    while number < len(lines):
        kept.append(lines[number])
        found = _HEREDOC.search(lines[number])
        closing = ends[found[1]] if found else []
        at = bisect_right(closing, number)
        number = closing[at] + 1 if at < len(closing) else number + 1
    return "\n".join(kept)


def _bare(words: list[str]) -> list[str]:
    """A command without keywords, assignments and wrappers in front of its program."""
    at = 0
    while at < len(words):
        word = words[at]
        if word in _KEYWORDS or word in _WRAPPERS or _ASSIGNMENT.match(word):
            at += 1
            is_wrapper = word in _WRAPPERS
            while is_wrapper and at < len(words) and words[at][:1] in {"-", "$"}:
                at += 2 if words[at] in {"-I", "-n", "-P", "-L"} else 1
        elif word in _WITH_NUMBER:
            at += 1
            while at < len(words) and re.fullmatch(r"-.*|[\d.]+[smhd]?", words[at], re.DOTALL):
                at += 1
        else:
            break
    return [] if at < len(words) and words[at] in {"for", "case", "function", "select"} else words[at:]


def _change(folders: tuple[str, ...], words: list[str]) -> tuple[str, ...]:
    """The folders after ``cd``; where a variable hides it, the root and tests/ are both possible."""
    if not words or "$" in words[0]:
        return tuple(dict.fromkeys((*folders, "", "tests")))
    found = tuple(
        dict.fromkeys(path for folder in folders if (path := resolve(folder, words[0])) is not None)
    )
    return found or (OUTSIDE,)


def _nested(words: list[str], folders: tuple[str, ...], depth: int) -> list[Call]:
    """The calls in command strings: of ``bash -c`` in the same folder, of a wrapper script in an unknown one."""
    if depth >= _MAX_NESTING:
        return []
    program = words[0]
    calls: list[Call] = []
    for at, word in enumerate(words[1:], start=1):
        if not any(char.isspace() for char in word) or not _RUNS_COMMANDS.search(word):
            continue
        is_shell_string = program in _SHELLS and re.fullmatch(r"-[a-z]*c", words[at - 1]) is not None
        is_python = program.startswith("python") and words[at - 1] == "-c"
        if is_python or words[at - 1] in {"-k", "-m", "--deselect"}:
            continue
        inside = folders if is_shell_string else tuple(dict.fromkeys(("", *folders, "tests")))
        calls += parse_shell(word, folders=inside, depth=depth + 1)
    return calls
