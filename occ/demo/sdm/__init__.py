"""People's processes as they were lived, one file an area."""
