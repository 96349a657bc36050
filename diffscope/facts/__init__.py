"""Stage 5, facts: diff, syntax, graph, project and taxonomy joined into ``ChangeFacts``, the vocabulary that rules may ask.

Pure. May import every earlier stage; knows nothing of rules. Start at collect.py; the words rules may use are in vocabulary.py.
"""
