"""Stage 5, rules: rule files and facts -> flags.

Pure. Knows facts only; never diff, syntax, graph or git. Start at evaluate.py; load.py reads rule files, cases.py runs their cases.
"""
