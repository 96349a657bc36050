"""What a report tells, in sentences: the same for every format."""
