"""Stage 0, messages: every message about a change, as a code with arguments; the texts are in ``texts/*.yml``.

Texts of the interface and of reports, which are not part of documents, are in ``texts/interface/*.yml``.
Start with ``model`` (what a message is) and ``say`` (its words). ``english.json``, ``chinese.json`` and ``codes`` are made from the catalogue by
``just generate``, so that neither YAML nor the other language is read when a change is judged.
"""
