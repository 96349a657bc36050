"""Detection of moved code: the only place that decides it, with the measure of ``diffscope.syntax.compare.matching``.

Inside a file syntax pairs what was renamed or moved (``syntax.compare.matching`` for Python, ``syntax.native.changes`` for C++), since it
holds the token streams. Here is what needs more than one file, or the text of lines: ``join`` looks for renames of local variables,
symbols that moved from file to file, and code that left a function or entered one, over the compared files before any fact is made;
``facts`` is asked by the collectors for facts, lines and tests that left one symbol and came to another.

What is moved and edited is compared for real, so that an edit on the way is a fact as in any other place.
"""
