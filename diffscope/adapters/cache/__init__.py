"""What is kept between runs: the cache by content, the store of assessments, facts of changes."""
