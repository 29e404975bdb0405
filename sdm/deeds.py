"""The ledger's action codes of this app in words (see occ.ledger.words); those of flows are their transitions."""

from django.utils.translation import gettext_lazy as _

from occ.ledger.words import register_deeds

register_deeds(
    {
        "candidate.anonymised": _("Candidate forgotten"),
        "candidate.edited": _("Candidate edited"),
        "candidate.nik_read": _("NIK of a candidate read"),
        "candidate.waived": _("Requirement waived for a candidate"),
        "candidates.imported": _("Candidates imported"),
        "clearance.settled": _("Point of a clearance settled"),
        "contracts.imported": _("Contracts imported"),
        "discipline.taken_up": _("Proposal of discipline taken up"),
        "employee.edited": _("Employee edited"),
        "employee.nik_read": _("NIK of an employee read"),
        "employee.rejoins": _("Employee taken on again"),
        "employment.added": _("Contract added"),
        "employment.ended": _("Contract ended"),
        "employment.numbered": _("Contract numbered"),
        "employment.registered": _("Contract registered with the authority"),
        "employment.withdrawn": _("Contract withdrawn"),
        "evaluation.taken_up": _("Evaluation of before taken up"),
        "leave.imported": _("Leave imported"),
        "people.imported": _("Employees imported"),
        "placement.corrected": _("Placement corrected"),
        "placement.transferred": _("Employee transferred"),
        "placement.withdrawn": _("Placement withdrawn"),
        "plan.set": _("Plan of a position set"),
        "position.changed": _("Position changed"),
        "sdm.evaluations_frozen": _("Evaluations frozen"),
        "sdm.payroll_downloaded": _("Payroll list downloaded"),
        "sdm.payroll_run": _("Payroll run"),
        "sdm.leaving.return": _("Leaving ended, the person came back"),
        "training.batch_opened": _("Training batch opened"),
        "training.linked": _("Training linked with candidates"),
        "training.names_erased": _("Names in a training erased"),
        "training.result": _("Result of a training recorded"),
        "training.results_imported": _("Results of a training imported"),
        "training.sample_added": _("Sample of a training added"),
        "training.sample_scored": _("Sample of a training scored"),
        "wage.recorded": _("Wage recorded"),
    }
)
