"""By which words a chat is found (RET-13): the words alone, in no order, so that nobody reads the text out of them."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from retention.models.records import Record

# Why there are none yet: then it is tried again. No key opens the customer, whose name is left out of the words.
AWAY, SHUT = "away", "customer shut"
# A key was missing, and opens again: at the next occasion, whatever was said of it meanwhile.
KEY_BACK = "key back"


class Transcript(models.Model):
    """Gone with its record (services.derived). `words` None: there was no text to be had, `why` says so."""

    record = models.OneToOneField(Record, models.PROTECT, primary_key=True, related_name="transcript")
    words = SearchVectorField(null=True)
    why = models.CharField(max_length=100, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = _("search words of a chat")
        indexes = [
            GinIndex(fields=["words"], name="transcript_words"),
            # Those that are tried again, few among all chats.
            models.Index(
                fields=["made_at"], name="transcript_waiting", condition=models.Q(why__in=[AWAY, SHUT, KEY_BACK])
            ),
        ]

    def __str__(self) -> str:
        return str(self.record_id)
