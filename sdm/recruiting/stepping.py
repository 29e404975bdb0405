"""How the steps of recruitment are asked for: the forms of page and API alike (SDM-3; MO 4.1.1)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.forms import DayField, PersonField
from occ.people.models import Site, Team, User
from occ.people.scope import site_filter
from occ.processes import Stepping, plain_stepping
from sdm.choices import EmploymentKind
from sdm.forms import LEADER, WHO, StepForm
from sdm.models import Candidate, Position, Recruitment
from sdm.recruiting.choices import RequestStatus as R
from sdm.recruiting.choices import Why
from sdm.recruiting.personal import OPERATION
from sdm.recruiting.workflow import CANDIDATE, REQUEST
from sdm.services import candidates as candidate_services
from sdm.services import recruitments as services

LANGUAGES = [("id", gettext_lazy("Indonesian")), ("en", gettext_lazy("English"))]
REQUEST_ICONS = {
    "verify": "clipboard-check", "send_back": "arrow-back-up", "approve_scheme": "check",
    "refuse_scheme": "arrow-back-up", "resubmit": "send", "submit_list": "list-check", "approve_list": "check",
    "refuse_list": "arrow-back-up", "send_final": "send", "finish": "checks", "reopen": "rotate-2",
    "make_bapp": "file-certificate", "receive": "checks", "cancel": "ban",
}  # fmt: skip
REQUEST_ASIDE = frozenset({"send_back", "refuse_scheme", "refuse_list", "reopen", "cancel"})


def language() -> forms.TypedChoiceField:
    """Of the document that the step issues; Indonesian where nothing is said."""
    label = gettext_lazy("Language of the document")
    return forms.TypedChoiceField(label=label, choices=LANGUAGES, initial="id", required=False, empty_value="id")


class AskForm(forms.Form):
    """What a request says of its people; also when it is revised."""

    people = forms.IntegerField(label=gettext_lazy("People needed"), min_value=1, max_value=services.MOST)
    needed_by = DayField(label=gettext_lazy("Needed by"))
    kind = forms.ChoiceField(label=gettext_lazy("Contract"), choices=EmploymentKind)
    why = forms.ChoiceField(label=gettext_lazy("Why"), choices=Why)
    explanation = forms.CharField(
        label=gettext_lazy("Explanation"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )
    language = language()


class RequestForm(AskForm):
    site = forms.ModelChoiceField(Site.objects.none(), label=gettext_lazy("Site"), empty_label=None)
    position = forms.ModelChoiceField(Position.objects.all(), label=gettext_lazy("Position"))
    field_order = ("site", "position", "people", "needed_by", "kind", "why", "explanation", "language")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = Site.objects.filter(site_filter(user, OPERATION, "pk"))  # type: ignore[attr-defined]


class SchemeForm(StepForm):
    bpjs_health = forms.BooleanField(label=gettext_lazy("BPJS Kesehatan"), required=False)
    bpjs_labour = forms.BooleanField(label=gettext_lazy("BPJS Ketenagakerjaan"), required=False)
    pph21 = forms.BooleanField(label=gettext_lazy("PPh 21"), required=False)
    fits_pks = forms.BooleanField(
        label=gettext_lazy("Fits the assessment scheme and the PKS of the project"), required=False
    )
    field_order = ("bpjs_health", "bpjs_labour", "pph21", "fits_pks", "note")


class RefuseSchemeForm(SchemeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].required = True
        self.fields["note"].label = _("What has to be revised")


class ListForm(StepForm):
    list_digest = forms.CharField(max_length=64, widget=forms.HiddenInput)


class LanguageForm(StepForm):
    language = language()


REQUEST_FORMS: dict[str, type[forms.Form]] = {
    "verify": StepForm, "approve_scheme": SchemeForm, "refuse_scheme": RefuseSchemeForm, "resubmit": AskForm,
    "submit_list": StepForm, "approve_list": ListForm, "send_final": StepForm, "finish": StepForm,
    "make_bapp": LanguageForm, "receive": StepForm,
}  # fmt: skip
plain_request = plain_stepping(
    REQUEST,
    services.TRANSITIONS,
    key="recruitment_id",
    url_name="sdm:recruitment_step",
    own_forms=REQUEST_FORMS,
    icons=REQUEST_ICONS,
    aside=REQUEST_ASIDE,
)


def request_form(subject: Recruitment, transition: Any, data: Any = None, files: Any = None) -> forms.Form:
    """The list's form carries which list it shows: that one is approved and no other."""
    form = plain_request.form_for(subject, transition, data, files)
    if transition.name == "approve_list" and data is None:
        form.initial["list_digest"] = services.list_digest(subject.pk)
    return form


