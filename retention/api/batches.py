"""/api/v1/retention/batches/ and checks/: backups as the pages show and start them (RET-4 to RET-6, RET-15)."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from occ.api.endpoints import AFTER, KEY, SIZE, body_of, paged, query_of, user_of
from occ.api.fields import DayField
from occ.api.idempotency import idempotent, idempotent_after
from occ.api.paging import page
from occ.errors import NotAllowed
from occ.jobs.models import Job, State
from occ.people.access import get_visible
from occ.people.models import User
from occ.people.scope import has_role
from retention.batching.lists import batch_rows, check_rows, packages
from retention.choices import BatchStatus, CheckKind, RecordKind, Result
from retention.models import Batch, Check, Copy, Pack, Record
from retention.personal import CHECKERS, WAIVERS
from retention.services import taking
from retention.services.batches import TRANSITIONS, record_waive
from retention.services.checking import batch_check_ask
from retention.services.restorable import having_findings
from retention.workflow import BATCH


class BatchSerializer(serializers.ModelSerializer[Batch]):
    identifier = serializers.CharField(read_only=True, help_text="also the beginning of its bags' names")
    site = serializers.CharField(source="site.code")
    month = serializers.DateField(help_text="the month in which the conversations ended: its first day")
    findings_count = serializers.IntegerField(read_only=True, help_text="open findings of its packages and keys")
    unrestorable_count = serializers.IntegerField(
        read_only=True, help_text="records backed up (`done_count`) that nobody can give back now"
    )

    class Meta:
        model = Batch
        fields = [
            "id", "identifier", "kind", "site", "month", "part", "status", "due_at", "opened_at", "completed_at",
            "records_count", "bytes_count", "done_count", "problems_count", "findings_count",
            "unrestorable_count", "error", "next_at",
        ]  # fmt: skip


class BatchQuery(serializers.Serializer[Any]):
    status = serializers.ChoiceField(
        [*BatchStatus.choices, ("open", "not backed up yet"), ("late", "overdue"), ("findings", "with open ones")],
        required=False,
    )
    kind = serializers.ChoiceField(RecordKind.choices, required=False)
    site = serializers.CharField(required=False, max_length=10, help_text="code")
    month = DayField(required=False, help_text="any day of it")


class CheckSerializer(serializers.ModelSerializer[Check]):
    store = serializers.CharField(source="store.code", default=None, allow_null=True)
    batch = serializers.CharField(source="batch.identifier", default=None, allow_null=True)
    package = serializers.CharField(
        source="pack.name", default=None, allow_null=True, help_text="where it was of one package only"
    )

    class Meta:
        model = Check
        fields = [
            "id", "kind", "store", "batch", "package", "started_at", "ended_at", "objects_count", "bytes_count",
            "failures", "result", "note", "by",
        ]  # fmt: skip


class CheckQuery(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(CheckKind.choices, required=False)
    result = serializers.ChoiceField(Result.choices, required=False)


def said(batch: Batch, user: User) -> Any:
    return BatchSerializer(batch_rows(user).get(pk=batch.pk)).data


class Batches(APIView):
    @extend_schema(
        operation_id="retention_batches", responses=paged("BatchPage", BatchSerializer),
        parameters=[BatchQuery, AFTER, SIZE],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        asked = query_of(request, BatchQuery)
        rows = batch_rows(user_of(request))
        if "site" in asked:
            rows = rows.filter(site__code=asked["site"])
        if "kind" in asked:
            rows = rows.filter(kind=asked["kind"])
        if "month" in asked:
            rows = rows.filter(month=asked["month"].replace(day=1))
        status = asked.get("status")
        if status == "late":
            rows = rows.overdue(timezone.now())
        elif status == "findings":
            rows = having_findings(rows)
        elif status:
            rows = rows.open() if status == "open" else rows.filter(status=status)
        return page(request, rows, lambda found: BatchSerializer(found, many=True).data)


class BatchDetail(APIView):
    @extend_schema(operation_id="retention_batch", responses=BatchSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Ask again to follow a running backup: `done_count` of `records_count`."""
        return Response(said(get_visible(Batch, user_of(request), pk), user_of(request)))


class BatchStep(APIView):
    """Escalate and start; subclassed."""

    name = ""

    def made(self, request: Request, pk: int) -> Response:
        user, found = user_of(request), get_visible(Batch, user_of(request), pk)
        if not BATCH.find(self.name).open_to(user, found.site):
            raise NotAllowed
        TRANSITIONS[self.name](batch_id=pk, actor=user, now=timezone.now())
        return Response(said(get_visible(Batch, user, pk), user))


class BatchEscalate(BatchStep):
    name = "escalate"

    @extend_schema(operation_id="retention_batch_escalate", request=None, responses=BatchSerializer, parameters=[KEY])
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Hand it to Team IT (SOP-RET 8.1, step 5)."""
        return self.made(request, pk)


class BatchStart(BatchStep):
    name = "start"

    @extend_schema(operation_id="retention_batch_start", request=None, responses=BatchSerializer, parameters=[KEY])
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Back it up now, or try again what could not be."""
        return self.made(request, pk)


class CheckInput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(
        [("fixity", "every package is read"), ("drill", "every record is restored to a scratch place and compared")]
    )
    package = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=2**63 - 1,
        help_text="`id` of one of the batch's `packages/`: that one only",
    )  # fmt: skip


