"""``diffscope init``: a first ``diffscope.yml``, every setting in it, each at its default."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from diffscope.adapters.output import encoded, write_file, write_new_file
from diffscope.cli.console import say
from diffscope.cli.exits import DONE
from diffscope.cli.options import FORMATS
from diffscope.errors import UsageError

FILE_NAME: Final = "diffscope.yml"
TEXT: Final = """\
# Settings of diffscope. A flag of the command line and a DIFFSCOPE_* variable come before them.

# The language of results: en or zh.
lang: en

# What `diffscope classify` prints: FORMATS.
format: text

# Exit with 1 if a flag is that severe or worse: none, low, medium, high or critical.
fail-on: none

rules:
  # Codes, families or globs of codes that do not run; `diffscope rules list` shows them all.
  ignore: []
  # Another severity for the flags of a rule: {PF305: low}
  severity: {}
  # More folders of rules, relative to this file.
  folders: []

ci:
  # From which level `diffscope ci` makes a comment: none, low, medium, high or critical.
  comment-from: medium
  # The level becomes a label with this prefix; "" for no such label.
  label-prefix: "diffscope:"
  # Other labels that a change earns: {"platform:rocm": "rocm"}
  labels: {}
""".replace("FORMATS", f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".")
@click.option("--force", is_flag=True, help="Overwrite the file if it is there.")
def init(*, folder: Path, force: bool) -> int:
    """Write a first diffscope.yml, every setting at its default.

    It lands in FOLDER, the current one by default.
    """
    file = folder / FILE_NAME
    try:
        (write_file if force else write_new_file)(file, encoded(TEXT), what="the settings")
    except FileExistsError:
        raise UsageError("it exists already", at=str(file), hint="diffscope init --force") from None
    say(f"wrote {file}; next: diffscope rules list")
    return DONE
