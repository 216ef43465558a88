"""From a stream of articles to a stream of records, a window at a time."""
