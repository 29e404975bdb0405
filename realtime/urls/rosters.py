from django.urls import URLPattern, URLResolver, path

from realtime.views import my_roster, roster_checks, roster_imports, rosters, shift_codes

urlpatterns: list[URLPattern | URLResolver] = [
    path("rosters/", rosters.rosters, name="rosters"),
    path("rosters/new/", rosters.roster_new, name="roster_new"),
    roster_imports.WIZARD.at("rosters/import/"),
    path("rosters/<int:pk>/", rosters.roster, name="roster"),
    path("rosters/<int:pk>/cells/", rosters.roster_cells, name="roster_cells"),
    path("rosters/<int:pk>/findings/", rosters.roster_findings, name="roster_findings"),
    path("rosters/<int:pk>/changes/", rosters.roster_changes, name="roster_changes"),
    path("rosters/<int:pk>/<slug:transition>/", rosters.roster_step, name="roster_step"),
    path("shifts/", shift_codes.shifts, name="shifts"),
    path("shifts/new/", shift_codes.shift_new, name="shift_new"),
    path("shifts/<int:pk>/", shift_codes.shift_edit, name="shift_edit"),
    path("checks/", roster_checks.checks, name="checks"),
    path("checks/<int:pk>/", roster_checks.check, name="check"),
    path("checks/<int:pk>/<slug:transition>/", roster_checks.check_step, name="check_step"),
    path("my-roster/", my_roster.my_roster, name="my_roster"),
    path("my-roster/swap/", my_roster.swap_new, name="swap_new"),
    path("my-roster/calendar/", my_roster.calendar_make, name="calendar_make"),
    path("my-roster/calendar/revoke/", my_roster.calendar_revoke, name="calendar_revoke"),
    path("calendar/<str:token>.ics", my_roster.calendar, name="calendar"),
    path("swaps/", my_roster.swaps_list, name="swaps"),
    path("swaps/<int:pk>/", my_roster.swap, name="swap"),
    path("swaps/<int:pk>/<slug:transition>/", my_roster.swap_step, name="swap_step"),
]
