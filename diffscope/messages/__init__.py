"""Stage 0, messages: everything that diffscope says of a change, as codes with arguments; the words stand in ``texts/*.yml``.

Those of the interface and of reports, which no document holds as codes, stand in ``texts/interface/*.yml``.
Start with ``model`` (what a message is) and ``say`` (its words). ``english.json``, ``chinese.json`` and ``codes`` are made from the catalogue by
``just generate``, so that neither YAML nor the other language is read when a change is judged.
"""
