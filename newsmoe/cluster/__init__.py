"""The same run on Ray: windows of articles go to workers, each with a warm session of its own."""
