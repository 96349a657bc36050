"""HTML of a digest: one self-contained page, no network; light and dark, narrow screens, keyboard."""

from __future__ import annotations

from markupsafe import Markup

from diffscope.render.digest_charts import HINT, draw, is_available
from diffscope.render.digest_reading import DigestReading
from diffscope.render.digest_script import SCRIPT, SCRIPT_HASH
from diffscope.render.digest_wish import Wish
from diffscope.render.style import Language, Style
from diffscope.render.templates import fill
from diffscope.render.words import Words
from diffscope.report.values import Digest


def render(digest: Digest, style: Style, wish: Wish) -> str:
    """Return the page. Raises ``UsageError`` where a template of the user's own is wrong."""
    words = Words(style.language)
    can_draw = is_available()
    pictures = draw(digest, style) if can_draw else {}

    def say(english: str, chinese: str) -> str:
        return chinese if style.language is Language.CHINESE else english

    return fill(
        "digest.html.j2",
        words,
        own=wish.templates,
        d=digest,
        read=DigestReading(digest, words),
        say=say,
        charts={name: Markup(svg) for name, svg in pictures.items()},  # noqa: S704 - Vega escapes what it is given
        charts_hint=None if can_draw else HINT,
        script=Markup(SCRIPT),  # noqa: S704 - a constant
        script_hash=SCRIPT_HASH,
    )
