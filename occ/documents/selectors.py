from django.db.models import QuerySet

from occ.documents import types
from occ.documents.models import IssuedDocument
from occ.people.models import User
from occ.people.scope import has_role


def read_by(user: User) -> list[types.DocumentType]:
    """The kinds of which the user may see documents, of whatever site."""
    return [one for one in types.all_types() if has_role(user, one.reading_roles)]


def revisions(document: IssuedDocument) -> QuerySet[IssuedDocument]:
    return IssuedDocument.objects.filter(number=document.number).defer("data").order_by("-revision")
