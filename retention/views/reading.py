"""Listening to a recording and reading a chat: first what for, then half an hour of it (RET-13)."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from occ.errors import NotAllowed, Refused, WrongState
from occ.forms import add_refusal
from occ.lists import listing
from occ.paging import part
from occ.people.access import get_visible, me
from occ.people.models import User
from occ.people.scope import has_role
from retention.choices import RecordKind, RecordState
from retention.marks import id_of
from retention.models import Record
from retention.personal import LISTENERS
from retention.reading import permits
from retention.reading.chats import HEAD_BYTES, MOST_BYTES, is_text, read_chat
from retention.reading.filters import SaidFilter
from retention.reading.forms import PurposeForm
from retention.reading.media import HEAD, Streamed, guarded, played, sniff
from retention.reading.speakers import conversation
from retention.services import listening as services
from retention.services.holds import counted

MESSAGES = 200
WITHIN = [name for name in SaidFilter.base_filters if name != "q"]


def fetched(user: User, pk: int) -> Record:
    """The record, for who may hear it. Raises Http404, NotAllowed."""
    found = get_visible(Record, user, pk)
    if not services.may_read(user, found):
        raise NotAllowed
    return Record.objects.select_related("site", "source__credential", "agent").get(pk=found.pk)


@require_http_methods(["GET", "POST"])
@never_cache
def listen(request: HttpRequest, pk: int) -> HttpResponse:
    return _open(request, pk, RecordKind.RECORDING)


@require_http_methods(["GET", "POST"])
@never_cache
def read(request: HttpRequest, pk: int) -> HttpResponse:
    return _open(request, pk, RecordKind.CHAT)


def _open(request: HttpRequest, pk: int, kind: RecordKind) -> HttpResponse:
    """The question what for, or once it was answered the record itself."""
    user, now = me(request), timezone.now()
    found = fetched(user, pk)
    if found.kind != kind:
        raise Http404
    form = PurposeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.reading_open(record_id=pk, actor=user, now=now, **form.cleaned_data)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            permits.grant(request.session, pk, now=now)
            return redirect(request.path)
    url = found.get_absolute_url()
    context: dict[str, Any] = {
        "title": _("Listen to a recording") if kind == RecordKind.RECORDING else _("Read a chat"),
        "subtitle": id_of(found),
        "crumbs": [{"label": id_of(found), "url": url}],
        "record": found,
        "zone": found.site.zone,
        "minutes": permits.LASTS.seconds // 60,
        "destroyed": found.state == RecordState.DESTROYED,
        "form": form,
        "submit": _("Listen") if kind == RecordKind.RECORDING else _("Read"),
        "cancel_url": url,
    }
    if found.state != RecordState.DESTROYED and permits.granted(request.session, pk, now=now):
        context |= _heard(found) if kind == RecordKind.RECORDING else _said(request, found, user)
        context["may_download"] = services.may_download(user, found)
        return render(request, "retention/reading.html", context)
    return render(request, "retention/reading_ask.html", context, status=422 if form.errors else 200)


def _heard(found: Record) -> dict[str, Any]:
    """Where the player gets it, or why there is nothing to be played."""
    try:
        content = services.content_of(found)
        sound = sniff(services.beginning(content, HEAD))
    except services.NotThere as refusal:
        return {"why": str(refusal)}
    if sound is None:
        return {"why": _("This file is no sound that a browser plays.")}
    return {"media_url": reverse("retention:media", args=[found.pk]), "content_type": sound.content_type}


def _said(request: HttpRequest, found: Record, user: User) -> dict[str, Any]:
    """The chat as a conversation, a page of it."""
    try:
        content = services.content_of(found)
        data = services.beginning(content, MOST_BYTES)
    except services.NotThere as refusal:
        return {"why": str(refusal)}
    if not is_text(data[:HEAD_BYTES]):
        return {"why": _("This file is no text.")}
    chat = read_chat(data, found.site.zone, cut=content.size > MOST_BYTES)
    some, pages = part(chat.messages, request.GET.get("page", "1"), MESSAGES)
    whole = services.sees_customers(user, found)
    try:
        lines = conversation(found, chat.messages, some, whole=whole)
    except WrongState as refusal:
        return {"why": str(refusal)}
    return pages | {
        "lines": lines,
        "masked": not whole,
        "cut": chat.cut,
        "count": len(chat.messages),
    }


def _permitted(request: HttpRequest, pk: int) -> Record:
    """Raises Http404, NotAllowed, NotThere (nobody said what for, or the half hour is over)."""
    found = fetched(me(request), pk)
    if not permits.granted(request.session, pk, now=timezone.now()):
        raise services.NotThere(_("Say first what you need it for; that holds for half an hour."), code="ask_first")
    return found


@require_safe
def media(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The sound itself, whole or the part that the player asks for."""
    found = _permitted(request, pk)
    if found.kind != RecordKind.RECORDING:
        raise Http404
    content = services.content_of(found)
    sound = sniff(services.beginning(content, HEAD))
    if sound is None:
        raise services.NotThere(_("This file is no sound that a browser plays."))
    return played(request, content, sound, name=f"record-{found.pk}")


