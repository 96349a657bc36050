"""Stage 12, batch: many changes of a clone -> assessments, in worker processes, in order, kept in the store as they come.

May import everything below cli. Start at run.py; judging.py judges one change, workers.py has the processes.
"""
