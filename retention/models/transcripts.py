"""By which words a chat is found (RET-13): the words alone, in no order, so that nobody reads the text out of them."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from retention.models.records import Record


class Transcript(models.Model):
    """Gone with its record (services.derived). `words` None: there was no text to be had, `why` says so."""

    record = models.OneToOneField(Record, models.PROTECT, primary_key=True, related_name="transcript")
    words = SearchVectorField(null=True)
    why = models.CharField(max_length=100, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = _("search words of a chat")
        indexes = [GinIndex(fields=["words"], name="transcript_words")]

    def __str__(self) -> str:
        return str(self.record_id)