class BatchCheck(APIView):
    @extend_schema(
        operation_id="retention_batch_check", request=CheckInput, responses={202: CheckSerializer}, parameters=[KEY]
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Prove its backup now, or that of one package, in the background; `checks/` says what came of it.

        409 `under_way`: that check of the batch, or another restore drill, has not ended yet.
        """
        user, found = user_of(request), get_visible(Batch, user_of(request), pk)
        if not has_role(user, CHECKERS, site=found.site):
            raise NotAllowed
        given = body_of(request, CheckInput)
        check = batch_check_ask(
            batch_id=found.pk, kind=given["kind"], pack_id=given["package"], actor=user, clock=timezone.now
        )  # fmt: skip
        return Response(CheckSerializer(check).data, status=202)


class CopySerializer(serializers.ModelSerializer[Copy]):
    store = serializers.CharField(source="store.code")

    class Meta:
        model = Copy
        fields = ["store", "checked_at", "result"]


class PackageSerializer(serializers.ModelSerializer[Pack]):
    """`number` 0: the bag's tag files. `size` in bytes; `copies`: where it lies, read when; none once destroyed."""

    bag = serializers.CharField(source="bag.identifier")
    records = serializers.IntegerField(help_text="put into it, also those destroyed since")
    copies = CopySerializer(source="live", many=True)

    class Meta:
        model = Pack
        fields = ["id", "bag", "number", "name", "size", "sha256", "written_at", "records", "copies"]


class BatchPackages(APIView):
    @extend_schema(
        operation_id="retention_batch_packages", responses=paged("PackagePage", PackageSerializer),
        parameters=[AFTER, SIZE],
    )  # fmt: skip
    def get(self, request: Request, pk: int) -> Response:
        """What its backup consists of."""
        rows = packages(Pack.objects.filter(bag__batch=get_visible(Batch, user_of(request), pk)))
        return page(request, rows.select_related("bag"), lambda found: PackageSerializer(found, many=True).data)


class ReasonInput(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300)


class SettledSerializer(serializers.ModelSerializer[Record]):
    """What was decided about a record that could not be backed up. `size` in bytes."""

    class Meta:
        model = Record
        fields = ["id", "state", "size", "sha256", "waived_because"]


def decidable(request: Request, pk: int) -> Record:
    found = get_visible(Record, user_of(request), pk)
    if not has_role(user_of(request), WAIVERS, site=found.site):
        raise NotAllowed
    return found


class RecordWaive(APIView):
    @extend_schema(
        operation_id="retention_record_waive", request=ReasonInput, responses=SettledSerializer, parameters=[KEY]
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Let a record that cannot be backed up go without."""
        decidable(request, pk)
        given = body_of(request, ReasonInput)
        done = record_waive(record_id=pk, actor=user_of(request), now=timezone.now(), **given)
        return Response(SettledSerializer(done).data)


class FileReadSerializer(serializers.Serializer[Any]):
    """A file as it was read. `size` in bytes; null until it is done, and once it was forgotten (30 days)."""

    state = serializers.ChoiceField([("none", "never read for you"), *State.choices])
    progress = serializers.IntegerField(help_text="per cent")
    error = serializers.CharField()
    size = serializers.IntegerField(allow_null=True)
    sha256 = serializers.CharField(allow_null=True)


def read_said(job: Job | None) -> Any:
    looked = taking.looked_at(job)
    return {
        "state": job.state if job else "none", "progress": job.progress if job else 0,
        "error": job.error if job else "", "size": looked.size if looked else None,
        "sha256": looked.sha256 if looked else None,
    }  # fmt: skip


class RecordReadFile(APIView):
    @extend_schema(operation_id="retention_record_file_read", responses=FileReadSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """What came of your latest reading of the file."""
        return Response(read_said(taking.looks(decidable(request, pk), user_of(request)).first()))

    @extend_schema(
        operation_id="retention_record_read_file", request=None, responses={202: FileReadSerializer}, parameters=[KEY]
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Have a changed file read in the background; GET says when it is done, and what it is."""
        decidable(request, pk)
        job = taking.file_look_ask(record_id=pk, actor=user_of(request), now=timezone.now())
        return Response(read_said(job), status=202)


class TakeFileInput(ReasonInput):
    sha256 = serializers.RegexField("^[0-9a-fA-F]{64}$", help_text="as read-file said it")
    size = serializers.IntegerField(min_value=0, max_value=2**63 - 1, help_text="bytes, as read-file said it")


def file_looked(view: APIView, request: Request, pk: int) -> taking.Looked:
    decidable(request, pk)
    given = body_of(request, TakeFileInput)
    return taking.file_looked(
        record_id=pk, sha256=given["sha256"], size=given["size"], actor=user_of(request)
    )  # fmt: skip


class RecordTakeFile(APIView):
    @extend_schema(
        operation_id="retention_record_take_file", request=TakeFileInput, responses=SettledSerializer, parameters=[KEY]
    )
    @idempotent_after(file_looked)
    def post(self, request: Request, pk: int, looked: taking.Looked | None = None) -> Response:
        """Take a file that was rightly changed since it was catalogued as it is now; before its backup only.

        409 `not_read`: no such file was read for you (`read-file`); 409 `changed`: it is another one by now.
        """
        given = body_of(request, TakeFileInput)
        done = taking.record_take_file(
            record_id=pk, reason=given["reason"], looked=looked or file_looked(self, request, pk),
            actor=user_of(request), now=timezone.now(),
        )  # fmt: skip
        return Response(SettledSerializer(done).data)


class Checks(APIView):
    @extend_schema(
        operation_id="retention_checks", responses=paged("CheckPage", CheckSerializer),
        parameters=[CheckQuery, AFTER, SIZE],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Fixity, listings and restore drills: when they ran and what they said."""
        rows = check_rows(user_of(request)).filter(**query_of(request, CheckQuery))
        return page(request, rows, lambda found: CheckSerializer(found, many=True).data)
