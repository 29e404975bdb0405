"""The document register, downloads, and the public verification page."""

import uuid
from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.documents import countersigning, selectors, uploads
from occ.documents.attachments import get_attachment
from occ.documents.choices import Status
from occ.documents.destruction import minutes_of
from occ.documents.filters import RegisterFilter
from occ.documents.forms import SignForm
from occ.documents.models import IssuedDocument
from occ.documents.services import ALPHABET, verification_url
from occ.documents.signing import may_sign
from occ.downloads import download as download_of
from occ.errors import Refused
from occ.ledger.services import record
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.models import User
from occ.times import JAKARTA, local_day

LOOKALIKES = str.maketrans({"o": "0", "i": "1", "l": "1", "-": None, " ": None})


@require_GET
def register(request: HttpRequest) -> HttpResponse:
    if again := remembered(request):
        return again
    rows = IssuedDocument.objects.visible_to(me(request)).select_related("site").defer("data")
    sorts = {"issued": "issued_at", "number": "number", "kept": "expires_on"}
    context = listing(request, rows, filters=RegisterFilter, sorts=sorts, default="-issued")
    context |= {"title": _("Document register"), "search": _("Number, title or who issued it")}
    context |= {"today": local_day(timezone.now(), JAKARTA), "export_kind": "home.documents"}
    return render(request, "documents/register.html", context)


@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    document = get_visible(IssuedDocument, cast(User, request.user), pk)
    return _detail(request, document, SignForm(initial={"purpose": request.GET.get("purpose")}), 200)


def _detail(request: HttpRequest, document: IssuedDocument, form: SignForm, status: int) -> HttpResponse:
    can_sign = document.status == Status.VALID and may_sign(me(request))
    given = list(document.signatures.all())
    purposes = countersigning.purposes_open(document, me(request), given) if can_sign else []
    form.offer(purposes)
    context = {
        "title": document.title,
        "document": document,
        "crumbs": [{"label": _("Document register"), "url": reverse("documents:register")}],
        "revisions": selectors.revisions(document),
        "signatures": given,
        "awaited": countersigning.awaited(document, given) if document.status == Status.VALID else [],
        "sheet": countersigning.sheet_of(document),
        "signed": countersigning.signed_by(document),
        "form": form if purposes else None,
        "verify_url": verification_url(document.code),
        "minutes": minutes_of(document),
    }
    return render(request, "documents/detail.html", context, status=status)


@require_POST
def sign(request: HttpRequest, pk: int) -> HttpResponse:
    user = cast(User, request.user)
    document = get_visible(IssuedDocument, user, pk)
    form = SignForm(request.POST)
    if not form.is_valid():
        return _detail(request, document, form, 422)
    try:
        countersigning.document_sign(document_id=document.pk, user=user, now=timezone.now(), **form.cleaned_data)
    except Refused as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        return _detail(request, document, form, refusal.status)
    messages.success(request, _("Signed."))
    return redirect(document)


@require_GET
@never_cache
def download(request: HttpRequest, pk: int) -> HttpResponseBase:
    user = cast(User, request.user)
    document = get_visible(IssuedDocument, user, pk)
    if document.status == Status.DESTROYED:
        raise Http404
    answer = download_of("documents", document.file, shown=document.file_name, content_type="application/pdf")
    data = {"number": document.full_number, "sha256": document.sha256}
    now = timezone.now()
    record(actor=user, action="document.downloaded", subject=document, data=data, now=now, site=document.site)
    return answer


@require_GET
@never_cache
def attachment(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    user = cast(User, request.user)
    found = get_attachment(user, pk)
    answer = download_of("default", found.file, shown=found.name, content_type=found.content_type)
    data = {"name": found.name, "of": f"{found.subject_type} {found.subject_id}"}
    record(actor=user, action="attachment.downloaded", subject=found, data=data, now=timezone.now())
    return answer


@csrf_exempt
def verify(request: HttpRequest, code: str) -> HttpResponse:
    """Public. The hashing handler must be in place before anything reads the body, so the CSRF check comes after."""
    request.upload_handlers = [uploads.HashOnly(request)]
    return _verify(request, code)


@csrf_protect
@never_cache
@require_http_methods(["GET", "POST"])
def _verify(request: HttpRequest, code: str) -> HttpResponse:
    wanted = code.lower().translate(LOOKALIKES)
    known = IssuedDocument.objects.defer("data").select_related("site")
    document = known.filter(code=wanted).first() if set(wanted) <= set(ALPHABET) else None
    if document is None:
        return render(request, "documents/verify.html", {"document": None}, status=404)
    newer = IssuedDocument.objects.filter(supersedes=document).first()
    context = {"document": document, "newer": newer, "signatures": document.signatures.all(), "result": ""}
    context |= {"minutes": minutes_of(document), "sheet": countersigning.sheet_of(document)}
    context["signed"] = countersigning.signed_by(document)
    if request.method == "POST":
        context["result"] = _compare(request, document)
    return render(request, "documents/verify.html", context)


def _compare(request: HttpRequest, document: IssuedDocument) -> str:
    uploaded = request.FILES.get("file")
    if uploaded is None:
        return "none"
    return "same" if getattr(uploaded, "sha256", "") == document.sha256 else "other"
