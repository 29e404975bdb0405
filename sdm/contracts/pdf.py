"""Whether a file that is taken for a signed contract is a PDF that can be read."""

from django.core.files.base import File
from django.utils.translation import gettext as _

from occ.documents.attachments import LIMIT, FileRefused


def pdf_check(file: "File[bytes]") -> int:
    """How many pages it has. Raises FileRefused: no PDF, damaged, without pages, or locked with a password."""
    from pyhanko.pdf_utils.misc import PdfError  # here: it is large, and few processes ask
    from pyhanko.pdf_utils.reader import PdfFileReader

    if not file.size or file.size > LIMIT:
        words = _("The file is empty.") if not file.size else _("The file is larger than %(limit)s MiB.")
        raise FileRefused(words % {"limit": LIMIT // 2**20} if file.size else words, field="file")
    file.seek(0)
    try:
        reader = PdfFileReader(file, strict=False)
        if reader.encrypted:
            raise FileRefused(_("This PDF is locked with a password. Save it without one."), field="file")
        pages = int(reader.root["/Pages"]["/Count"])
    except (PdfError, KeyError, ValueError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise FileRefused(_("This is no PDF that can be read. Scan or save it anew."), field="file") from error
    finally:
        file.seek(0)
    if pages < 1:
        raise FileRefused(_("This PDF has no pages."), field="file")
    return pages
