"""Forms of the catalogue: sources, stores, periods, files brought in."""

from typing import Any

from django import forms
from django.utils.html import escape
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from occ.forms import DayField
from occ.people.models import Site, User
from occ.people.scope import site_filter
from occ.sheet_forms import SheetForm
from retention.choices import Channel, PlaceKind, RecordKind
from retention.models import Schedule, Source
from retention.models.places import CODE
from retention.personal import KEEPERS, PLACE_EDITORS
from retention.services.places import Keys

EXAMPLE = r"\d{4}/(?P<id>(?P<agent>[A-Z0-9]+)-(?P<start>\d{8}T\d{6})-(?P<seconds>\d+))\.wav"


def why() -> forms.CharField:
    return forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}), max_length=300)


class PlaceForm(forms.Form):
    """Where a place is and what opens it. The secret key is entered here and shown nowhere."""

    code = forms.CharField(
        label=_("Code"), max_length=20, validators=[CODE], help_text=_("Stays for ever: JKT-VOICE, for example.")
    )
    name = forms.CharField(label=_("Name"), max_length=80)
    kind = forms.ChoiceField(label=_("Kept in"), choices=PlaceKind)
    url = forms.CharField(
        label=_("Address"), max_length=300, help_text=_("file:///path of a directory, or s3://bucket/prefix.")
    )
    endpoint = forms.CharField(
        label=_("S3 endpoint"), max_length=300, required=False, help_text=_("Empty for AWS; else https://…")
    )
    region = forms.CharField(label=_("S3 region"), max_length=40, required=False, initial="us-east-1")
    access_key = forms.CharField(label=_("S3 access key"), max_length=128, required=False)
    secret_key = forms.CharField(
        label=_("S3 secret key"), max_length=400, required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip
    forget_keys = forms.BooleanField(label=_("Remove the keys"), required=False)
    active = forms.BooleanField(label=_("In use"), required=False, initial=True)

    def __init__(self, *args: Any, new: bool, keys_kept: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not new:
            del self.fields["code"]
        self.fields["secret_key"].help_text = (
            _("One is kept. Empty: it stays, as long as the address does.") if keys_kept else _("None is kept.")
        )
        if not keys_kept:
            del self.fields["forget_keys"]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("secret_key") and not found.get("access_key"):
            self.add_error("access_key", _("A secret key has its access key."))
        return found

    def keys(self) -> Keys:
        found = self.cleaned_data
        return Keys(found["access_key"], found["secret_key"], found.get("forget_keys", False))

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name not in NOT_OF_THE_PLACE}


NOT_OF_THE_PLACE = {"code", "access_key", "secret_key", "forget_keys", "note"}


class SourceForm(PlaceForm):
    record_kind = forms.ChoiceField(label=_("Holds"), choices=RecordKind)
    site = forms.ModelChoiceField(label=_("Site"), queryset=Site.objects.none())
    channel = forms.ChoiceField(
        label=_("Channel"), choices=[("", _("The path says it")), *Channel.choices], required=False
    )
    client = forms.CharField(label=_("Client"), max_length=40, required=False)
    pattern = forms.CharField(
        label=_("Pattern of paths"), max_length=500, widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )  # fmt: skip
    time_format = forms.CharField(
        label=_("Format of times"), max_length=40, initial="%Y%m%dT%H%M%S",
        help_text=_("As in Python: %Y year, %m month, %d day, %H hour, %M minute, %S second; in the site's time zone."),
    )  # fmt: skip
    sidecar = forms.BooleanField(
        label=_("A .json beside each file says the same, and goes before its path"), required=False
    )
    scan_every_hours = forms.IntegerField(
        label=_("Scanned every … hours"), min_value=1, max_value=720, initial=24, localize=False
    )
    may_delete = forms.BooleanField(
        label=_("OCC may delete here"), required=False,
        help_text=_("Only what the client has approved, and only while Team IT executes it. Say why below."),
    )  # fmt: skip
    note = why()

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pattern"].help_text = gettext(
            "A regular expression for the whole path below the address, with the groups id and start; also end or "
            "seconds, agent, channel, customer. For example: %(example)s"
        ) % {"example": escape(EXAMPLE)}
        self.fields["site"].queryset = Site.objects.filter(site_filter(user, PLACE_EDITORS, "pk"))  # type: ignore[attr-defined]


class StoreForm(PlaceForm):
    lock_days = forms.IntegerField(
        label=_("Object Lock, days"), min_value=0, max_value=3650, initial=0, localize=False,
        help_text=_("Each package cannot be deleted for so long without the right to bypass it; 0 for no lock."),
    )  # fmt: skip
    note = why()


class ScheduleForm(forms.Form):
    record_kind = forms.ChoiceField(label=_("Kind"), choices=RecordKind)
    channel = forms.ChoiceField(
        label=_("Channel"), choices=[("", _("Every channel")), *Channel.choices], required=False
    )
    client = forms.ChoiceField(label=_("Client"), required=False)
    valid_from = DayField(label=_("Valid from"))
    backup_after_years = forms.IntegerField(
        label=_("Backed up after, years"), min_value=1, max_value=99, initial=1, localize=False
    )
    delete_after_years = forms.IntegerField(
        label=_("May be deleted after, years"), min_value=2, max_value=100, initial=2, localize=False
    )
    basis = forms.CharField(label=_("Basis"), max_length=200, help_text=_("The clause, contract or law that says so."))
    reason = why()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clients = {*Source.objects.values_list("client", flat=True), *Schedule.objects.values_list("client", flat=True)}
        choices = [("", _("Every client")), *((one, one) for one in sorted(clients - {""}))]
        self.fields["client"].choices = choices  # type: ignore[attr-defined]


class RecordImportForm(SheetForm):
    source = forms.ModelChoiceField(
        label=_("Source"), queryset=Source.objects.none(), help_text=_("Where the files of these records lie.")
    )

    def choices_of(self, user: User) -> dict[str, Any]:
        return {"source": Source.objects.active().filter(site_filter(user, KEEPERS))}
