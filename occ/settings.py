"""Settings. Everything that differs between installations comes from the environment (table in README.md)."""

import gc
import os
import sys
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from kombu import Queue

from occ import encryption, env

# Python looks for cycles after each 700 new objects: far too often for lists of thousands of rows.
gc.set_threshold(50_000, 20, 20)

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("OCC_VAR") or BASE_DIR / "var")

DEMO = env.flag("OCC_DEMO")
DEBUG = env.flag("OCC_DEBUG")
SECRET_KEY = env.required("SECRET_KEY")
if len(SECRET_KEY) < 32:
    raise ImproperlyConfigured("SECRET_KEY must have at least 32 characters")
BASE_URL = env.site_url("BASE_URL", "http://127.0.0.1:8000" if DEMO else "")
ENCRYPTION_KEYS = encryption.checked(env.words("ENCRYPTION_KEYS"))
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS") or (["127.0.0.1", "localhost"] if DEMO else [])
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS is not set (the host names OCC answers to, separated by commas)")
SECURE = BASE_URL.startswith("https://")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "django_htmx",
    "django_filters",
    "template_partials",
    "simple_history",
    "rest_framework",
    "drf_spectacular",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "occ.ledger",
    "occ.people",
    "occ.policies",
    "occ.notifications",
    "occ.obligations",
    "occ.workflow",
    "occ.documents",
    "occ.sheets",
    "occ.jobs",
    "occ.api",
    "occ.approvals",
    "sdm",
    "userids",
    "retention",
    "realtime",
    "occ.login",
    "occ.home",
    "occ.demo",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "occ.home.middleware.Compressed",  # with random padding, so that lengths tell nothing of secrets
    "occ.home.middleware.RequestId",
    "occ.home.metrics.Timed",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "occ.home.middleware.PersonLanguage",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "occ.home.middleware.Refusals",
    "occ.home.middleware.LoginRequired",
    "occ.login.middleware.SecondFactor",
    "occ.home.middleware.Doors",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "occ.urls"
ASGI_APPLICATION = "occ.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "occ.home.context.page",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# Tables that belong to another role than the one that works on them: their triggers cannot be switched off by it.
MIGRATING = (
    sys.argv[1:2] in (["migrate"], ["restore_backup"], ["retention_reapply"]) and "MIGRATION_DATABASE_URL" in os.environ
)
DATABASES = {"default": env.database("MIGRATION_DATABASE_URL" if MIGRATING else "DATABASE_URL")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.url("REDIS_URL", {"redis", "rediss", "unix"}).geturl()
# Sessions live in the database: whoever is logged in stays so while Redis is away.
SESSION_ENGINE = "occ.login.sessions"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [BASE_URL]
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_SSL_REDIRECT = SECURE
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")
if METRICS_TOKEN and len(METRICS_TOKEN) < 16:
    raise ImproperlyConfigured(
        "METRICS_TOKEN must have at least 16 characters (or be empty: then there is no /metrics)"
    )
WEB_THREADS = env.number("WEB_THREADS", 4, least=1, most=500)
SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$", "^metrics$"]  # asked for by supervisors, inside
TRUST_PROXY = env.flag("TRUST_PROXY")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUST_PROXY else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

AUTH_USER_MODEL = "people.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
# allauth carries a log-in through its stages and speaks OpenID Connect; how often one may try, occ.people.attempts.
ACCOUNT_ADAPTER, MFA_ADAPTER = "occ.login.adapters.AccountAdapter", "occ.login.adapters.MFAAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1  # half minutes to either side: clocks differ
MFA_FORMS = {"authenticate": "occ.login.forms.CodeForm"}
OIDC = env.openid()
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [OIDC["app"]] if OIDC else []}}
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

LANGUAGES = [("id", _("Indonesian")), ("en", _("English"))]
LANGUAGE_CODE = env.choice("LANGUAGE_CODE", "id", ("id", "en"))
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = "Asia/Jakarta"
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "occ.static_files.PackageFinder",
]
MEDIA_ROOT = env.directory("STORAGE_URL", f"file://{VAR / 'files'}")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": MEDIA_ROOT}},
    "documents": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": f"{MEDIA_ROOT}/documents", "file_permissions_mode": 0o440},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
