"""Whether a file that is taken for a PDF is one that can be read: its first bytes say little.

A hostile file can hold its reader for minutes or fill the memory: it is read by a process of its own, with limits.
"""

import subprocess
import sys
from pathlib import Path

from django.core.files.base import File
from django.utils.translation import gettext as _

from occ.errors import Invalid

LIMIT = 10 * 2**20
WITHIN = 15  # seconds of the clock; the program's own limits are in pdf_pages
PROGRAM = Path(__file__).with_name("pdf_pages.py")


class FileRefused(Invalid):
    code = "file_refused"


def pdf_check(file: "File[bytes]") -> int:
    """How many pages it has. Raises FileRefused: no PDF, damaged, without pages, too costly to read, or locked with a
    password."""
    if not file.size or file.size > LIMIT:
        words = _("The file is empty.") if not file.size else _("The file is larger than %(limit)s MiB.")
        raise FileRefused(words % {"limit": LIMIT // 2**20} if file.size else words, field="file")
    file.seek(0)
    try:
        # -I: neither the environment nor the working directory changes what is imported
        done = subprocess.run(
            [sys.executable, "-I", str(PROGRAM)], input=file.read(), capture_output=True, timeout=WITHIN, env={},
            check=True,
        )  # fmt: skip
        said = done.stdout.decode()
        pages = 0 if said == "locked" else int(said)
    except (subprocess.SubprocessError, ValueError) as error:  # it failed, or met a limit
        raise FileRefused(_("This is no PDF that can be read. Scan or save it anew."), field="file") from error
    finally:
        file.seek(0)
    if said == "locked":
        raise FileRefused(_("This PDF is locked with a password. Save it without one."), field="file")
    if pages < 1:
        raise FileRefused(_("This PDF has no pages."), field="file")
    return pages
