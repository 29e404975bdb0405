"""A form whose values go to one service: done and on to what was made, or shown again with what was refused."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from occ.errors import Refused
from occ.forms import add_refusal

Do = Callable[[dict[str, Any]], Any]
Said = str | Callable[[Any], str]


def form_done(
    request: HttpRequest, form: forms.Form, do: Do, *, said: Said = "", to: Any = None
) -> HttpResponse | None:
    """Do what was posted: a redirect, or None where the form has to be shown (again), with the refusal in it.

    `do(values)` calls the service. `said`: words for when it is done, or what makes them of what the service gave back.
    `to`: where one goes then; else to what the service gave back. Raises NotAllowed.
    """
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        made = do(form.values() if hasattr(form, "values") else form.cleaned_data)
    except Refused as refusal:
        add_refusal(form, refusal)
        return None
    if words := said if isinstance(said, str) else said(made):
        messages.success(request, words)
    return redirect(made if to is None else to)


def form_page(
    request: HttpRequest, form: forms.Form, do: Do, *, said: Said = "", to: Any = None,
    template: str = "form_page.html", **context: Any,
) -> HttpResponse:  # fmt: skip
    """The page that is one form; `context`: title, crumbs, submit, cancel_url, subtitle if it has one."""
    if done := form_done(request, form, do, said=said, to=to):
        return done
    return render(request, template, context | {"form": form}, status=422 if form.errors else 200)
