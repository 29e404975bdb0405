from django.http import HttpRequest, HttpResponse
from django.urls import path

app_name = "userids"


def coming(request: HttpRequest, **kwargs: object) -> HttpResponse:  # replaced page by page
    return HttpResponse("")


NAMES = {
    "": "dashboard", "accounts/": "accounts", "accounts/new/": "account_new", "accounts/<int:pk>/": "account",
    "accounts/<int:pk>/edit/": "account_edit", "resignations/": "resignations", "resignations/new/": "resignation_new",
    "resignations/<int:pk>/": "resignation", "resignations/<int:pk>/move/": "resignation_move",
    "resignations/<int:pk>/withdraw/": "resignation_withdraw", "deactivations/": "deactivations",
    "deactivations/<int:pk>/": "deactivation", "deactivations/<int:pk>/<slug:transition>/": "deactivation_step",
    "replacements/": "replacements", "replacements/new/": "replacement_new", "replacements/<int:pk>/": "replacement",
    "replacements/<int:pk>/<slug:transition>/": "replacement_step", "breaches/": "breaches", "import/": "import",
    "import/<int:pk>/": "import_preview", "import/<int:pk>/apply/": "import_apply",
    "import/<int:pk>/faulty/": "import_faulty",
}  # fmt: skip
urlpatterns = [path(route, coming, name=name) for route, name in NAMES.items()]
