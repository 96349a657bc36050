"""Stage 0, reading of our own YAML: mistakes with file, line and column, and one reader of a file that gathers them all.

``Reading`` gives typed access to single nodes; ``typed.py`` reads whole structs with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from diffscope.errors import DiffscopeError, RuleError
from diffscope.yaml.strict import MOST_PROBLEMS, Entry, ListNode, MapNode, Node, ScalarNode, parse_strict

MOST_MISTAKES: Final = 100
"""Of one file; more help nobody."""
_WRITE_KEYS: Final = "write 'key: value' lines"


class Mistake(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong in a file, and what to do; line and column from 1."""

    path: str
    line: int
    message: str
    hint: str = ""
    column: int = 1


def mistakes_error(mistakes: Sequence[Mistake], *, kind: type[DiffscopeError] = RuleError) -> DiffscopeError:
    """Return one error that names every mistake, in the order of files and lines."""
    ordered = in_order(mistakes)
    if len(ordered) == 1:
        only = ordered[0]
        return kind(only.message, at=f"{only.path}:{only.line}:{only.column}", hint=only.hint or None)
    lines = [mistake_line(each) for each in ordered]
    return kind("\n".join([f"{len(lines)} mistakes", *lines]), hint="correct them all, then run it again")


def in_order(mistakes: Iterable[Mistake]) -> list[Mistake]:
    """Return mistakes by file, line and column, each once."""
    return sorted(set(mistakes), key=lambda each: (each.path, each.line, each.column, each.message))


def mistake_line(mistake: Mistake) -> str:
    """Return a mistake as one line: ``path:line:column: message (hint)``."""
    hint = f" ({mistake.hint})" if mistake.hint else ""
    return f"{mistake.path}:{mistake.line}:{mistake.column}: {mistake.message}{hint}"


def nearest(word: str, words: Iterable[str]) -> str:
    """Return ``did you mean 'x'?`` for the nearest of the words, or the words themselves where none is near."""
    known = sorted(words)
    if (found := nearest_word(word, known)) is not None:
        return f"did you mean '{found}'?"
    return f"known: {', '.join(known)}" if len(known) <= 12 else ""


def nearest_word(word: str, words: Iterable[str]) -> str | None:
    """Return the nearest of the words; ``None`` where none is near."""
    import difflib  # noqa: PLC0415 - few files have mistakes, and it is slow to import

    # Long junk would cost quadratic time and cannot be near anything.
    found = difflib.get_close_matches(word, sorted(words), n=1, cutoff=0.6) if len(word) <= 80 else []
    return found[0] if found else None


class Reading:
    """The reading of one file: typed access to its nodes; what is wrong lands in ``mistakes`` and gives a neutral value."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.mistakes: list[Mistake] = []
        self.is_broken = False
        """The file is no YAML that could be read to its end: what it lacks, or what stands before, is not told besides."""

    def parse(self, text: str) -> MapNode:
        """Return the top mapping of a text; an empty one where there is none."""
        root = self.root(text)
        if isinstance(root, MapNode):
            return root
        if not self.is_broken:
            self.report(root, f"the file must hold a mapping of keys, not {shape(root)}", _WRITE_KEYS)
        return MapNode((), 1, 1)

    def root(self, text: str) -> Node:
        """Return the tree of a text. Of a file that could not be read to its end there is one mistake: where reading stopped."""
        root, problems = parse_strict(text)
        stop = next((problem for problem in problems if problem.stops_reading), None)
        for problem in (stop,) if stop else problems:
            self._note(problem.line, problem.column, problem.message, problem.hint)
        # With so many problems the tree ends where they were cut off.
        self.is_broken = stop is not None or len(problems) >= MOST_PROBLEMS
        return root

    def report(self, place: Node | Entry | int, message: str, hint: str = "") -> None:
        """Note a mistake at a node or a line."""
        if isinstance(place, int):
            self._note(place, 1, message, hint)
        else:
            self._note(place.line, place.column, message, hint)

    def _note(self, line: int, column: int, message: str, hint: str) -> None:
        if self.is_broken or len(self.mistakes) > MOST_MISTAKES:
            return
        if len(self.mistakes) == MOST_MISTAKES:
            message, hint = "and more; correct these first", ""
        self.mistakes.append(Mistake(path=self.path, line=line, column=column, message=message, hint=hint))

    def mapping(
        self, node: Node, what: str, *, known: Iterable[str], required: Iterable[str] = ()
    ) -> Mapping[str, Entry]:
        """Return the entries of a mapping by key; unknown and missing keys are mistakes."""
        if not isinstance(node, MapNode):
            self.report(node, f"{what} must be a mapping, not {shape(node)}", "write 'key: value'")
            return {}
        words = tuple(known)
        for entry in node.entries:
            if entry.key not in words:
                self.report(entry, f"unknown key '{clipped(entry.key)}' in {what}", nearest(entry.key, words))
        entries = {entry.key: entry for entry in node.entries if entry.key in words}
        for key in required:
            if key not in entries:
                self.report(node, f"{what} lacks '{key}'", f"add '{key}:'")
        return entries

    def items(self, node: Node, what: str) -> tuple[Node, ...]:
        """Return the items of a list."""
        if isinstance(node, ListNode):
            return node.items
        self.report(node, f"{what} must be a list, not {shape(node)}", "write [a, b] or '- ' lines")
        return ()

    def text(self, node: Node, what: str) -> str:
        """Return a text; a number or truth value in its place is a mistake."""
        if isinstance(node, ScalarNode) and isinstance(node.value, str) and node.value.strip():
            return node.value
        if isinstance(node, ScalarNode) and node.value is not None and node.text.strip():
            self.report(node, f"{what} must be text, not {shape(node)}", f'quote it: "{clipped(node.text)}"')
        else:
            self.report(node, f"{what} must be text, not {shape(node)}", "write a text")
        return ""

    def whole(self, node: Node, what: str) -> int:
        """Return a whole number."""
        value = node.value if isinstance(node, ScalarNode) else None
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        self.report(node, f"{what} must be a whole number, not {shape(node)}", "write digits, without quotes")
        return 0

    def truth(self, node: Node, what: str) -> bool:
        """Return true or false."""
        value = node.value if isinstance(node, ScalarNode) else None
        if isinstance(value, bool):
            return value
        self.report(node, f"{what} must be true or false, not {shape(node)}", "write true or false")
        return False

    def choice(self, node: Node, what: str, words: Iterable[str]) -> str | None:
        """Return one of the words; ``None`` where it is none of them."""
        known = tuple(words)
        value = self.text(node, what)
        if value in known:
            return value
        if value:
            self.report(node, f"unknown {what} '{clipped(value)}'", nearest(value, known))
        return None


def shape(node: Node) -> str:
    """Return what a node is, in a word or two: ``a list``, ``the number 3``, ``nothing``."""
    if isinstance(node, MapNode):
        return "a mapping"
    if isinstance(node, ListNode):
        return "a list"
    if node.value is None:
        return "nothing"
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    kind = "the text" if isinstance(node.value, str) else "the number"
    return f"{kind} '{clipped(node.text)}'"


def clipped(text: str, limit: int = 60) -> str:
    """Return a text of a hostile file cut to a length that a message can bear."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
