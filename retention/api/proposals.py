"""/api/v1/retention/proposals/: disposal from the draft to the client's decision and the deletion (RET-7 to RET-9).

What is signed, the berita acara and papers destroyed by hand, is done on the pages.
"""

from typing import Any

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from occ.api.endpoints import AFTER, KEY, SIZE, body_of, paged, query_of, user_of
from occ.api.fields import DayField, SaidField
from occ.api.idempotency import idempotent
from occ.api.paging import page
from occ.approvals.proving import identity_prove
from occ.errors import Invalid, NotAllowed
from occ.people.access import get_visible
from occ.people.models import Site, User
from occ.people.scope import has_role, site_filter
from retention.choices import ConditionKey, ItemDecision, ItemState, ProposalStatus, RecordKind
from retention.disposal.jobs import line_rows, proposal_rows
from retention.disposal.shown import shown
from retention.models import Condition, Item, Proposal
from retention.personal import CATALOGUE_READERS, KEEPERS, PROPOSERS, SAYERS
from retention.services import disposing, proposals
from retention.workflow import PROPOSAL

DOCUMENTS = "documents"
KINDS = [*RecordKind.choices, (DOCUMENTS, "documents of the register")]


# Not what was said before a hold: it is to be said again.
STANDING = Prefetch("conditions", Condition.objects.standing().select_related("said_by"))


class ConditionSerializer(serializers.ModelSerializer[Condition]):
    said_by = serializers.CharField(source="said_by.username")

    class Meta:
        model = Condition
        fields = ["key", "said_by", "said_at", "note"]


class ProposalSerializer(serializers.ModelSerializer[Proposal]):
    site = serializers.CharField(source="site.code")
    reason = SaidField()
    kind = serializers.SerializerMethodField(help_text="chat, recording or documents")
    conditions = ConditionSerializer(many=True)
    document = serializers.CharField(
        source="document.full_number", default=None, allow_null=True, help_text="number of the berita acara"
    )

    class Meta:
        model = Proposal
        fields = [
            "id", "number", "site", "kind", "reason", "status", "proposed_at", "items_count", "bytes_count",
            "first_day", "last_day", "list_sha256", "frozen_at", "answer_due_at", "approved_count", "cooling_until",
            "executed_at", "completed_at", "conditions", "document",
        ]  # fmt: skip

    def get_kind(self, proposal: Proposal) -> str:
        return proposal.kind or DOCUMENTS


class LineSerializer(serializers.ModelSerializer[Item]):
    reason, error = SaidField(), SaidField()
    name = serializers.SerializerMethodField(help_text="ID at the source, or the document's number")
    place = serializers.SerializerMethodField(help_text="source, or where it is kept")
    sha256 = serializers.SerializerMethodField()
    size = serializers.SerializerMethodField(help_text="bytes; null: none that is known")

    class Meta:
        model = Item
        fields = [
            "position", "name", "place", "size", "sha256", "reason", "decision", "decision_reason", "again_on", "state",
            "error",
        ]  # fmt: skip

    def get_name(self, item: Item) -> str:
        return shown(item).name

    def get_place(self, item: Item) -> str:
        return shown(item).place

    def get_sha256(self, item: Item) -> str:
        return shown(item).sha256

    def get_size(self, item: Item) -> int | None:
        return shown(item).size


class ProposalQuery(serializers.Serializer[Any]):
    status = serializers.ChoiceField(ProposalStatus.choices, required=False)
    kind = serializers.ChoiceField(KINDS, required=False)
    site = serializers.CharField(required=False, max_length=10, help_text="code")


class LineQuery(serializers.Serializer[Any]):
    decision = serializers.ChoiceField(ItemDecision.choices, required=False)
    state = serializers.ChoiceField(ItemState.choices, required=False)


class ProposalInput(serializers.Serializer[Any]):
    site = serializers.CharField(max_length=10, help_text="code")
    kind = serializers.ChoiceField(KINDS)
    reason = serializers.CharField(max_length=300)


class ConditionInput(serializers.Serializer[Any]):
    key = serializers.ChoiceField(ConditionKey.choices)
    note = serializers.CharField(max_length=300, help_text="by what you know that it is met")
    seen = serializers.IntegerField(
        min_value=0, required=False,
        help_text="the list's items_count as you read it: refused where a hold has taken lines off it since",
    )  # fmt: skip


class NoteInput(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=300)


class ProofInput(serializers.Serializer[Any]):
    password = serializers.CharField(
        max_length=200, allow_blank=True, write_only=True,
        help_text="empty where the user comes in through the identity provider and has none: then the code proves it",
    )  # fmt: skip
    code = serializers.CharField(
        max_length=20, required=False, allow_blank=True, default="", write_only=True,
        help_text="of the authenticator, where one is set up",
    )  # fmt: skip


