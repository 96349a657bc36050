"""Candidates from strings: each change edits the one tree of the test, as branches do that are open at once."""

from __future__ import annotations

import msgspec

from diffscope.products.triage.candidates import Candidate, OpenState, read_candidate
from diffscope.products.triage.triage import Relations, meets_within
from tests.assessments import an_empty_assessment
from tests.builders import Files
from tests.fact_builders import facts

BASE = {
    "vllm/pool.py": "class Pool:\n    def drain(self, count):\n        return self.items[:count]\n\n    def close(self):\n        self.items.clear()\n\n\n"
    "def make_pool(size, name='a'):\n    return Pool()\n",
    "vllm/user.py": "from vllm.pool import make_pool\n\n\ndef run(size):\n    return make_pool(size)\n",
}


def candidate(
    number: int,
    after: Files,
    *,
    base: Files = BASE,
    title: str = "[Misc] Change something",
    body: str = "",
    author: str = "ada",
    state: OpenState | None = None,
) -> Candidate:
    """Return a change that leaves the files of ``after`` and all others of the base as they are."""
    before = {path: text for path, text in base.items() if path in after}
    rest = {path: text for path, text in base.items() if path not in after}
    found = facts(
        before, {path: text for path, text in after.items() if text is not None}, tree=rest, title=title
    )
    pull = msgspec.structs.replace(found.pull, body=body, author_login=author, title=title)
    found = msgspec.structs.replace(found, pull=pull)
    return read_candidate(found, an_empty_assessment(), number, state)


def relations(*candidates: Candidate, days: float | None = None) -> Relations:
    """Return what is found among them."""
    return Relations(candidates, meets_within(days))
