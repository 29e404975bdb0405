from collections.abc import Iterator

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from occ.documents.models import IssuedDocument
from occ.people.models import User
from occ.search import Result, register


def find_documents(user: User, text: str, limit: int) -> Iterator[Result]:
    rows = IssuedDocument.objects.visible_to(user).defer("data")
    for document in rows.filter(Q(number__icontains=text) | Q(title__icontains=text)).order_by("-pk")[:limit]:
        yield Result(document.full_number, document.title, document.get_absolute_url())


register(_("Documents"), find_documents)
