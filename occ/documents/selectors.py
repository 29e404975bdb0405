from django.db.models import QuerySet

from occ.documents.models import IssuedDocument


def revisions(document: IssuedDocument) -> QuerySet[IssuedDocument]:
    return IssuedDocument.objects.filter(number=document.number).defer("data").order_by("-revision")
