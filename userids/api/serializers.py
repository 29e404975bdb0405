"""What the API says and takes. Instants are ISO 8601 in UTC, days ISO 8601."""

from typing import Any

from rest_framework import serializers

from occ.api.fields import DayField, InstantField, SaidField
from occ.people.choices import LeavingReason
from occ.people.scope import has_role
from userids.models import Account, Assignment, DeactivationRequest, ReplacementRequest, Resignation
from userids.services.evidence import FLOWS


class HolderSerializer(serializers.ModelSerializer[Assignment]):
    employee = serializers.CharField(source="person.number")
    name = serializers.CharField(source="person.name")

    class Meta:
        model = Assignment
        fields = ["employee", "name", "email", "starts_at", "ends_at"]


class AccountSerializer(serializers.ModelSerializer[Account]):
    application = serializers.CharField(source="application.code")
    site = serializers.CharField(source="site.code")
    holder = HolderSerializer(allow_null=True, read_only=True)
    status = serializers.SerializerMethodField(help_text="active or inactive; with as_of as it was then")

    class Meta:
        model = Account
        fields = [
            "id", "user_id", "application", "role", "channels", "site", "status", "created_at", "activated_at",
            "deactivated_at", "remarks", "holder",
        ]  # fmt: skip

    def get_status(self, account: Account) -> str:
        was_active = getattr(account, "was_active", None)
        return account.status if was_active is None else ("active" if was_active else "inactive")


class AssignmentSerializer(serializers.ModelSerializer[Assignment]):
    user_id = serializers.CharField(source="account.user_id")
    employee = serializers.CharField(source="person.number")
    name = serializers.CharField(source="person.name")
    began = SaidField()
    ended = SaidField()

    class Meta:
        model = Assignment
        fields = ["id", "account", "user_id", "employee", "name", "email", "starts_at", "ends_at", "began", "ended"]


class ResignationSerializer(serializers.ModelSerializer[Resignation]):
    employee = serializers.CharField(source="person.number")
    name = serializers.CharField(source="person.name")
    site = serializers.CharField(source="person.site.code")

    class Meta:
        model = Resignation
        fields = ["id", "employee", "name", "site", "last_working_day", "reason", "recorded_at", "withdrawn_at", "note"]


class ProcessSerializer(serializers.ModelSerializer[Any]):
    user_id = serializers.CharField(source="account.user_id")
    employee = serializers.CharField(source="person.number")
    name = serializers.CharField(source="person.name")
    site = serializers.CharField(source="site.code")
    transitions = serializers.SerializerMethodField(help_text="those that you may make now")

    def get_transitions(self, request: DeactivationRequest | ReplacementRequest) -> list[str]:
        user = self.context["request"].user
        flow = FLOWS[type(request)]
        return [
            one.name
            for one in flow.transitions
            if request.status in one.source and has_role(user, one.by_roles, site=request.site)
        ]


class DeactivationSerializer(ProcessSerializer):
    class Meta:
        model = DeactivationRequest
        fields = [
            "id", "account", "user_id", "employee", "name", "site", "reason", "asked_reason", "last_working_day",
            "status", "starts_at", "due_at", "recorded_at", "requested_at", "inactive_since", "confirmed_at",
            "transitions",
        ]  # fmt: skip


class ReplacementSerializer(ProcessSerializer):
    class Meta:
        model = ReplacementRequest
        fields = [
            "id", "account", "user_id", "employee", "name", "email", "site", "status", "requested_at", "replaced_at",
            "sessions_revoked", "work_handed_over", "transitions",
        ]  # fmt: skip


class ResignationInput(serializers.Serializer[Any]):
    employee = serializers.CharField(max_length=20, help_text="employee number")
    last_working_day = DayField()
    reason = serializers.ChoiceField(LeavingReason.choices, default=LeavingReason.RESIGNATION)
    note = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)
    letter = serializers.FileField(required=False, help_text="PDF, PNG or JPG; multipart/form-data")


class ReplacementInput(serializers.Serializer[Any]):
    account = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    employee = serializers.CharField(max_length=20, help_text="employee number of the new agent")
    email = serializers.EmailField(help_text="address that the application will know")


class TransitionInput(serializers.Serializer[Any]):
    """Only what the transition needs: `fail` and `cancel` a note, `confirm` the evidence (text, file, or both)."""

    note = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    text = serializers.CharField(max_length=2000, required=False, allow_blank=True, help_text="what shows it")
    file = serializers.FileField(required=False, help_text="PDF, PNG or JPG; multipart/form-data")
    inactive_since = InstantField(required=False, help_text="when the ID became inactive; else now")
    sessions_revoked = serializers.BooleanField(required=False)
    work_handed_over = serializers.BooleanField(required=False)