RETENTION_PACK_MIB = env.number("RETENTION_PACK_MIB", 64, least=1, most=1024)
# In parts of this size a larger file goes into a bucket with Object Lock; S3 takes none below 5 MiB, none above 5 GiB.
RETENTION_S3_PART_MIB = env.number("RETENTION_S3_PART_MIB", 100, least=5, most=5_000)
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20

# The organisation's key for issued documents (occ.documents.sealing); without one they go out unsigned.
SIGNING_KEY_FILE = os.environ.get("SIGNING_KEY_FILE", "")
SIGNING_KEY_PASSWORD = os.environ.get("SIGNING_KEY_PASSWORD", "")

vars().update(env.email("EMAIL_URL"))
DEFAULT_FROM_EMAIL = os.environ.get("EMAIL_FROM") or "OCC <occ@localhost>"

# Tasks take ids and are idempotent (KER-8): they are acknowledged when done, and one whose worker died is
# delivered again after the visibility timeout. It is longer than the usual limit. The few that may take hours
# (LONGEST in retention/tasks.py) claim what they work on by a row, and are heard of while they do: a second delivery,
# or beat's next one, finds it claimed and goes; what a dead worker claimed is free again after a quarter of an hour.
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 900
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 1200}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 300_000  # KiB: what a large file left behind goes with its process
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
# Imports and exports take minutes; what keeps deadlines takes milliseconds and must never stand in line behind them.
# A worker without -Q serves both queues; where there are several, give the jobs workers of their own.
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_QUEUES = [Queue("default"), Queue("jobs")]
CELERY_TASK_ROUTES = {
    "occ.jobs.tasks.run": {"queue": "jobs"},
    "retention.tasks.back_up": {"queue": "jobs"},
    "retention.tasks.check_stores": {"queue": "jobs"},
    "retention.tasks.check_asked": {"queue": "jobs"},
    "retention.tasks.dispose": {"queue": "jobs"},
    "retention.tasks.scan": {"queue": "jobs"},
    "retention.tasks.repair": {"queue": "jobs"},
    "retention.tasks.fill": {"queue": "jobs"},
    "retention.tasks.reverify": {"queue": "jobs"},
    "retention.tasks.figures": {"queue": "jobs"},
    "realtime.tasks.months": {"queue": "jobs"},
    "retention.tasks.transcripts": {"queue": "jobs"},
    "realtime.tasks.forecasts": {"queue": "jobs"},
}
CELERY_BEAT_SCHEDULER = "occ.beat:LeaderScheduler"
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "occ.obligations.tasks.sweep", "schedule": 20.0, "options": {"expires": 60}},
    "lifecycle": {"task": "occ.people.tasks.lifecycle", "schedule": 60.0, "options": {"expires": 60}},
    "connect": {"task": "userids.tasks.connect", "schedule": 20.0, "options": {"expires": 60}},
    "reconcile": {"task": "userids.reconciling.tasks.reconcile", "schedule": 60.0, "options": {"expires": 60}},
    "transfers": {"task": "sdm.tasks.take_effect", "schedule": 60.0, "options": {"expires": 60}},
    "candidates": {"task": "sdm.tasks.forget_candidates", "schedule": 3600.0, "options": {"expires": 3600}},
    "evaluations": {"task": "sdm.tasks.evaluations", "schedule": 3600.0, "options": {"expires": 3600}},
    "contracts": {"task": "sdm.tasks.contracts", "schedule": 900.0, "options": {"expires": 900}},
    "leaves": {"task": "sdm.tasks.leaves", "schedule": 900.0, "options": {"expires": 900}},
    "floor": {"task": "realtime.tasks.floor", "schedule": 15.0, "options": {"expires": 60}},
    "months": {"task": "realtime.tasks.months", "schedule": 1800.0, "options": {"expires": 1800}},
    "alerts": {"task": "realtime.tasks.alerts", "schedule": 30.0, "options": {"expires": 60}},
    "headcounts": {"task": "realtime.tasks.headcounts", "schedule": 60.0, "options": {"expires": 60}},
    "attendance": {"task": "realtime.tasks.attendance", "schedule": 60.0, "options": {"expires": 60}},
    "forecasts": {"task": "realtime.tasks.forecasts", "schedule": 900.0, "options": {"expires": 900}},
    "roster_checks": {"task": "realtime.tasks.roster_checks", "schedule": 300.0, "options": {"expires": 300}},
    "violations": {"task": "realtime.tasks.violations", "schedule": 60.0, "options": {"expires": 60}},
    "signatures": {"task": "occ.documents.tasks.signatures", "schedule": 900.0, "options": {"expires": 900}},
    "scans": {"task": "retention.tasks.scans", "schedule": 60.0, "options": {"expires": 60}},
    "deliver": {"task": "occ.notifications.tasks.deliver_due", "schedule": 15.0, "options": {"expires": 60}},
    "holds": {"task": "retention.tasks.holds", "schedule": 900.0, "options": {"expires": 900}},
    "figures": {"task": "retention.tasks.figures", "schedule": 300.0, "options": {"expires": 300}},
    "transcripts": {"task": "retention.tasks.transcripts", "schedule": 300.0, "options": {"expires": 300}},
    "seal": {"task": "occ.ledger.tasks.seal", "schedule": 60.0, "options": {"expires": 60}},
    "take_up": {"task": "occ.jobs.tasks.take_up", "schedule": 60.0, "options": {"expires": 60}},
    "retention_batches": {"task": "retention.tasks.run_batches", "schedule": 60.0, "options": {"expires": 60}},
    "retention_checks": {"task": "retention.tasks.check_stores", "schedule": 600.0, "options": {"expires": 600}},
    "access_reviews": {"task": "userids.tasks.access_reviews", "schedule": 3600.0, "options": {"expires": 3600}},
    "disposals": {"task": "retention.tasks.disposals", "schedule": 60.0, "options": {"expires": 60}},
    "disposal_drafts": {
        "task": "retention.tasks.disposal_drafts",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "clear_jobs": {"task": "occ.jobs.tasks.clear", "schedule": 86_400.0},
    "clear_answers": {"task": "occ.api.tasks.clear", "schedule": 86_400.0},
    "clear_logins": {"task": "occ.login.tasks.clear", "schedule": 86_400.0},
    "sweep_files": {"task": "occ.documents.tasks.sweep_files", "schedule": 86_400.0},
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "occ.api.authentication.ApiTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated", "occ.api.doors.Door"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["occ.api.parsing.StrictJSONParser", "rest_framework.parsers.MultiPartParser"],
    "EXCEPTION_HANDLER": "occ.api.errors.answer",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "OCC",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "ENUM_NAME_OVERRIDES": {
        "LeavingReasonEnum": "occ.people.choices.LeavingReason",
        "DeactivationReasonEnum": "userids.choices.DeactivationReason",
        "HoldReasonEnum": "retention.choices.HoldReason",
        "FindingKindEnum": "userids.choices.FindingKind",
        "PlaceKindEnum": "retention.choices.PlaceKind",
        "RecordKindEnum": "retention.choices.RecordKind",
        "CheckResultEnum": "retention.choices.Result",
        "RegisterKindEnum": "retention.choices.RegisterKind",
        "ChannelEnum": "occ.people.choices.Channel",
        "RecordStateEnum": "retention.choices.RecordState",
        "LineStateEnum": "retention.choices.ItemState",
        "DisciplineStatusEnum": "sdm.discipline.choices.CaseStatus",
        "TrainingStatusEnum": "sdm.training.choices.TrainingStatus",
        "EmploymentKindEnum": "sdm.choices.EmploymentKind",
        "RenewalStatusEnum": "sdm.contracts.choices.RenewalStatus",
        "CompensationStatusEnum": "sdm.contracts.choices.CompensationStatus",
        "RecruitmentStatusEnum": "sdm.recruiting.choices.RequestStatus",
    },
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "occ.api.schema.errors_said"],
}

LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "occ.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"level": LOG_LEVEL},
        "fontTools": {"level": "WARNING"},
        # They would say every address that is asked, and with it user IDs.
        "httpx2": {"level": "WARNING"},
        "httpcore2": {"level": "WARNING"},
    },
}