class VerdictInput(serializers.Serializer[Any]):
    """`decision`: approve all, all but some (in_part: `refused`), or none (refuse)."""

    decision = serializers.ChoiceField(["approve", "in_part", "refuse"])
    list_sha256 = serializers.CharField(max_length=64, help_text="of the list that was looked at")
    refused = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=9_999_999), required=False, default=list,
        max_length=100_000, help_text="positions of the lines refused",
    )  # fmt: skip
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    again_on = DayField(required=False, allow_null=True, default=None, help_text="when the refused come up again")
    password = serializers.CharField(
        max_length=200, allow_blank=True, write_only=True,
        help_text="empty where the user comes in through the identity provider and has none: then the code proves it",
    )  # fmt: skip
    code = serializers.CharField(
        max_length=20, required=False, allow_blank=True, default="", write_only=True,
        help_text="of the authenticator, where one is set up",
    )  # fmt: skip


def rows_of(user: User) -> Any:
    return proposal_rows(user).prefetch_related(STANDING)


def said(pk: int) -> Any:
    """As it is now: to who has just seen it or changed it, also where it is then no longer theirs to see."""
    rows = Proposal.objects.select_related("site", "document").prefetch_related(STANDING)
    return ProposalSerializer(rows.get(pk=pk)).data


def ours(request: Request, pk: int) -> tuple[User, Proposal]:
    """For those who work on it. Raises NotAllowed for the client, whose own it is to decide."""
    user = user_of(request)
    found = get_visible(Proposal, user, pk)
    if not has_role(user, CATALOGUE_READERS, site=found.site):
        raise NotAllowed
    return user, found


