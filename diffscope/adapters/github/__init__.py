"""GitHub, over PyGithub: pull requests in (source.py), comments, labels and check runs out (posting.py).

The only door to PyGithub and to requests, which carries it: both stay inside client.py and errors.py. What
GitHub answers is decoded into the values of responses.py. What is posted is decided without any I/O. Start at source.py.
"""
