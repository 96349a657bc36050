"""Read declared shapes from strict YAML: every mistake of every file is collected, with its line and the nearest word that is allowed."""

from __future__ import annotations

from collections.abc import Iterable

from diffscope.errors import InputError, RuleError
from diffscope.patterns import compile_glob
from diffscope.taxonomy.places import is_glob
from diffscope.taxonomy.tables import Label
from diffscope.taxonomy.words import tokens_of
from diffscope.yaml.strict import Entry, ListNode, MapNode, Node, ScalarNode, parse_strict


class Mistakes:
    """What is wrong in a set of files, one sentence each."""

    def __init__(self) -> None:
        self._found: list[tuple[str, int, str]] = []

    def add(self, at: str, line: int, sentence: str) -> None:
        """Note one mistake."""
        self._found.append((at, line, sentence))

    def raise_any(self) -> None:
        """Raise one error that lists everything found, in the order of files and lines.

        Raises:
            RuleError: at least one mistake was noted.
        """
        if not self._found:
            return
        (at, line, sentence), *rest = sorted(set(self._found))
        lines = [sentence, *(f"{other}:{number}: {text}" for other, number, text in rest)]
        count = len(lines)
        hint = "correct the line" if count == 1 else f"correct the {count} lines"
        raise RuleError("\n".join(lines), at=f"{at}:{line}", hint=hint)


class Reader:
    """The reader of one file."""

    def __init__(self, at: str, mistakes: Mistakes) -> None:
        self._at = at
        self._mistakes = mistakes
        self.is_broken = False
        """The file is no YAML that could be read: what it lacks is not told besides."""

    def parse(self, text: str) -> MapNode:
        """Return the root mapping; a file that has none counts as empty and is noted."""
        root, problems = parse_strict(text)
        for problem in problems:
            self.wrong(problem.line, problem.message)
        self.is_broken = bool(problems) and not isinstance(root, MapNode)
        return self.mapping(root, "the file")

    def wrong(self, line: int, sentence: str) -> None:
        """Note a mistake of this file, unless it could not be read at all."""
        if not self.is_broken:
            self._mistakes.add(self._at, line, sentence)

    def mapping(self, node: Node, what: str) -> MapNode:
        """Return the node as a mapping; an empty one, noted, where it is none."""
        if isinstance(node, MapNode):
            return node
        self.wrong(node.line, f"{what} must be a mapping")
        return MapNode((), node.line, node.column)

    def rows(self, entry: Entry | None, keys: Iterable[str], what: str) -> tuple[tuple[Entry, MapNode], ...]:
        """Return each entry of a mapping of mappings, its keys checked against the allowed ones."""
        if entry is None:
            return ()
        allowed = tuple(keys)
        rows = tuple(
            (row, self.mapping(row.value, f"{what} {row.key!r}"))
            for row in self.mapping(entry.value, entry.key).entries
        )
        for _, fields in rows:
            self.keys(fields, allowed)
        return rows

    def keys(self, fields: MapNode, allowed: Iterable[str]) -> None:
        """Note every key that is not allowed, with the nearest that is."""
        words = tuple(allowed)
        for entry in fields.entries:
            if entry.key not in words:
                self.wrong(entry.line, f"unknown key {entry.key!r}{nearest(entry.key, words)}")

    def section(self, root: MapNode, key: str) -> Entry | None:
        """Return a section that must be there."""
        entry = root.entry(key)
        if entry is None:
            self.wrong(root.line, f"the section {key!r} is missing")
        return entry

    def texts(self, fields: MapNode, key: str) -> tuple[str, ...]:
        """Return a list of texts; empty where the key is absent."""
        node = fields.get(key)
        if node is None:
            return ()
        if not isinstance(node, ListNode):
            self.wrong(node.line, f"{key!r} must be a list")
            return ()
        return tuple(
            text for item in node.items if (text := self.text(item, f"an entry of {key!r}")) is not None
        )

    def words(self, fields: MapNode, key: str) -> tuple[str, ...]:
        """Return a list of phrases; one without a letter or digit, or with a ``*`` inside, is noted."""
        found = self.texts(fields, key)
        for text in found:
            inside = text[1:] if text.startswith("*") else text.removesuffix("*")
            if not tokens_of(text) or "*" in inside or (text.startswith("*") and len(tokens_of(text)) > 1):
                self.wrong(
                    _line(fields, key),
                    f"{text!r} is no phrase: words, with `*` at the end or before a single one",
                )
        return tuple(text for text in found if tokens_of(text))

    def places(self, fields: MapNode, key: str, *, globs_only: bool = False) -> tuple[str, ...]:
        """Return a list of globs or folder words; a glob that does not compile is noted and left out."""
        found = []
        for text in self.texts(fields, key):
            try:
                if globs_only or is_glob(text):
                    compile_glob(text)
                elif not tokens_of(text):
                    self.wrong(_line(fields, key), f"{text!r} holds no word")
                    continue
                found.append(text)
            except InputError as error:
                self.wrong(_line(fields, key), error.message)
        return tuple(found)

    def names(self, fields: MapNode, key: str, known: Iterable[str], what: str) -> tuple[str, ...]:
        """Return a list of names that must be declared elsewhere; where nothing is declared, that file is what is wrong."""
        allowed = tuple(known)
        found = self.texts(fields, key)
        for text in found if allowed else ():
            if text not in allowed:
                self.wrong(_line(fields, key), f"unknown {what} {text!r}{nearest(text, allowed)}")
        return tuple(text for text in found if text in allowed)

    def text(self, node: Node, what: str) -> str | None:
        """Return a scalar as text, ``None`` and a note where it is none."""
        if isinstance(node, ScalarNode) and isinstance(node.value, str) and node.value:
            return node.value
        self.wrong(node.line, f"{what} must be text")
        return None

    def number(self, node: Node, what: str) -> float:
        """Return a scalar as a number, 0 and a note where it is none."""
        if (
            isinstance(node, ScalarNode)
            and isinstance(node.value, int | float)
            and not isinstance(node.value, bool)
        ):
            return float(node.value)
        self.wrong(node.line, f"{what} must be a number")
        return 0.0

    def numbers_named(self, section: Entry | None, names: Iterable[str], what: str) -> dict[str, float]:
        """Return a mapping of numbers that must have exactly these names; 0 and a note for one that is missing."""
        fields = self.mapping(section.value, what) if section else MapNode((), 1, 1)
        found = {}
        for name in names:
            node = fields.get(name)
            if node is None and section:
                self.wrong(fields.line, f"{what}: {name!r} is missing")
            found[name] = self.number(node, repr(name)) if node else 0.0
        self.keys(fields, found)
        return found

    def label(self, fields: MapNode, line: int) -> Label:
        """Return the ``title: {en: …, zh: …}`` of a row; both languages are required."""
        node = fields.get("title")
        if node is None:
            self.wrong(line, "the key 'title' is missing")
            return Label(en="", zh="")
        languages = self.mapping(node, "'title'")
        self.keys(languages, ("en", "zh"))
        said = {}
        for language in ("en", "zh"):
            value = languages.get(language)
            if value is None:
                self.wrong(node.line, f"the title has no {language!r}")
            said[language] = (self.text(value, f"the title's {language!r}") if value else None) or ""
        return Label(en=said["en"], zh=said["zh"])


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the nearest known word, nothing where none is near."""
    # Only mistakes need it; a run without any should not pay for its import.
    import difflib  # noqa: PLC0415

    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def _line(fields: MapNode, key: str) -> int:
    entry = fields.entry(key)
    return entry.line if entry else fields.line
