"""One settings file, safe by default; everything that differs between installations comes from the environment."""

import tomllib
from datetime import timedelta
from pathlib import Path

import environ
from csp.constants import NONCE, NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.urls import reverse_lazy

from louzu import keys
from louzu.theme import UNFOLD  # noqa: F401

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
ENV_FILE = Path(env("LOUZU_ENV", default=str(BASE_DIR / ".env"))).resolve()
env.read_env(ENV_FILE)
VAR = Path(env("LOUZU_VAR", default=str(BASE_DIR / "var"))).resolve()
VERSION = tomllib.loads((BASE_DIR / "pyproject.toml").read_text("utf-8"))["project"]["version"]

# Secrets ------------------------------------------------------------------------------------------------------------
_missing = {name for names in keys.FILES.values() for name in names if name not in env}
_made: dict[str, str] = {}
for _file, _names in keys.FILES.items():
    if _missing.intersection(_names):
        _made |= keys.load_or_make(VAR / _file, _names)
KEYS_FROM_ENVIRONMENT = not _missing
SECRET_KEY = env("SECRET_KEY", default=_made.get("SECRET_KEY"))
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
LOUZU_ID_KEY = env("LOUZU_ID_KEY", default=_made.get("LOUZU_ID_KEY"))
LOUZU_PHONE_KEY = env("LOUZU_PHONE_KEY", default=_made.get("LOUZU_PHONE_KEY"))
LOUZU_PHONE_KEYS_OLD = env.list("LOUZU_PHONE_KEYS_OLD", default=[])
LOUZU_PHONE_CIPHER = env("LOUZU_PHONE_CIPHER", default="aes")
# The key that signs receipts (Ed25519); receipts of old keys stay verifiable as long as the keys are named here.
LOUZU_SIGNING_KEY = env("LOUZU_SIGNING_KEY", default=_made.get("LOUZU_SIGNING_KEY"))
LOUZU_SIGNING_KEYS_OLD = env.list("LOUZU_SIGNING_KEYS_OLD", default=[])
# The key that chains the audit trail (HMAC): with the database alone, nobody can rewrite it.
LOUZU_AUDIT_KEY = env("LOUZU_AUDIT_KEY", default=_made.get("LOUZU_AUDIT_KEY"))
LOUZU_AUDIT_KEYS_OLD = env.list("LOUZU_AUDIT_KEYS_OLD", default=[])
# The key that backups are encrypted with; those of old keys stay readable as long as the keys are named here.
LOUZU_BACKUP_KEY = env("LOUZU_BACKUP_KEY", default=_made.get("LOUZU_BACKUP_KEY"))
LOUZU_BACKUP_KEYS_OLD = env.list("LOUZU_BACKUP_KEYS_OLD", default=[])

# Where it runs ------------------------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=sorted(LOOPBACK))
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
HTTPS = env.bool("LOUZU_HTTPS", default=not LOOPBACK.issuperset(ALLOWED_HOSTS))
# The proxies in front, by address or network; a bare number counts them, whatever their addresses.
PROXIES = env.list("LOUZU_PROXIES", default=[])
# Networks that may read figures and reasons at /metrics, /version and /health/ready, besides this machine itself.
WATCHERS = env.list("LOUZU_WATCHERS", default=[])
# The proxy's certificate, whose end is looked at where the file is named and may be read.
CERTIFICATE = env("LOUZU_CERTIFICATE", default="")
ROOT_URLCONF = "louzu.urls"
WSGI_APPLICATION = "louzu.wsgi.application"
# Whom to tell of a weakness, as URIs (mailto:, tel:, https:); shown at /.well-known/security.txt.
SECURITY_CONTACT = env.list("LOUZU_SECURITY_CONTACT", default=[])

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "unfold.contrib.simple_history",
    "django.contrib.admin",
    "members",  # before auth: its createsuperuser and changepassword speak Chinese
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "louzu.collected.StaticFiles",
    "django.contrib.humanize",
    "axes",
    "django_filters",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "django_tasks",
    "django_tasks_db",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "import_export",
    "rest_framework",
    "simple_history",
    "activities",
    "feedback",
    "louzu.apps.LouzuConfig",
]

