"""A triage as Markdown and as one self-contained page without a network; its script filters the queue, and the address holds the state."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from functools import cached_property
from typing import Final

from markupsafe import Markup

from diffscope.messages.model import Text
from diffscope.products.triage.model import Bucket, Entry, Place, Triage
from diffscope.products.triage.queue import link_reasons
from diffscope.products.triage.render.text import head_of
from diffscope.render.report_words import tag_title
from diffscope.render.style import Style
from diffscope.render.templates import fill
from diffscope.render.words import Words

_BUCKETS: Final[tuple[Bucket, ...]] = ("first", "review", "decide", "author")
_LEVELS: Final = ("none", "low", "medium", "high", "critical", "unknown")
_MOST_CHOICES: Final = 200

SCRIPT: Final = r"""
(() => {
  const $ = id => document.getElementById(id), rows = [...$("queue").tBodies[0].rows];
  document.documentElement.classList.add("script");
  const selects = [...document.querySelectorAll("select[data-field]")], search = $("search"), shown = $("shown");
  const plain = text => text.toLowerCase();
  const show = () => {
    const words = plain(search.value).split(/\s+/).filter(Boolean);
    let found = 0;
    for (const row of rows) {
      const text = row.found ||= plain(row.textContent);
      const keep = words.every(word => text.includes(word)) &&
        selects.every(each => !each.value || (" " + row.dataset[each.dataset.field] + " ").includes(" " + each.value + " "));
      row.hidden = !keep;
      found += keep;
    }
    shown.textContent = shown.dataset.words.replace("{}", found).replace("{}", rows.length);
    $("reset").hidden = found === rows.length;
  };
  const keep = () => {
    const kept = new URLSearchParams();
    if (search.value) kept.set("q", search.value);
    for (const each of selects) if (each.value) kept.set(each.dataset.field, each.value);
    try { history.replaceState(null, "", [...kept].length ? "#" + kept : location.pathname + location.search); } catch { /* no address */ }
    show();
  };
  const load = () => {
    if (location.hash && !location.hash.includes("=")) {
      const target = $(location.hash.slice(1));
      if (target?.hidden) { target.hidden = false; target.scrollIntoView(); }
      return;
    }
    const given = new URLSearchParams(location.hash.slice(1));
    search.value = given.get("q") || "";
    for (const each of selects) each.value = given.get(each.dataset.field) || "";
    show();
    if (location.hash) $("table").scrollIntoView();
  };
  search.addEventListener("input", keep);
  for (const each of selects) each.addEventListener("change", keep);
  $("reset").addEventListener("click", () => { search.value = ""; for (const each of selects) each.value = ""; keep(); });
  addEventListener("hashchange", load);
  show();
  load();
})();
"""
SCRIPT_HASH: Final = "sha256-" + base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
"""What the page's Content-Security-Policy allows: this script and no other."""


def render_html(triage: Triage, style: Style) -> str:
    """Return the page."""
    words = Words(style.language)
    script = Markup(SCRIPT)  # noqa: S704 - a constant
    return fill(
        "triage.html.j2", words, t=triage, read=_View(triage, words), script=script, script_hash=SCRIPT_HASH
    )


def render_markdown(triage: Triage, style: Style) -> str:
    """Return the text; of long lists the first hundred, of the queue fifty a state."""
    words = Words(style.language)
    return fill("triage.md.j2", words, t=triage, read=_View(triage, words))


class _View:
    """What the templates ask."""

    def __init__(self, triage: Triage, words: Words) -> None:
        self._triage = triage
        self._words = words
        self._entries = {entry.number: entry for entry in triage.queue}

    def name(self, number: int) -> str:
        """Return how a change is called."""
        entry = self._entries.get(number)
        return f"#{number}" if number > 0 or entry is None else (entry.head or "")[:12]

    def url(self, number: int) -> str:
        """Return its address, where that is one that may be followed."""
        entry = self._entries.get(number)
        url = entry.url if entry is not None else None
        return url if url and url.startswith("https://") and " " not in url and ")" not in url else ""

    @property
    def head(self) -> str:
        """How many changes were compared, and where they come from."""
        return head_of(self._triage, self._words)

    def tag(self, name: str) -> str:
        """Return how an area or a kind is called."""
        return tag_title(name, self._words.language)

    def own_reasons(self, entry: Entry) -> list[Text]:
        """Return the reasons that name no other change: the page names those with links."""
        linked = set(link_reasons(entry.collides, entry.same_as, entry.after))
        return [reason for reason in entry.reasons if reason not in linked]

    def bucket_name(self, bucket: str) -> str:
        """Return the title of a state of the queue."""
        return self._words(f"bucket.{bucket}")

    def certainty(self, name: str) -> str:
        """Return the word of a certainty."""
        return self._words(f"certainty.{name}")

    def place(self, place: Place) -> str:
        """Return a place as ``path:line``."""
        return f"{place.path}:{place.line}" if place.line else place.path

    def of(self, bucket: str) -> list[Entry]:
        """Return the changes of a state."""
        return [entry for entry in self._triage.queue if entry.bucket == bucket]

    @cached_property
    def buckets(self) -> list[tuple[str, str, int]]:
        """The states, each with its title and number of changes."""
        return [(bucket, self.bucket_name(bucket), len(self.of(bucket))) for bucket in _BUCKETS]

    @cached_property
    def levels(self) -> list[tuple[str, str, int]]:
        """The levels that occur."""
        counts = Counter(entry.level for entry in self._triage.queue)
        return [(level, self._words(level), counts[level]) for level in _LEVELS if counts[level]]

    def choices(self, field: str) -> list[tuple[str, str, int]]:
        """Return the names of a field that occur, the most frequent first."""
        counts = Counter(name for entry in self._triage.queue for name in getattr(entry, field))
        return [
            (name, self.tag(name) if field == "areas" else name, count)
            for name, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        ][:_MOST_CHOICES]