class Proposals(APIView):
    @extend_schema(
        operation_id="retention_proposals", responses=paged("ProposalPage", ProposalSerializer),
        parameters=[ProposalQuery, AFTER, SIZE],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Lists of what is to be destroyed; the client sees those that were put before them."""
        asked = query_of(request, ProposalQuery)
        rows = rows_of(user_of(request))
        if "site" in asked:
            rows = rows.filter(site__code=asked["site"])
        if "kind" in asked:
            rows = rows.filter(kind="" if asked["kind"] == DOCUMENTS else asked["kind"])
        if "status" in asked:
            rows = rows.filter(status=asked["status"])
        return page(request, rows, lambda found: ProposalSerializer(found, many=True).data)

    @extend_schema(
        operation_id="retention_proposal_new", request=ProposalInput, responses={201: ProposalSerializer},
        parameters=[KEY],
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        """Gather a draft of what may go, the oldest first."""
        user = user_of(request)
        if not has_role(user, PROPOSERS):
            raise NotAllowed
        data = body_of(request, ProposalInput)
        site = Site.objects.filter(site_filter(user, PROPOSERS, "pk"), code=data["site"]).first()
        if site is None:
            raise Invalid(_("There is no such site."), field="site", code="unknown_site")
        asked: dict[str, Any] = {"site": site, "reason": data["reason"], "actor": user, "now": timezone.now()}
        if data["kind"] == DOCUMENTS:
            made = proposals.document_proposal_new(**asked)
        else:
            made = proposals.proposal_new(kind=data["kind"], **asked)
        return Response(said(made.pk), status=201)


class ProposalDetail(APIView):
    @extend_schema(operation_id="retention_proposal", responses=ProposalSerializer)
    def get(self, request: Request, pk: int) -> Response:
        get_visible(Proposal, user_of(request), pk)
        return Response(said(pk))


class ProposalLines(APIView):
    @extend_schema(
        operation_id="retention_proposal_lines", responses=paged("LinePage", LineSerializer),
        parameters=[LineQuery, AFTER, SIZE],
    )  # fmt: skip
    def get(self, request: Request, pk: int) -> Response:
        """What is on the list, what the client said of each line, and what became of it."""
        found = get_visible(Proposal, user_of(request), pk)
        rows = line_rows(user_of(request)).filter(proposal=found, **query_of(request, LineQuery))
        return page(request, rows, lambda some: LineSerializer(some, many=True).data)


class ProposalCondition(APIView):
    @extend_schema(
        operation_id="retention_proposal_condition", request=ConditionInput, responses=ProposalSerializer,
        parameters=[KEY],
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Say that a condition of destruction is met: you vouch for it."""
        user, found = ours(request, pk)
        if not any(has_role(user, sayers, site=found.site) for sayers in SAYERS.values()):
            raise NotAllowed
        given = body_of(request, ConditionInput)
        proposals.condition_say(proposal_id=pk, actor=user, now=timezone.now(), **given)
        return Response(said(pk))


class ProposalStep(APIView):
    """A step of the flow; subclassed."""

    name = ""

    def made(self, request: Request, pk: int) -> Response:
        user, found = user_of(request), get_visible(Proposal, user_of(request), pk)
        transition = PROPOSAL.find(self.name)
        if not transition.open_to(user, found.site):
            raise NotAllowed
        note = _note(request) if "note" in transition.needs else {}
        deed: Any = {
            "submit": proposals.proposal_submit, "withdraw": proposals.proposal_withdraw,
            "recall": proposals.proposal_recall, "execute": disposing.proposal_execute,
        }[self.name]  # fmt: skip
        deed(proposal_id=pk, actor=user, now=timezone.now(), **note)
        return Response(said(pk))


def _note(request: Request) -> dict[str, str]:
    return body_of(request, NoteInput)


class ProposalSubmit(ProposalStep):
    name = "submit"

    @extend_schema(
        operation_id="retention_proposal_submit", request=None, responses=ProposalSerializer, parameters=[KEY]
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Freeze the list and put it before the client."""
        return self.made(request, pk)


class ProposalWithdraw(ProposalStep):
    name = "withdraw"

    @extend_schema(
        operation_id="retention_proposal_withdraw", request=NoteInput, responses=ProposalSerializer, parameters=[KEY]
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        return self.made(request, pk)


class ProposalRecall(ProposalStep):
    name = "recall"

    @extend_schema(
        operation_id="retention_proposal_recall", request=NoteInput, responses=ProposalSerializer, parameters=[KEY]
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Call the approval back before the deletion is begun."""
        return self.made(request, pk)


class ProposalExecute(ProposalStep):
    name = "execute"

    @extend_schema(operation_id="retention_proposal_execute", request=ProofInput, responses={202: ProposalSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Start the deletion, once the cooling-off is over, with the password entered again; never by who approved.

        It takes no Idempotency-Key: a deletion is started once, and a wrong password counts as one each time.
        """
        user, found = user_of(request), get_visible(Proposal, user_of(request), pk)
        if not PROPOSAL.find(self.name).open_to(user, found.site):
            raise NotAllowed
        identity_prove(user=user, **body_of(request, ProofInput), reason=f"execute:{found.number}", now=timezone.now())
        answer = self.made(request, pk)
        answer.status_code = 202
        return answer


class ProposalRelease(APIView):
    @extend_schema(
        operation_id="retention_proposal_release", request=NoteInput, responses=ProposalSerializer, parameters=[KEY]
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Give up what could not be deleted."""
        user, found = ours(request, pk)
        if not has_role(user, KEEPERS, site=found.site):
            raise NotAllowed
        disposing.proposal_release(proposal_id=pk, actor=user, now=timezone.now(), **_note(request))
        return Response(said(pk))


class ProposalDecide(APIView):
    @extend_schema(operation_id="retention_proposal_decide", request=VerdictInput, responses=ProposalSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """The client's decision on the list of that hash, with the password entered again.

        It takes no Idempotency-Key: a list is decided once, and a wrong password counts as one each time.
        """
        user, found, now = user_of(request), get_visible(Proposal, user_of(request), pk), timezone.now()
        if not PROPOSAL.find("approve").open_to(user, found.site):
            raise NotAllowed
        data = body_of(request, VerdictInput)
        refused = _refused(found, data)
        proof = identity_prove(
            user=user, password=data["password"], code=data["code"], reason=f"approve:{found.number}", now=now
        )
        proposals.proposal_decide(
            proposal_id=pk, list_sha256=data["list_sha256"], refused=refused, refuse_all=data["decision"] == "refuse",
            reason=data["reason"], again_on=data["again_on"], proof=proof, actor=user, now=now,
        )  # fmt: skip
        return Response(said(pk))


def _refused(found: Proposal, data: dict[str, Any]) -> set[int]:
    """The refused lines' ids. Raises Invalid: none though in part, some though all are approved, or unknown ones."""
    positions = set(data["refused"])
    if bool(positions) != (data["decision"] == "in_part"):
        raise Invalid(_("Name the refused lines when you approve in part, and only then."), field="refused")
    lines = dict(found.items.filter(position__in=positions).values_list("position", "pk"))
    if unknown := sorted(positions - set(lines)):
        raise Invalid(_("There is no line %(number)s.") % {"number": unknown[0]}, field="refused")
    return set(lines.values())
