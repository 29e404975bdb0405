"""What of the module runs in the background."""

from retention import disposal_jobs  # noqa: F401  (it registers itself)
