"""Splits the description of an item: the author's text, without templates, code and folded output; the environment it reports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from diffscope.patterns import lazy_regex
from diffscope.source.model import Value
from diffscope.source.profile import profile
from diffscope.source.text import split_lines

_LEAST_WORDS: Final = 4
_LONGEST: Final = 240
_NO_VALUE: Final = lazy_regex(
    r"(?:^|\s)[\w .()/-]{2,60}[:=]\s*(?:n/?a|none|null|could not collect|not (?:set|available|found)|disabled|false|no)\s*[,.]?$",
    re.IGNORECASE,
)
"""A line that names something in order to say that it is not there: ``ROCM used to build PyTorch : N/A``."""
_HEADING: Final = lazy_regex(r"#{1,6}\s+(.*)|\*\*([^*]{1,80})\*\*:?$")
_ENVIRONMENT: Final = lazy_regex(r"environment|collect_env", re.IGNORECASE)
_SKIPPED: Final = lazy_regex(
    r"environment|before submitting|checklist|test (?:plan|result|command)|testing|documentation update|cc list|feedback period|alternatives"
    r"|additional context|essential elements|related (?:issue|pr)",
    re.IGNORECASE,
)
"""Headings of templates under which no author says what it is about."""
_FIRST: Final = lazy_regex(
    r"describe|\bbug\b|purpose|summary|motivation|pitch|proposal|overview|description|\bissue\b",
    re.IGNORECASE,
)
_NO_PROSE: Final = lazy_regex(
    r"[|>!<\[]|-{3,}|={3,}|[-*+]\s*\[[ xX]?\]|_?no response|\(optional\)|please fill|before submitting"
    r"|(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?|related to|depends on)\b:?\s*(?:#\d+|https?://\S+|[\s,.;]|(?:and|fix|fixes|closes)\b)*$",
    re.IGNORECASE,
)
"""Lines that no author wrote to be read: tables, images, boxes to tick, the prompts of templates, ``FIX #1234``."""
_BULLET: Final = lazy_regex(r"(?:[-*+•]|\d{1,2}[.)])\s+")
_LINK: Final = lazy_regex(r"\[([^\]\[]{1,200})\]\([^()\s]{1,400}\)")
_SENTENCE: Final = lazy_regex(r"(?<=[。！？])|(?<=[.!?])(?<!e\.g\.)(?<!i\.e\.)(?<!vs\.)(?<!etc\.)(?<!cf\.)\s")
_WIDE: Final = lazy_regex(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_FEAR: Final = lazy_regex(
    r"\b(?:might|may|could|will|would|potentially|possibly|likely to)\s+(?:\w+\s+){0,3}?(?:break|regress|conflict)"
    r"|(?:可能|或许|也许)(?:会)?(?:破坏|影响|不兼容|导致)",
    re.IGNORECASE,
)
"""What the change may do; of a fix, what was wrong before."""
_DOUBT: Final = lazy_regex(
    r"\b(?:breaking change|backwards?[- ]incompatib|incompatible change)"
    r"|\b(?:not (?:entirely |fully |really |quite )?(?:sure|certain)|unsure|i am worried|i'm worried|my concern|one concern)\b"
    r"|\b(?:not (?:yet |been )*tested|untested)\b"
    r"|不(?:太)?确定|(?:尚未|还没有?|未经)(?:充分)?测试",
    re.IGNORECASE,
)
_NO_DOUBT: Final = lazy_regex(
    r"\b(?:no|none|not an?|non|without|isn't a|not introduce(?: any)?|avoid(?:s|ing)?|fix(?:es|ed)?|prevents?|previously|currently|before this)\b"
    r"|n't (?:break|be|introduce)|not break",
    re.IGNORECASE,
)
"""Words of a sentence that says that nothing breaks, or what did before."""


class Body(NamedTuple):
    """A description in two parts, and what of it says that something is not there."""

    own: tuple[str, ...]
    """Lines that the author wrote, headings among them."""
    output: tuple[str, ...]
    """Lines of folded parts and of the section on the environment, but for those that name what is not there."""
    absent: tuple[str, ...]
    """Lines that name what is not there, wherever they are."""
    code: tuple[str, ...]
    """Lines of code blocks outside of all that."""


class Environment(Value, frozen=True, kw_only=True):
    """What the output of ``collect_env`` in a description says; nothing where it does not say it."""

    gpus: tuple[str, ...] = ()
    """As it names them, each once, with how many there are: ``8 × NVIDIA H100 80GB HBM3``."""
    cuda: str = ""
    rocm: str = ""
    """The version of ROCm, else of HIP."""
    torch: str = ""
    own: str = ""
    """The version of the repository's own package."""


@lru_cache(maxsize=4096)
def read_body(text: str) -> Body:
    """Return the parts of a description."""
    parts: dict[str, list[str]] = {"own": [], "output": [], "absent": [], "code": []}
    for line, place in _placed(split_lines(_without_comments(text))):
        parts["absent" if _NO_VALUE.search(line) else place].append(line)
    return Body(**{place: tuple(lines) for place, lines in parts.items()})


def said(text: str, *, is_pull: bool) -> str:
    """Return the first sentence, or point of a list, that says what an item is about; nothing where there is none.

    Of an issue what stands under a heading such as "Describe the bug" comes first.
    """
    sections = [lines for heading, lines in _sections(read_body(text).own) if not _SKIPPED.search(heading)]
    if not is_pull:
        named = [
            lines
            for heading, lines in _sections(read_body(text).own)
            if _FIRST.search(heading) and not _SKIPPED.search(heading)
        ]
        sections = [*named, *sections]
    leads: list[str] = []
    for lines in sections:
        for block in _blocks(lines):
            sentence = _SENTENCE.split(block, maxsplit=1)[0].strip()
            if _words(sentence) < _LEAST_WORDS:
                continue
            if not sentence.endswith((":", "：")):
                return _cut(sentence)
            leads.append(sentence)
    return _cut(leads[0]) if leads else ""


def doubt(text: str, *, is_fix: bool = False) -> str:
    """Return the first sentence in which the author fears to break something or is not sure; nothing where there is none."""
    for heading, lines in _sections(read_body(text).own):
        if _SKIPPED.search(heading):
            continue
        for block in _blocks(lines):
            for sentence in _SENTENCE.split(block):
                is_doubt = _DOUBT.search(sentence) or (not is_fix and _FEAR.search(sentence))
                if is_doubt and not _NO_DOUBT.search(sentence):
                    return _cut(sentence.strip())
    return ""


def environment(text: str) -> Environment:
    """Return what the environment is said to be."""
    body = read_body(text)
    # People also paste the output as it is, without folding it.
    lines = (*body.output, *body.own, *body.code)
    return Environment(
        gpus=_gpus(lines),
        cuda=_value(lines, "CUDA runtime version", "CUDA used to build PyTorch"),
        rocm=_value(lines, "ROCM used to build PyTorch", "ROCM Version", "HIP runtime version"),
        torch=_value(lines, "PyTorch version"),
        own=_value(lines, f"{profile().title} Version"),
    )


def _without_comments(text: str) -> str:
    # By `find`: a pattern would look again for an end from every beginning of a text full of them.
    kept, at = [], 0
    while (start := text.find("<!--", at)) >= 0:
        end = text.find("-->", start)
        kept.append(text[at:start])
        if end < 0:
            return "".join(kept)
        at = end + len("-->")
    return "".join((*kept, text[at:]))


def _placed(lines: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield each line without its margins, and where it stands: ``own``, ``output`` or ``code``."""
    last_end = max((at for at, line in enumerate(lines) if "</details>" in line.lower()), default=-1)
    depth, fence, is_environment = 0, "", False
    for at, raw in enumerate(lines):
        line = raw.strip()
        lower = line.lower()
        if fence:
            if line.startswith(fence) and not line.strip(fence[0]):
                fence = ""
                continue
        elif line.startswith(("```", "~~~")):
            fence = line[: len(line) - len(line.lstrip(line[0]))]
            continue
        # What is never closed folds nothing: a description would be lost.
        depth = max(0, depth + (lower.count("<details") if at <= last_end else 0) - lower.count("</details>"))
        if not fence and not depth and line.startswith("#"):
            is_environment = _ENVIRONMENT.search(line) is not None
        if depth or (is_environment and not line.startswith("#")):
            yield line, "output"
        elif fence:
            yield line, "code"
        elif not lower.startswith("</details>"):
            yield line, "own"


def _sections(lines: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    heading, found = "", list[str]()
    for line in lines:
        match = _HEADING.match(line)
        if match is None:
            found.append(line)
            continue
        yield heading, found
        heading, found = match[1] or match[2] or "", []
    yield heading, found


def _blocks(lines: Iterable[str]) -> Iterator[str]:
    """Yield paragraphs and points of lists, each on one line, without markup that a reader does not see."""
    block: list[str] = []
    for line in (*lines, ""):
        is_point = _BULLET.match(line) is not None
        if not line or is_point or _NO_PROSE.match(line):
            if block:
                yield _plain(" ".join(block))
            block = []
        if line and not _NO_PROSE.match(line):
            block.append(_BULLET.sub("", line, count=1) if is_point else line)


def _plain(text: str) -> str:
    return _LINK.sub(r"\1", text).replace("**", "")


def _words(text: str) -> int:
    return len(text.split()) + len(_WIDE.findall(text)) // 2


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}…"


def _gpus(lines: Iterable[str]) -> tuple[str, ...]:
    names: dict[str, str] = {}
    counts: dict[str, int] = {}
    for line in lines:
        match = re.match(r"(?:GPU (\d{1,3})|GPU models and configuration)\s*:\s*(\S[^(]{2,60})", line)
        if match is not None and (match[1] or "all") not in names:
            name = match[2].strip()
            names[match[1] or "all"] = name
            counts[name] = counts.get(name, 0) + 1
    return tuple(f"{count} × {name}" if "all" not in names else name for name, count in counts.items())


def _value(lines: Iterable[str], *names: str) -> str:
    """Return the value of the first of these names that has one which begins with a digit."""
    listed = tuple(lines)
    for name in names:
        pattern = re.compile(rf"{re.escape(name)}\s*:\s*(\d[\w.+-]{{0,40}})", re.IGNORECASE)
        match = next((found for line in listed if (found := pattern.match(line))), None)
        if match is not None:
            return match[1]
    return ""
