"""Checks an assessment from the artifact of an untrusted run before anything of it is posted. Pure.

A pull request of a fork runs its own version of the workflow, so the whole file is its author's word. The checks bind it to the run
and to the pull request as GitHub has them; all that GitHub knows better, and every text that our rules bring, is taken from
there. What is left of the author's are the places and notes of the flags, which every renderer makes inert.
"""

from __future__ import annotations

import msgspec

from diffscope.adapters.github.responses import Pull
from diffscope.adapters.github.source import describe
from diffscope.assessment.document import SCHEMA, Assessment
from diffscope.errors import InputError
from diffscope.patterns import lazy_regex
from diffscope.rules.language.catalogue import Catalogue, Stage
from diffscope.rules.model import Flag, Near

LARGEST = 8_000_000
"""Bytes; the assessment of the largest squash commit of vLLM has a tenth."""

_CODE = lazy_regex(r"[A-Z]{2}[0-9]{3}")
_COMMIT = lazy_regex(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_WORD = lazy_regex(r"[\w.+-]{1,64}")


def decode_assessment(data: bytes, *, at: str) -> Assessment:
    """Return the assessment that ``data`` holds. Raises ``InputError`` where it breaks the schema."""
    try:
        found = msgspec.json.decode(data, type=Assessment)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _refused(f"it breaks the schema: {error}", at) from None
    if found.schema != SCHEMA:
        raise _refused(f"its schema is {found.schema[:60]!r}, not {SCHEMA!r}", at)
    return found


def bind(
    assessment: Assessment, pull: Pull, *, repository: str, head: str, head_repository: str | None, at: str
) -> Assessment:
    """Return the assessment with everything that GitHub knows of the pull request taken from GitHub.

    ``head`` and ``head_repository`` are those of the run that made it. Raises ``InputError`` where assessment, run and pull
    request are not of the same head.
    """
    claimed = assessment.change.pull
    their_repository = pull.head.repo.full_name if pull.head.repo else None
    mismatches = {
        "it is of another repository": claimed.repository.lower() != repository.lower(),
        "it names another pull request": claimed.number != pull.number,
        "it judges another commit than its run had": claimed.head != head,
        "the pull request has another head by now": pull.head.sha != head,
        "the pull request is from another repository than the run": their_repository != head_repository,
        "the pull request is closed": pull.state != "open",
        "its base is not a commit": claimed.base is not None and not _COMMIT.fullmatch(claimed.base),
    }
    for reason, applies in mismatches.items():
        if applies:
            raise _refused(reason, at)
    described = describe(pull, repository, claimed.base)
    return msgspec.structs.replace(
        assessment, change=msgspec.structs.replace(assessment.change, pull=described)
    )


def restore_texts(assessment: Assessment, catalogue: Catalogue, *, at: str) -> Assessment:
    """Return the assessment with names, titles and advice of its flags as our own rules have them.

    Raises ``InputError`` for a flag of a rule that we do not have, and for words that are none.
    """
    words = (
        assessment.kind,
        *assessment.tags,
        *assessment.platforms,
        *(share.area for share in assessment.areas),
    )
    odd = next((word for word in words if not _WORD.fullmatch(word)), None)
    if odd is not None:
        raise _refused(f"{odd[:60]!r} is not a kind, tag, platform or area", at)
    flags = tuple(_retold(flag, catalogue, at) for flag in assessment.flags)
    waived = tuple(
        msgspec.structs.replace(one, flag=_retold(one.flag, catalogue, at)) for one in assessment.waived
    )
    unknown = next((rule.code for rule in assessment.unknown if not _CODE.fullmatch(rule.code)), None)
    if unknown is not None:
        raise _refused(f"{unknown[:60]!r} is not a rule", at)
    near = tuple(_retold_near(one, catalogue, at) for one in assessment.near)
    return msgspec.structs.replace(assessment, flags=flags, waived=waived, near=near)


def _retold(flag: Flag, catalogue: Catalogue, at: str) -> Flag:
    rule = catalogue.rule(flag.code)
    if rule is None:
        raise _refused(f"{flag.code[:60]!r} is not a rule here", at)
    return msgspec.structs.replace(
        flag,
        name=rule.name,
        family=rule.family,
        title=rule.title,
        why=rule.why,
        advice=rule.remedy,
        covers=tuple(_retold(one, catalogue, at) for one in flag.covers),
    )


def _retold_near(near: Near, catalogue: Catalogue, at: str) -> Near:
    rule = catalogue.rule(near.code)
    if rule is None or near.status not in ("off", *(stage.value for stage in Stage)):
        raise _refused(f"{near.code[:60]!r} is not a rule here", at)
    return msgspec.structs.replace(near, name=rule.name, title=rule.title)


def _refused(reason: str, at: str) -> InputError:
    return InputError(
        f"the assessment is not posted: {reason}", at=at, hint="run the workflow of the pull request again"
    )
