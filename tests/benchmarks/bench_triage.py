"""Time and memory of comparing synthetic open changes with each other, once each is judged. No clone is needed:

    python tests/benchmarks/bench_triage.py [200 1000 2000]

The changes are of the size that those of vLLM have (a median of thirty uses, four edited functions and ninety lines, a long tail) over a tree
of 1,800 modules, with a hundred functions that everyone edits. The aim is 2,000 changes in five minutes and one gigabyte.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from collections.abc import Sequence

from diffscope.adapters.config.profiles import default_profile
from diffscope.facts.model import EditedBody, FileLines, Footprint, NameUse, Signature
from diffscope.products.triage.candidates import Candidate, Gone, OpenState, Setting
from diffscope.products.triage.model import Place
from diffscope.products.triage.render import FORMATS
from diffscope.products.triage.triage import Relations, build_triage, meets_within
from diffscope.render.style import Style
from diffscope.source.profile import activate_profile

SECONDS, MEGABYTES = 300.0, 1024
MODULES, FUNCTIONS, HUBS = 1_800, 12, 100
SIGNATURES = (
    ("positional-or-keyword self", "positional-or-keyword x"),
    ("positional-or-keyword self", "positional-or-keyword x", "keyword-only y"),
)


def a_size(chance: random.Random, median: int) -> int:
    """Return a size with that median and a long tail."""
    return min(600, int(median * chance.lognormvariate(0, 1.1)))


def a_function(chance: random.Random) -> tuple[str, str]:
    """Return module and name; one in ten is one of those that everyone edits."""
    number = chance.randrange(HUBS) if chance.random() < 0.1 else chance.randrange(MODULES * FUNCTIONS)
    return f"vllm.part{number % MODULES}", f"Class{number // MODULES}.method{number % FUNCTIONS}"


def a_candidate(number: int, chance: random.Random) -> Candidate:
    """Return one synthetic change."""
    edited = [a_function(chance) for _ in range(max(1, a_size(chance, 4)))]
    used = [a_function(chance) for _ in range(a_size(chance, 30))]
    path = f"{edited[0][0].replace('.', '/')}.py"
    place = Place(path=path, line=1)
    names = [tuple(sorted({f"name{chance.randrange(4000)}" for _ in range(12)})) for _ in edited]
    lines = tuple(chance.randrange(1 << 48) for _ in range(a_size(chance, 90)))
    footprint = Footprint(
        uses=tuple(
            NameUse(path=path, line=at, symbol="f", module=module, name=name, how="call", positional=1)
            for at, (module, name) in enumerate(used)
        ),
        signatures=tuple(
            Signature(
                path=path, line=1, module=module, symbol=name, before=SIGNATURES[0], after=SIGNATURES[1]
            )
            for module, name in edited[:1]
        ),
        bodies=tuple(
            EditedBody(path=path, line=1, module=module, symbol=name, names=each, added=each[:3])
            for (module, name), each in zip(edited, names, strict=True)
        ),
        lines=(FileLines(path=path, added=lines, removed=lines[::3]),),
        defines=tuple(f"vllm.new{number}:f{at}" for at in range(a_size(chance, 6))),
    )
    option = Setting(
        what="config-field",
        name=f"Config.field{chance.randrange(400)}",
        before="1",
        after=str(chance.randrange(9)),
        place=place,
    )
    return Candidate(
        number=number, title=f"[Core] Change {number} of part {chance.randrange(MODULES)}", author=f"author{number % 300}", url=None, head=f"{number:040x}",
        base=None, body="", state=OpenState(), level=chance.choice(("none", "low", "medium")), kind="feature", areas=(f"area{number % 40}",),
        owners=(f"@owner{number % 60}",), labels=(), flags=(), hints=(), families=(), lines=len(lines), code_lines=len(lines), test_lines=0,
        tests_needed=False, is_complete=True, files=(path,), issues=(number % 700,) if number % 5 == 0 else (), footprint=footprint,
        gone=tuple(Gone(key=f"{module}:{name}", kind="method", to="", place=place) for module, name in edited[1:2]),
        settings=(option,) if number % 4 == 0 else (), abstract=(),
    )  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    """Print a row a size; 1 where the last misses an aim."""
    is_slow = False
    activate_profile(default_profile().names())
    for count in map(int, arguments or ("200", "1000", "2000")):
        chance = random.Random(20260817)
        candidates = [a_candidate(number, chance) for number in range(1, count + 1)]
        start = time.perf_counter()
        found = Relations(candidates, meets_within(None))
        compared = time.perf_counter() - start
        triage = build_triage(candidates, found, repository="vllm-project/vllm", base="main")
        page = FORMATS["html"](triage, Style())
        whole = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{count:>6} changes: compared {compared:6.2f} s, with the page {whole:6.2f} s, peak {peak:5.0f} MB; "
            f"{len(found.conflicts):,} conflicts, {len(found.duplicates):,} duplicates, page {len(page) / 1e6:.1f} MB"
        )
        is_slow = whole > SECONDS or peak > MEGABYTES
    return int(is_slow)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