MIDDLEWARE = [
    "louzu.metrics.measured",
    "louzu.edges.at_the_edge",
    "members.login.proxies.seen_through_proxies",
    "louzu.views.health.probes_first",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "members.login.sessions.SteadySessions",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "members.login.middleware.journal_first",
    "members.login.middleware.audit_context",
    "members.login.middleware.ended_in_time",
    "members.login.middleware.second_step_first",
    "members.login.middleware.new_password_first",
    "members.login.middleware.never_cached",
    "members.login.middleware.kept_awake",
    "members.login.middleware.user_cookie",
    "louzu.views.errors.explain_wrong_method",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# Data ---------------------------------------------------------------------------------------------------------------
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{VAR / 'louzu.sqlite3'}")}
EMBEDDED = DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
if EMBEDDED:
    # Measured with 16 writers: no write fails and no acknowledged commit is lost in a power cut.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # Behind a pooler each statement may go to another server, where a cursor left open on the last one does not exist.
    DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True
    # A database that is away is noticed within five seconds, even if its machine vanished under a connection.
    PATIENCE = {"connect_timeout": 2, "tcp_user_timeout": 4_000}
    DATABASES["default"]["OPTIONS"] = PATIENCE | DATABASES["default"].get("OPTIONS", {})
    # Reports may read a replica, as long as it lacks nothing (`members.ground.replica`).
    if REPLICA_URL := env("DATABASE_REPLICA_URL", default=""):
        DATABASES["replica"] = DATABASES["default"] | env.db_url_config(REPLICA_URL) | {"TEST": {"MIRROR": "default"}}
        DATABASES["replica"]["OPTIONS"] = PATIENCE | DATABASES["replica"].get("OPTIONS", {})
DATABASE_ROUTERS = ["members.ground.replica.ReplicaRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
WRITE_LOCK = VAR / "write.lock"
# What was taken back for good, apart from the database: it is applied to a restored backup (`members.models.journal`).
JOURNAL = Path(env("LOUZU_JOURNAL", default=str(VAR / "journal.log")))
# Where the office wants its backups: `manage.py setup` asks, and says so again at its end.
BACKUP_TO = env("LOUZU_BACKUP_TO", default=str(VAR / "backups"))
# Whether whoever works the queue makes a backup each night, and restores one for a trial each week.
BACKUPS = env.bool("LOUZU_BACKUPS", default=True)
# PostgreSQL's: the folder of pg_dump; the database past a pooler; an empty one for trials, where none may be made.
PG_BIN = env("LOUZU_PG_BIN", default="")
DIRECT_DATABASE = env.db("LOUZU_DIRECT_DATABASE_URL") if env("LOUZU_DIRECT_DATABASE_URL", default="") else None
CHECK_DATABASE = env.db("LOUZU_CHECK_DATABASE_URL") if env("LOUZU_CHECK_DATABASE_URL", default="") else None

# Where calls are counted: in the database for several hosts, in a file for one, beside its single queue of writers.
CALLS_FILE = VAR / "calls.sqlite3" if EMBEDDED else None

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
# On the embedded default a thread beside the server works the queue; elsewhere `manage.py work` does.
WORKER_THREAD = env.bool("LOUZU_WORKER_THREAD", default=EMBEDDED)
# Processes of gunicorn, with eight threads each; on SQLite all writers stand in one queue anyway.
WEB_WORKERS = env.int("LOUZU_WEB_WORKERS", default=1 if EMBEDDED else 2)

# People and doors ---------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "members.User"
LOGIN_URL = reverse_lazy("admin:login")
LOGIN_REDIRECT_URL = reverse_lazy("home")
LOGOUT_REDIRECT_URL = LOGIN_URL
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
] + [{"NAME": f"members.login.passwords.{name}"} for name in ("OfficeWords", "AnotherThanBefore")]
AXES_HANDLER = "members.login.lockout.CountedLogins"
AXES_LOCKOUT_TEMPLATE = "members/locked_out.html"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_CLIENT_IP_CALLABLE = "members.login.lockout.place_of"
# Text typed as the login name may be a password, and the address of the next page may contain a name searched for.
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "next"]
# The kinds of post that need six digits from the user's phone at each login.
SECOND_FACTOR = env.list("LOUZU_SECOND_FACTOR", default=["street", "auditor", "district"])
OTP_TOTP_ISSUER = "楼组党建"
SESSION_COOKIE_AGE = env.int("LOUZU_IDLE_SECONDS", default=2 * 60 * 60)
# Logins end after this time even where somebody is at work: a browser left open, or a stolen session.
LONGEST_LOGIN = timedelta(hours=env.int("LOUZU_LOGIN_HOURS", default=12))
# A browser keeps these names for this host alone and for TLS alone.
COOKIE_PREFIX = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid", f"{COOKIE_PREFIX}csrftoken"
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = env.int("LOUZU_HSTS_SECONDS", default=31_536_000 if HTTPS else 0)
# Other sites may share the domain, so only its owner switches these on.
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env.bool("LOUZU_HSTS_WHOLE_DOMAIN", default=False)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")  # other senders' headers were dropped before
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# In the session, not in a readable cookie, because a message may contain a first password.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_FAILURE_VIEW = "louzu.views.errors.stale"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        # The admin theme's Alpine evaluates expressions; no script of a page is inline.
        "script-src": [SELF, UNSAFE_EVAL, NONCE],
        "style-src": [SELF, UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}
