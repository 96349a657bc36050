"""Detection of moved code: the only place that decides it, with the measure of ``diffscope.syntax.text.similarity``.

Inside a file syntax pairs what was renamed or moved (``syntax.matching`` for Python, ``syntax.native_changes`` for C++), since it holds
the token streams. Here is what needs more than one file, or the text of lines: ``join`` runs ``local_renames``, ``symbols`` (from file
to file) and ``extractions`` (out of a function, or into one) over the compared files before any fact is made; ``lines``, ``facts`` and
``tests`` are asked by the collectors for lines, facts and tests that left one symbol and came to another.

What is moved and edited is compared for real, so that an edit on the way is a fact as in any other place.
"""
