from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """Who uses OCC; the codes are also the demo's log-in names."""

    TEAM_LEADER = "team_leader", _("Team Leader / SPV")
    COORDINATOR = "coordinator", _("Coordinator")
    SUPPORT = "support", _("Admin / Support")
    DOCUMENT_CONTROL = "document_control", _("Document Control")
    IT = "it", _("Team IT / IOC")
    QUALITY_CONTROL = "quality_control", _("Quality Control")
    QUALITY_ASSURANCE = "quality_assurance", _("Quality Assurance")
    WFM = "wfm", _("Workforce Management")
    RTFM = "rtfm", _("Real Time Floor Management")
    MANAGER = "manager", _("Operation Manager")
    HEAD_MANAGER = "head_manager", _("Head Manager")
    QMR = "qmr", _("QMR / Deputy QMR")
    HR_RECRUITMENT = "hr_recruitment", _("HR Recruitment")
    HR_TRAINING = "hr_training", _("HR Training")
    HR_RELATIONS = "hr_relations", _("HR Industrial Relations")
    HR_PAYROLL = "hr_payroll", _("HR Payroll")
    AGENT = "agent", _("Agent")
    CLIENT = "client", _("Client")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "administrator", _("Administrator")


class Channel(models.TextChoices):
    """On what customers are served: a skill of people, and what a user ID is for."""

    VOICE = "voice", _("Voice")
    WHATSAPP = "whatsapp", "WhatsApp"
    SOCIAL = "social", _("Social media")
    EMAIL = "email", _("E-mail")
    CHAT = "chat", _("Live chat")
    VIDEO = "video", _("Video call")


class LeavingReason(models.TextChoices):
    RESIGNATION = "resignation", _("Resignation")
    NON_RENEWAL = "non_renewal", _("Contract not renewed")
    DISMISSAL = "dismissal", _("Dismissal")
    DEATH = "death", _("Death")
