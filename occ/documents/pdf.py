"""Whether a file that is taken for a PDF is one that can be read: its first bytes say little."""

from typing import Any

from django.core.files.base import File
from django.utils.translation import gettext as _

from occ.errors import Invalid

LIMIT = 10 * 2**20


class FileRefused(Invalid):
    code = "file_refused"


def pdf_check(file: "File[bytes]") -> int:
    """How many pages it has. Raises FileRefused: no PDF, damaged, without pages, or locked with a password."""
    from pypdf import PdfReader  # here: it is large, and few processes ask

    if not file.size or file.size > LIMIT:
        words = _("The file is empty.") if not file.size else _("The file is larger than %(limit)s MiB.")
        raise FileRefused(words % {"limit": LIMIT // 2**20} if file.size else words, field="file")
    file.seek(0)
    try:
        stream: Any = file
        reader = PdfReader(stream, strict=False)
        locked = reader.is_encrypted and not reader.decrypt("")
        pages = 0 if locked else len(reader.pages)
    except Exception as error:  # whatever a hostile or a broken file brings about in the reader
        raise FileRefused(_("This is no PDF that can be read. Scan or save it anew."), field="file") from error
    finally:
        file.seek(0)
    if locked:
        raise FileRefused(_("This PDF is locked with a password. Save it without one."), field="file")
    if pages < 1:
        raise FileRefused(_("This PDF has no pages."), field="file")
    return pages
