#!/usr/bin/env python
"""Django's command line. `bin/manage` runs it with the environment and the servers up."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "occ.settings")
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"OCC does not start: {error}")


if __name__ == "__main__":
    main()
