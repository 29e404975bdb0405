from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from occ.errors import Invalid
from occ.forms import DayField, InstantField, PersonField, SignatureField, add_refusal
from occ.people.choices import LeavingReason, Role
from occ.people.choosing import chosen
from occ.people.choosing import register as register_chooser
from occ.people.models import Person, PersonQuerySet, Site, User
from occ.people.scope import site_filter
from occ.sheet_forms import SheetForm
from occ.times import local_day
from userids.choices import OTHER_REASONS, BreachCause, Channel, ConnectorKind, EnforcementMode
from userids.models import Account, Application, Resignation
from userids.services.accounts import KEEPERS
from userids.services.applications import connection_faults, token_source

LONG_AGO = timedelta(days=31)
FILES = _("PDF, PNG or JPG, at most 10 MiB.")
ACCEPT = {"accept": ".pdf,.png,.jpg,.jpeg"}


def reason() -> forms.CharField:
    return forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)


def people(user: User, roles: set[str]) -> PersonQuerySet:
    """Who works at the sites for which the user holds one of the roles."""
    return Person.objects.filter(site_filter(user, roles), last_working_day=None)


def stayers(user: User) -> PersonQuerySet:
    """Whose resignation Support may record: nobody's twice."""
    return people(user, {Role.SUPPORT}).exclude(pk__in=Resignation.objects.standing().values("person_id"))


LEAVER = register_chooser("userids.leaver", stayers)
NEW_HOLDER = register_chooser("userids.new_holder", lambda user: people(user, {Role.SUPPORT}))
HOLDER = register_chooser("userids.holder", lambda user: people(user, set(KEEPERS)))
WHO = _("Type part of the name and choose, or type the employee number.")


class LastDayForm(forms.Form):
    """A last working day long ago is more likely a slip of month or year: it counts once it is said twice.

    One that lies too far ahead is refused with the leaving itself (occ.people.lifecycle).
    """

    def clean(self) -> dict[str, Any] | None:
        data = super().clean()
        day, today = self.cleaned_data.get("last_working_day"), timezone.localdate()
        if day is None or day >= today - LONG_AGO:
            return data
        said = date_format(day, "j F Y")
        box = forms.CheckboxInput(attrs={"value": day.isoformat()})
        label = _("Yes, the last working day is %(day)s") % {"day": said}
        self.fields["sure"] = forms.BooleanField(label=label, required=False, widget=box)
        if self.data.get("sure") != day.isoformat():
            words = _("%(day)s was %(n)s days ago. If month and year are right, tick the box below and save again.")
            self.add_error("last_working_day", words % {"day": said, "n": (today - day).days})
        return data


class ResignationForm(LastDayForm):
    person = PersonField(chooser=LEAVER, label=_("Employee"), help_text=WHO)
    last_working_day = DayField(label=_("Last working day"))
    reason = forms.ChoiceField(label=_("Reason"), choices=LeavingReason)
    letter = forms.FileField(
        label=_("Resignation letter"), required=False, help_text=FILES, widget=forms.FileInput(attrs=ACCEPT)
    )
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=2000)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["person"].for_user(user)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any] | None:
        """Of whom cannot be chosen, it is said whose resignation is recorded already, and where."""
        if "person" in self.errors and (there := self._recorded()) is not None:
            words = _("The resignation of %(name)s is recorded already.") % {"name": there.person.name}
            link = format_html(
                '{} <a href="{}">{}</a>', words, reverse("userids:resignation", args=[there.pk]), _("Open it")
            )
            self.errors["person"] = self.error_class([link], renderer=self.renderer)
        return super().clean()

    def _recorded(self) -> Resignation | None:
        mine = Person.objects.filter(site_filter(self.user, {Role.SUPPORT}))
        standing = Resignation.objects.standing().filter(person__in=mine)
        try:
            person = chosen(Person.objects.filter(pk__in=standing.values("person")), self.data.get("person", ""))
        except Invalid:
            return None
        return standing.select_related("person").filter(person=person).first()


class BulkResignationForm(LastDayForm):
    last_working_day = DayField(label=_("Last working day"))
    reason = forms.ChoiceField(label=_("Reason"), choices=LeavingReason)
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=2000)


class MoveForm(LastDayForm):
    last_working_day = DayField(label=_("New last working day"))
    note = reason()


class StepForm(forms.Form):
    """For transitions that need nothing, or a note."""

    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=2000)