@require_GET
def take(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file as it is, to be kept elsewhere: a right of its own, and an entry of its own."""
    user, found = me(request), fetched(me(request), pk)
    if not services.may_download(user, found):
        raise NotAllowed
    found = _permitted(request, pk)
    content = services.content_of(found)
    services.reading_download(record_id=pk, actor=user, now=timezone.now())
    answer = Streamed(content.pieces(0, content.size), content_type="application/octet-stream")
    answer["Content-Length"] = str(content.size)
    answer = guarded(answer)
    sound = sniff(services.beginning(content, HEAD))
    ending = sound.ending if sound else "txt" if found.kind == RecordKind.CHAT else "bin"
    answer["Content-Disposition"] = f'attachment; filename="record-{found.pk}.{ending}"'
    return answer


@require_http_methods(["GET", "POST"])
@never_cache
def said(request: HttpRequest) -> HttpResponse:
    """Chats by the words that were said in them: first what for, once a session; each search leaves an entry.

    What was said is read one by one, each with its own purpose.
    """
    user = me(request)
    if not has_role(user, LISTENERS):
        raise NotAllowed
    granted = permits.search_granted(request.session)
    if request.method == "POST" or granted is None:
        return _ask_for_search(request, user)
    rows = Record.objects.audible_to(user).kept().filter(kind=RecordKind.CHAT)
    rows = rows.select_related("site", "agent")
    words = request.GET.get("q", "").strip()
    if not words:
        rows = rows.none()
    context = listing(
        request, rows, filters=SaidFilter, sorts={"ended": "ended_at"}, default="-ended", size=25,
        otherwise=rows.none(),
    )  # fmt: skip
    if words and context["filter"].form.is_valid():
        _keep_search(request, user, words, context["filter"].qs, granted)
    context["rows"] = [{"record": one, "url": reverse("retention:read", args=[one.pk])} for one in context["page"].rows]
    context |= {
        "title": _("Search in chats"),
        "subtitle": _("Words that were said; reading a chat asks what for"),
        "search": _("Words, or their beginnings"),
    }
    return render(request, "retention/said.html", context)


def _ask_for_search(request: HttpRequest, user: User) -> HttpResponse:
    form = PurposeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.purpose_check(purpose=form.cleaned_data["purpose"], actor=user)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            permits.search_grant(request.session, **form.cleaned_data)
            return redirect(request.get_full_path())
    context = {
        "title": _("Search in chats"),
        "subtitle": _("Words that were said; reading a chat asks what for"),
        "form": form,
        "submit": _("Go on to the search"),
        "cancel_url": reverse("retention:records"),
    }
    return render(request, "retention/said_ask.html", context, status=422 if form.errors else 200)


def _keep_search(request: HttpRequest, user: User, words: str, rows: Any, granted: dict[str, str]) -> None:
    found, more = counted(rows)
    within = {name: request.GET[name][:40] for name in (*WITHIN, "after", "before") if request.GET.get(name)}
    services.chats_search(
        words=words, within=within, found=found, more=more, actor=user, now=timezone.now(), **granted
    )  # fmt: skip
