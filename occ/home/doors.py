"""The door of a list of the API is that of the page which shows the same rows (occ.home.navigation.DOORS)."""

from occ.api.doors import register
from occ.home.navigation import DOORS

# Lists whose page is called otherwise, or that stand on several.
PAGES = {
    "api:realtime-attendance": ("realtime:attendance_records",),
    "api:retention-entries": ("retention:register",),
    "api:retention-proposals": ("retention:proposals", "retention:decisions"),
    "api:sdm-candidates": ("sdm:pipeline",),
    "api:sdm-employees": ("sdm:people",),
    "api:sdm-evaluation-months": ("sdm:evaluation_periods",),
    "api:sdm-training-batches": ("sdm:training",),
    "api:sdm-training-participants": ("sdm:training",),
    "api:userids-assignments": ("userids:accounts",),
    "api:userids-requests": ("userids:deactivations",),
}


@register
def door_of(name: str) -> frozenset[str] | None:
    """Whom the list of that URL name lets in; None where no page shows its rows, and the view says it itself."""
    app, _dash, rest = name.removeprefix("api:").partition("-")
    pages = PAGES.get(name, (f"{app}:{rest.replace('-', '_')}",))
    doors = [DOORS[page] for page in pages if page in DOORS]
    return frozenset().union(*doors) if doors else None