class RequiredNoteForm(forms.Form):
    note = forms.CharField(
        label=_("What happened"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text=_("Kept in the history."),
    )


class EvidenceForm(forms.Form):
    text = forms.CharField(
        label=_("What shows it"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Words or a file, one of the two. For example: status “Inactive” in the application's user list."),
    )
    file = forms.FileField(
        label=_("Screenshot or document"), required=False, help_text=FILES, widget=forms.FileInput(attrs=ACCEPT)
    )


class ConfirmDeactivationForm(EvidenceForm):
    inactive_since = InstantField(
        label=_("Inactive since"),
        required=False,
        help_text=_("When the evidence shows that the ID became inactive; empty: now."),
    )


class ConfirmShownForm(ConfirmDeactivationForm):
    """The evidence stands in it already: one click would confirm what nobody has looked at."""

    checked = forms.BooleanField(label=_("I have looked: the user ID is shut in the application, since that instant"))


class ConfirmReplacementForm(EvidenceForm):
    text = forms.CharField(
        label=_("What shows it"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_(
            "Words or a file, one of the two. For example: the application's user list shows the new agent's name and"
            " e-mail for this user ID, status “Active”."
        ),
    )
    sessions_revoked = forms.BooleanField(label=_("Sessions and tokens of the old holder are revoked"), required=False)
    work_handed_over = forms.BooleanField(label=_("Open chats and queues are handed over"), required=False)


class ReplacementForm(forms.Form):
    person = PersonField(chooser=NEW_HOLDER, label=_("New agent"), help_text=WHO)
    email = forms.EmailField(
        label=_("New agent's e-mail"), required=False,
        help_text=_("The address that the application will know; left empty, the person's own."),
    )  # fmt: skip

    def __init__(self, *args: Any, user: User, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].for_user(user, people(user, {Role.SUPPORT}).filter(site=account.site))  # type: ignore[attr-defined]


class AccountForm(forms.Form):
    """A new row of the logbook."""

    application = forms.ModelChoiceField(Application.objects.all(), label=_("Application"), empty_label=None)
    user_id = forms.CharField(label=_("User ID"), max_length=60)
    site = forms.ModelChoiceField(Site.objects.none(), label=_("Site"), empty_label=None)
    person = PersonField(chooser=HOLDER, label=_("Holder"), required=False, help_text=WHO)
    email = forms.EmailField(label=_("E-mail"), required=False)
    role = forms.CharField(label=_("Role in the application"), max_length=60, required=False)
    channels = forms.MultipleChoiceField(
        label=_("Channels"), choices=Channel, required=False, widget=forms.CheckboxSelectMultiple
    )
    activated_at = InstantField(label=_("Active since"))
    remarks = forms.CharField(
        label=_("Remarks"), required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=2000
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = Site.objects.filter(site_filter(user, KEEPERS, "pk"))  # type: ignore[attr-defined]
        self.fields["person"].for_user(user)  # type: ignore[attr-defined]


class AccountEditForm(forms.Form):
    role = forms.CharField(label=_("Role in the application"), max_length=60, required=False)
    channels = forms.MultipleChoiceField(
        label=_("Channels"), choices=Channel, required=False, widget=forms.CheckboxSelectMultiple
    )
    remarks = forms.CharField(
        label=_("Remarks"), required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=2000
    )
    note = reason()


class ImportForm(SheetForm):
    site = forms.ModelChoiceField(
        Site.objects.none(), label=_("Site"), required=False, empty_label=_("as each row says"),
        help_text=_("Where rows without a site belong."),
    )  # fmt: skip
    application = forms.ModelChoiceField(Application.objects.all(), label=_("Application"), empty_label=None)

    def choices_of(self, user: User) -> dict[str, Any]:
        return {"site": Site.objects.filter(site_filter(user, KEEPERS, "pk"))}


def area(label: Any, *, required: bool = True, rows: int = 2, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label, required=required, max_length=2000, help_text=help_text,
        widget=forms.Textarea(attrs={"rows": rows}),
    )  # fmt: skip


class CauseForm(forms.Form):
    cause = forms.ChoiceField(label=_("Cause"), choices=[("", "—"), *BreachCause.choices])


class AnalyseForm(CauseForm):
    cause_note = area(_("What happened"), required=False)
    correction = area(_("Correction"), help_text=_("What was put right at once, for example: shut on the same day."))
    corrective_action = area(_("Corrective action"), help_text=_("What keeps it from happening again."))
    action_due = DayField(label=_("Corrective action due"))


class SettleForm(CauseForm):
    correction = area(_("Correction"))
    note = area(_("Why no corrective action is needed"))


class PostponeForm(forms.Form):
    action_due = DayField(label=_("New date"))
    note = reason()


class ShutForm(forms.Form):
    """An ID whose holder stays (UID-8)."""

    reason = forms.ChoiceField(
        label=_("Reason"), choices=[("", "—"), *((one.value, one.label) for one in OTHER_REASONS[:-1])]
    )
    last_day = DayField(
        label=_("Last day of use"),
        required=False,
        help_text=_("Empty: at once. The time limit of the reason begins then."),
    )
    note = area(_("Why"))


class ResumeForm(forms.Form):
    note = area(_("What shows it"), help_text=_("For example: status “Active” in the user list of the application."))


class RevokeForm(forms.Form):
    note = forms.CharField(label=_("Why revoked"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class StillNeededForm(forms.Form):
    note = forms.CharField(
        label=_("Why it is needed until then"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Some of these user IDs are being shut already. This is kept with each of those."),
    )


class CloseReviewForm(forms.Form):
    language = forms.ChoiceField(label=_("Language"), choices=[("id", _("Indonesian")), ("en", _("English"))])
    password = SignatureField()


class IssueForm(forms.Form):
    site = forms.ModelChoiceField(Site.objects.none(), label=_("Site"), empty_label=None)
    first = DayField(label=_("Period from"), required=False, help_text=_("Empty: the logbook as it is now."))
    last = DayField(label=_("Period until"), required=False)
    language = forms.ChoiceField(label=_("Language"), choices=[("id", _("Indonesian")), ("en", _("English"))])
    password = SignatureField()

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sites = Site.objects.filter(site_filter(user, {Role.DOCUMENT_CONTROL}, "pk"))
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, last = data.get("first"), data.get("last")
        if bool(first) != bool(last):
            self.add_error("last" if first else "first", _("A period has two ends."))
        elif first and last and last < first:
            self.add_error("last", _("It ends before it begins."))
        elif last and data.get("site") and last > local_day(timezone.now(), data["site"].zone):
            self.add_error("last", _("The period is not over yet; leave both ends empty for the logbook of today."))
        return data


class DeactivateByConnectorForm(forms.Form):
    """Nothing to fill in, unless the leaver still works."""

    early = forms.BooleanField(label=_("Shut it now, although the leaver still works"), required=False)

    def __init__(self, *args: Any, works_until: datetime | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if works_until is None:
            del self.fields["early"]
        else:
            at = date_format(timezone.localtime(works_until), "j F Y, H:i T")
            self.fields["early"].help_text = _("Until %(at)s.") % {"at": at}


class ReplaceByConnectorForm(forms.Form):
    """What a person has done before the connector replaces the holder."""

    sessions_revoked = forms.BooleanField(label=_("Sessions and tokens of the old holder are revoked"), required=False)
    work_handed_over = forms.BooleanField(label=_("Open chats and queues are handed over"), required=False)


class ApplicationForm(forms.Form):
    """How an application is reached. The token is entered here and shown nowhere."""

    name = forms.CharField(label=_("Name"), max_length=80)
    connector = forms.ChoiceField(label=_("Connector"), choices=ConnectorKind)
    base_url = forms.CharField(
        label=_("Address"), max_length=300, required=False, widget=forms.TextInput(attrs={"inputmode": "url"}),
        help_text=_("Where SCIM begins, for example https://omni.example.id/scim/v2"),
    )  # fmt: skip
    token = forms.CharField(
        label=_("Token"), max_length=4000, required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip
    forget_token = forms.BooleanField(label=_("Remove the token"), required=False)
    timeout_seconds = forms.IntegerField(
        label=_("Time limit of a request, in seconds"), min_value=1, max_value=60, localize=False
    )
    requests_per_second = forms.IntegerField(
        label=_("Requests per second, at most"), min_value=1, max_value=100, localize=False
    )
    note = reason()

    def __init__(self, *args: Any, application: Application, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.application, source = application, token_source(application)
        self.fields["token"].help_text = {
            "environment": _("The environment gives the token; what is entered here waits until it no longer does."),
            "database": _("One is kept. Empty: it stays, as long as the host of the address does."),
            "": _("None is kept."),
        }[source]
        if source != "database":
            del self.fields["forget_token"]

    def clean(self) -> dict[str, Any]:
        """All that is wrong is told at once, and not the next thing with each try."""
        data = super().clean() or {}
        given = {name: data.get(name, "") for name in ("connector", "base_url", "token")}
        for fault in connection_faults(self.application, now=timezone.now(), **given):
            if fault.field not in self.errors:
                add_refusal(self, fault)
        return data


class EnforcementForm(forms.Form):
    mode = forms.ChoiceField(label=_("At due time"), choices=EnforcementMode)
    valid_from = InstantField(label=_("From"), required=False, help_text=_("Empty: from now on."))
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=300)
