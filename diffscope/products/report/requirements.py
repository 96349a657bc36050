"""How the requirement of a dependency changed: its versions before and after, the major ones that are new, what is excluded."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from diffscope.messages.model import Text
from diffscope.messages.say import text_of
from diffscope.patterns import lazy_regex
from diffscope.products.report.notice_texts import Change, shortened

_BOUND: Final = lazy_regex(r"<(\d[\d.]*)")
_MAJOR: Final = lazy_regex(r"(?:==|<=?|~=)(\d+)")
_MOST_EXCLUDED: Final = 2
_LONG: Final = 60


def majors_of(wanted: str) -> tuple[str, ...]:
    """Return the major versions that a requirement pins or ends before."""
    return tuple(sorted(_MAJOR.findall(wanted)))


def of_requirement(name: str, before: str, after: str) -> Change:
    """Return the change of a requirement: of a long list of exclusions the first and the last, and of major versions which are new."""
    before, after = _of_wheel(before), _of_wheel(after)
    parts = after.split(",")
    excluded = sorted((each[2:] for each in parts if each.startswith("!=")), key=_version)
    kept = ",".join(each for each in parts if not each.startswith("!="))
    now = text_of("now.value", value=shortened(after))
    if len(excluded) > _MOST_EXCLUDED:
        now = text_of("now.without", value=kept, first=excluded[0], last=excluded[-1])
    major = new_major(before, after)
    gist = text_of("gist.dependency", name=name, was=shortened(before), value=shortened(kept or after))
    if major:
        gist = text_of("gist.allows", name=name, value=major)
    elif "/" in after:
        gist = _image_moved(before, after)
    return Change(
        text_of("changed.named", name=name), text_of("was.value", value=shortened(before)), now, gist
    )


def _of_wheel(wanted: str) -> str:
    """Return the version that the address of a wheel pins; what is no such address as it is."""
    if "://" not in wanted:
        return wanted
    try:
        return f"=={parse_wheel_filename(unquote(urlsplit(wanted).path.rpartition('/')[2]))[1]}"
    except (InvalidWheelFilename, ValueError):
        return wanted


def _image_moved(before: str, after: str) -> Text:
    """Return the change of a base image: of one image only its tags."""
    image, _, was = before.rpartition(":")
    if image and after.startswith(f"{image}:"):
        return text_of("gist.image-tag", name=image, was=was, value=after.removeprefix(f"{image}:"))
    return text_of("gist.image", was=before, value=after)


def new_major(before: str, after: str) -> str:
    """Return the version that a requirement ended before and no longer does; nothing where it is not so."""
    bound = _BOUND.search(before)
    return bound[1] if bound and not _BOUND.search(after) and "==" not in after else ""


def _version(written: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", written)]


def of_versions(name: str, before: str, after: str) -> Text:
    """Return how a requirement changed: of a long list of exclusions how many, and what else came and went."""
    before, after = _of_wheel(before), _of_wheel(after)
    was, now = before.split(","), after.split(",")
    gone, come = [each for each in was if each not in now], [each for each in now if each not in was]
    excluded = [each for each in come if each.startswith("!=")]
    if len(excluded) > _MOST_EXCLUDED:
        kept = ",".join(each for each in now if not each.startswith("!="))
        return text_of(
            "notice.dependency-without", name=name, before=shortened(before), after=kept, count=len(excluded)
        )
    if len(before) + len(after) > _LONG and gone and come:
        before, after = ",".join(gone), ",".join(come)
    return text_of("notice.dependency", name=name, before=shortened(before), after=shortened(after))