DATA_UPLOAD_MAX_NUMBER_FIELDS = 8_000
CARD_LINK_DAYS = 30  # how long a member's link to their card opens
# Between the office's word and the moment at which cards leave; until then it can be stopped. 0: they leave at once.
ISSUE_DELAY = timedelta(minutes=env.int("LOUZU_ISSUE_MINUTES", default=10))
EMPLOYER_RATE = env("LOUZU_EMPLOYER_RATE", default="600/min")
# Networks inside which employers may be notified; any other private address is refused.
WEBHOOK_NETWORKS = env.list("LOUZU_WEBHOOK_NETWORKS", default=[])
# Days that data is kept (docs/design/privacy.md); carried out each night by the worker, or by `manage.py purge`.
RETENTION = {
    "upload": 30, "need_text": 90, "sign_in": 30, "delivery": 90, "task": 14, "slip": 180,
    "moved_away": 3 * 366, "trail": 3 * 366,
    "card_body": env.int("LOUZU_CARD_BODY_DAYS", default=0),  # from issuing on; 0 for as long as the card
}  # fmt: skip
PURGE_NIGHTLY = env.bool("LOUZU_PURGE_NIGHTLY", default=True)

# On screen ----------------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LOCALE_PATHS = [BASE_DIR / "louzu" / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
FORMAT_MODULE_PATH = ["louzu.formats"]
STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [("manual", BASE_DIR / "docs" / "pictures")]
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
WHITENOISE_USE_FINDERS = not (STATIC_ROOT / "staticfiles.json").exists()
WHITENOISE_ALLOW_ALL_ORIGINS = False  # no other site has use for our files
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "louzu.collected.Collected"},
}

# REST ---------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "members.login.tokens.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["members.api.permissions.ScopedPermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "members.api.pagination.Keyset",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["members.api.throttling.UserThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": env("LOUZU_API_RATE", default="600/min")},
    "EXCEPTION_HANDLER": "members.web.problems.problem_response",
    "NUM_PROXIES": 0,  # the address is the visitor's already
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
# Counted up with each change that callers see, told in docs/employer/接口指南.md, section 11.
API_VERSION = "1.1"
SPECTACULAR_SETTINGS = {
    "TITLE": "楼组党建 API",
    "DESCRIPTION": "街道、社区、小区、楼组与党员的数据接口，结果限于本人岗位所辖的范围。"
    "单位系统的接口另见 /api/v1/employer/schema。",
    "VERSION": API_VERSION,
    "OAS_VERSION": "3.1.0",
    "SERVERS": [{"url": "/"}],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "PREPROCESSING_HOOKS": ["louzu.api.schemas.staff_only"],
    "DISABLE_DOCSTRING_DESCRIPTIONS": True,
    "ENUM_NAME_OVERRIDES": {
        "AreaLevel": "members.models.areas.Area.Level",
        "CardReturn": "feedback.models.cards.RecordCard.Return",
        "CardWithdrawal": "feedback.models.cards.RecordCard.Withdrawal",
        "MonthlyStatus": "louzu.models.monthly.MonthlyReport.Status",
        "OfferKind": "feedback.models.offers.Offer.Kind",
        "OfferStatus": "feedback.models.offers.Offer.Status",
        "ConsentMeans": "members.models.consents.Consent.Means",
        "CorrectionAbout": "members.models.corrections.CorrectionRequest.About",
        "CorrectionMeans": "members.models.corrections.CorrectionRequest.Means",
        "CorrectionStatus": "members.models.corrections.CorrectionRequest.Status",
        "OwnFileMeans": "louzu.models.own_files.OwnFile.Means",
        "SlipQuestion": "feedback.models.slips.Slip.Question",
        "SlipStatus": "feedback.models.slips.Slip.Status",
        "Affiliation": "members.models.people.Member.Affiliation",
        "TransferStatus": "members.models.transfers.Transfer.Status",
        "TargetKind": "louzu.models.targets.Target.Kind",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"chosen": {"()": "louzu.logs.formatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "chosen"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="WARNING")},
    # Django's own handlers print request lines with their queries, and mail whole requests; ours replaces them all.
    "loggers": {"django": {"handlers": [], "level": "INFO"}, "django.server": {"handlers": [], "propagate": True}},
}
