"""The ledger's action codes of this app in words (see occ.ledger.words); those of flows are their transitions."""

from django.utils.translation import gettext_lazy as _

from occ.ledger.words import register_deeds

register_deeds(
    {
        "alert.acknowledged": _("Alert acknowledged"),
        "alert.closed": _("Alert closed"),
        "alert.dismissed": _("Alert dismissed"),
        "alert.opened": _("Alert opened"),
        "attendance.marked": _("Attendance marked"),
        "calendar.made": _("Calendar address made"),
        "calendar.revoked": _("Calendar address revoked"),
        "forecast.entered": _("Forecast entered"),
        "forecast.evaluated": _("Forecast compared with what came"),
        "forecast.imported": _("Forecast imported"),
        "forecast.made": _("Forecast computed"),
        "forecast.model": _("Forecast computed from history"),
        "headcount.handed": _("Headcount handed over"),
        "interaction.read": _("Customer of an interaction read"),
        "realtime.mapping_kept": _("Mapping of a report kept"),
        "realtime.month_frozen": _("Month frozen"),
        "realtime.report_imported": _("Report imported"),
        "realtime.report_withdrawn": _("Import of a report taken back"),
        "recovery.action_added": _("Action added to a recovery plan"),
        "recovery.action_done": _("Action of a recovery plan done"),
        "recovery.action_dropped": _("Action of a recovery plan dropped"),
        "recovery.opened": _("Recovery plan opened"),
        "roster.changed": _("Roster changed"),
        "rotg.rule": _("Rule of ROTG set"),
        "rotg.rule_ended": _("Rule of ROTG ended"),
        "rotg.walk_answer": _("Point of a floor walk answered"),
        "rotg.walk_finished": _("Floor walk finished"),
        "rotg.walk_started": _("Floor walk begun"),
        "shift.edited": _("Shift code edited"),
        "shift.made": _("Shift code made"),
        "source.appeared": _("Source of events appeared"),
        "source.retried": _("Events of a source worked in again"),
    }
)