REQUEST_STEPPING = Stepping(REQUEST, request_form, plain_request.make, plain_request.url, REQUEST_ICONS, REQUEST_ASIDE)


ICONS = {
    "check": "clipboard-check", "train": "school", "pass": "check", "fail": "x", "again": "rotate-2",
    "approve": "check", "decline": "user-x", "contract": "file-text", "sign": "signature",
    "hire": "user-check", "refuse": "user-x",
    "end": "ban", "withdraw": "door-exit",
}  # fmt: skip
ASIDE = frozenset({"fail", "decline", "refuse", "withdraw"})
# Where the request must stand for a step; the service says so as well.
WITH_REQUEST = {
    **dict.fromkeys(("check", "train", "pass", "fail", "again"), R.RECRUITING), "decline": R.LISTED,
    "contract": R.CONTRACTING,
}  # fmt: skip


class CandidateNoteForm(forms.Form):
    """Why somebody does not go on. The history only grows: what identifies them does not belong there."""

    note = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Kept for good: write no name and nothing private."),
    )


class PassForm(StepForm):
    training_score = forms.IntegerField(
        label=gettext_lazy("Score of the training"), required=False, min_value=0, max_value=100
    )
    field_order = ("training_score", "note")


class FailForm(PassForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].required = True
        self.fields["note"].help_text = _("Kept for good: write no name and nothing private.")


class ContractForm(StepForm):
    contract_number = forms.CharField(label=gettext_lazy("Contract number"), max_length=60)
    contract_from = DayField(label=gettext_lazy("Contract from"))
    contract_until = DayField(
        label=gettext_lazy("Contract until"),
        required=False,
        help_text=gettext_lazy("A PKWT ends on a day; a PKWTT does not."),
    )
    id_card = forms.CharField(label=gettext_lazy("Number of the ID card"), max_length=40)
    field_order = ("contract_number", "contract_from", "contract_until", "id_card", "note")


class SignForm(StepForm):
    signed_on = DayField(
        label=gettext_lazy("Signed on"),
        help_text=gettext_lazy("After the PKWT was explained to the candidate (socialisation)."),
    )
    field_order = ("signed_on", "note")


class HireForm(StepForm):
    number = forms.CharField(label=gettext_lazy("Employee number"), max_length=20)
    work_email = forms.EmailField(label=gettext_lazy("E-mail at work"), required=False)
    team = forms.ModelChoiceField(
        Team.objects.none(), label=gettext_lazy("Team"), required=False, empty_label=gettext_lazy("none")
    )
    leader = PersonField(chooser=LEADER, label=gettext_lazy("Team leader"), required=False, help_text=WHO)
    field_order = ("number", "work_email", "team", "leader", "note")


FORMS: dict[str, type[forms.Form]] = {
    "check": StepForm, "train": StepForm, "pass": PassForm, "fail": FailForm, "again": StepForm,
    "contract": ContractForm, "sign": SignForm, "hire": HireForm, "decline": CandidateNoteForm,
    "refuse": CandidateNoteForm, "withdraw": CandidateNoteForm,
}  # fmt: skip


def may_step(user: User, subject: Candidate, name: str) -> bool:
    """Beyond roles: the request must stand where the step belongs; the list is approved as a whole, on its request."""
    wanted = WITH_REQUEST.get(name)
    return name != "approve" and (wanted is None or subject.recruitment.status == wanted)


plain_candidate = plain_stepping(
    CANDIDATE,
    candidate_services.TRANSITIONS,
    key="candidate_id",
    url_name="sdm:candidate_step",
    own_forms=FORMS,
    icons=ICONS,
    aside=ASIDE,
    may=may_step,
)


def stepping_for(user: User) -> Stepping:
    """Whom one may choose as leader is the reader's own."""

    def form_for(subject: Candidate, transition: Any, data: Any = None, files: Any = None) -> forms.Form:
        form = plain_candidate.form_for(subject, transition, data, files)
        if isinstance(form, HireForm):
            form.fields["team"].queryset = Team.objects.filter(site=subject.site)  # type: ignore[attr-defined]
            form.fields["leader"].for_user(user)  # type: ignore[attr-defined]
        return form

    return Stepping(CANDIDATE, form_for, plain_candidate.make, plain_candidate.url, ICONS, ASIDE, may_step)
