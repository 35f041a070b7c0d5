"""Settings of the whole service; only what differs between machines comes from the environment.

Every variable read here is described in docs/settings.md (a test fails when one is not).
"""

import os
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def origins(name: str) -> list[str]:
    """Read a comma list of addresses, without the trailing slashes people like to add."""
    return [item.strip().rstrip("/") for item in env.list(name, default=[]) if item.strip()]


# No telemetry, ours or a library's: set before anything can import mlflow or evidently.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")

# -- the machine ---------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
MUSTER_PUBLIC_URL = env.str("MUSTER_PUBLIC_URL", default="http://localhost:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = [MUSTER_PUBLIC_URL]
MUSTER_DEMO = env.bool("MUSTER_DEMO", default=False)

# -- the parts it talks to -----------------------------------------------------------------------
DATABASES = {
    "default": env.db_url("DATABASE_URL", default="postgres://muster@127.0.0.1:5432/muster")
}
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"].setdefault("OPTIONS", {})
DATABASES["default"]["OPTIONS"].setdefault("connect_timeout", 5)
# Migrations run as the owner of the tables; the service itself may not rewrite insert-only ones.
DATABASE_OWNER_URL = env.str("DATABASE_OWNER_URL", default="")
REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
MLFLOW_TRACKING_URI = env.str("MLFLOW_TRACKING_URI", default="").rstrip("/")
vars().update(env.email_url("EMAIL_URL", default="smtp://127.0.0.1:1025"))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("MUSTER_FROM_EMAIL", default="Muster <muster@localhost>")

# -- Muster itself -------------------------------------------------------------------------------
MUSTER_DATA_DIR = Path(env.str("MUSTER_DATA_DIR", default=str(BASE_DIR / "var")))
MUSTER_JUDGE_SOCKET = env.str("MUSTER_JUDGE_SOCKET", default=str(MUSTER_DATA_DIR / "judge.sock"))
# Where checks with `engine: spark` are judged, the heap of a local driver, and how long a run may
# take there, in seconds.
MUSTER_SPARK_MASTER = env.str("MUSTER_SPARK_MASTER", default="local[*]")
MUSTER_SPARK_MEMORY = env.str("MUSTER_SPARK_MEMORY", default="2g")
MUSTER_SPARK_SECONDS = env.int("MUSTER_SPARK_SECONDS", default=3600)
MUSTER_SOURCE_ROOTS = origins("MUSTER_SOURCE_ROOTS")
MUSTER_ALLOWED_ORIGINS = origins("MUSTER_ALLOWED_ORIGINS")
# Slack's Web API; another address for GovSlack (https://slack-gov.com/api).
MUSTER_SLACK_URL = env.str("MUSTER_SLACK_URL", default="https://slack.com/api").rstrip("/")
# Services of Apprise that channels may use, such as ntfys,gotify; none by default.
MUSTER_APPRISE_SCHEMES = [
    name.strip().lower() for name in env.list("MUSTER_APPRISE_SCHEMES", default=[])
]
MUSTER_FERNET_KEYS = env.list("MUSTER_FERNET_KEYS", default=[])
# Signs the audit chain each minute; where the signed lines are kept, never the database.
MUSTER_CHECKPOINT_KEY = env.str("MUSTER_CHECKPOINT_KEY", default="")
MUSTER_CHECKPOINT_PATH = Path(
    env.str("MUSTER_CHECKPOINT_PATH", default="") or MUSTER_DATA_DIR / "checkpoints.jsonl"
)
# What the firm says of itself, for rulebooks: name=yes or name=no.
MUSTER_FIRM = env.dict("MUSTER_FIRM", default={})
# How often MLflow servers and landing folders are looked at, in seconds.
MUSTER_SYNC_SECONDS = env.int("MUSTER_SYNC_SECONDS", default=60)
MUSTER_INTEGRITY_HOURS = env.int("MUSTER_INTEGRITY_HOURS", default=24)
# How many requests of the API a token or a session may send in a minute; 0 for no limit.
MUSTER_API_RATE = env.int("MUSTER_API_RATE", default=600)
MUSTER_SCAN_SECONDS = env.int("MUSTER_SCAN_SECONDS", default=30)
# Databases (host or host:port) that SQL sources may ask, how long, and for how many rows a window.
MUSTER_SQL_HOSTS = env.list("MUSTER_SQL_HOSTS", default=[])
MUSTER_SQL_SECONDS = env.float("MUSTER_SQL_SECONDS", default=10.0)
MUSTER_SQL_ROWS = env.int("MUSTER_SQL_ROWS", default=1_000_000)
# The largest file of predictions or labels that may be uploaded, in MB.
MUSTER_UPLOAD_MB = env.int("MUSTER_UPLOAD_MB", default=512)
# So many days uploads, results of queries, what runs logged and reports are kept; 0 for ever.
MUSTER_KEEP_FILES_DAYS = env.int("MUSTER_KEEP_FILES_DAYS", default=400)
# Tags of MLflow's models that name the business unit; the first one that is set counts.
MUSTER_UNIT_TAGS = env.list("MUSTER_UNIT_TAGS", default=["muster.unit", "bu"])
# Due work that waits for so many seconds while nothing goes on makes /progress answer 503.
MUSTER_STUCK_SECONDS = env.int("MUSTER_STUCK_SECONDS", default=120)
# Where the outside listens for the heartbeat (empty: nobody does), how often it is told, and where
# Muster's own processes reach the web when not at its public address.
MUSTER_HEARTBEAT_URL = env.str("MUSTER_HEARTBEAT_URL", default="")
MUSTER_HEARTBEAT_SECONDS = env.float("MUSTER_HEARTBEAT_SECONDS", default=60.0)
MUSTER_INNER_URL = env.str("MUSTER_INNER_URL", default="").rstrip("/")
# Who may read /progress and /metrics from elsewhere; without a token only this machine may.
MUSTER_METRICS_TOKEN = env.str("MUSTER_METRICS_TOKEN", default="")
# News of a cause that many models share waits for the others; later news of an incident for more.
MUSTER_GROUP_WAIT_SECONDS = env.int("MUSTER_GROUP_WAIT_SECONDS", default=120)
MUSTER_GROUP_INTERVAL_SECONDS = env.int("MUSTER_GROUP_INTERVAL_SECONDS", default=1800)
# An acknowledgment ends after so many days; the case is then open again.
MUSTER_ACKNOWLEDGED_DAYS = env.int("MUSTER_ACKNOWLEDGED_DAYS", default=3)
# Quiet hours and budgets of interruptions, for units that have not chosen themselves.
MUSTER_NOISE_LIMITS = env.bool("MUSTER_NOISE_LIMITS", default=True)
# A named crash point at which the process kills itself; only tests set it.
MUSTER_CHAOS = env.str("MUSTER_CHAOS", default="")

INSTALLED_APPS = [
    # Before registry, whose back office takes allauth's writable pages out again.
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "config",
    "registry",
    "monitoring",
    "policies",
    "dashboard",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "registry.middleware.RequestIdMiddleware",
    "registry.middleware.RefuseNulMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "registry.middleware.PersonMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "registry.middleware.OwedFirstMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
AUTH_USER_MODEL = "registry.Person"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

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
                "dashboard.context.navigation",
            ],
        },
    }
]

# -- signing in (docs/sign-in.md) ----------------------------------------------------------------
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
# Who must have a second factor: nobody, privileged or everybody.
MUSTER_REQUIRE_MFA = env.str("MUSTER_REQUIRE_MFA", default="privileged")
# How many proxies stand before the web process; limits by address count the client behind them.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("MUSTER_PROXIES", default=0)
ACCOUNT_ADAPTER = "registry.sign_in.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True  # as long as SESSION_COOKIE_AGE says, no choice
MFA_ADAPTER = "registry.sign_in.factors.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_FORMS = {
    "activate_totp": "registry.sign_in.factors.FirstCodeForm",
    "authenticate": "registry.sign_in.factors.CodeForm",
    "reauthenticate": "registry.sign_in.factors.CodeAgainForm",
}
MFA_TOTP_ISSUER = "Muster"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
# The company's OpenID Connect server; without an issuer there is none.
MUSTER_OIDC_ISSUER = env.str("MUSTER_OIDC_ISSUER", default="")
MUSTER_OIDC_CLIENT_ID = env.str("MUSTER_OIDC_CLIENT_ID", default="")
MUSTER_OIDC_CLIENT_SECRET = env.str("MUSTER_OIDC_CLIENT_SECRET", default="")
MUSTER_OIDC_NAME = env.str("MUSTER_OIDC_NAME", default="your company account")
MUSTER_OIDC_TRUST_EMAIL = env.bool("MUSTER_OIDC_TRUST_EMAIL", default=False)
MUSTER_OIDC_ASSURES_MFA = env.bool("MUSTER_OIDC_ASSURES_MFA", default=False)
SOCIALACCOUNT_ADAPTER = "registry.sign_in.company.CompanyAdapter"
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "provider_class": "registry.sign_in.company.CompanyProvider",
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "company",
                "name": MUSTER_OIDC_NAME,
                "client_id": MUSTER_OIDC_CLIENT_ID,
                "secret": MUSTER_OIDC_CLIENT_SECRET,
                "settings": {"server_url": MUSTER_OIDC_ISSUER.rstrip("/")},
            }
        ],
    }
}
# The limits on attempts are counted here, by every process together.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "registry_signincounter",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
USE_I18N = False

# -- the web's edges -----------------------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
_HTTPS = MUSTER_PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
# No script of the pages reads either cookie: forms carry the CSRF token themselves.
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"  # Strict would lose OIDC's way back
SESSION_COOKIE_AGE = env.int("MUSTER_SESSION_HOURS", default=12) * 3600
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
FILE_UPLOAD_HANDLERS = [
    "registry.middleware.LimitUploads",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "font-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "registry.authentication.TokenAuthentication",
        "registry.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["registry.json_intake.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "registry.openapi.Schema",
    "EXCEPTION_HANDLER": "registry.problems.problem_handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Muster",
    "DESCRIPTION": "The multi-model governance registry.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1/",
}

# -- Celery: the doorbell, never the truth -------------------------------------------------------
# A lost message costs one interval: what is due is a row, and `manage.py sweep` finds it.
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 10,
    "socket_connect_timeout": 3,
    "max_retries": 0,
    "visibility_timeout": 3600,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_TIME_LIMIT = 600
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "config.beat:MemoryScheduler"
MUSTER_RING_SECONDS = env.float("MUSTER_RING_SECONDS", default=5.0)
CELERY_BEAT_SCHEDULE = {
    "ring": {
        "task": "config.tasks.ring",
        "schedule": MUSTER_RING_SECONDS,
        # A ring that is older than the next one says nothing of beat any more.
        "options": {"expires": MUSTER_RING_SECONDS},
    },
}
CELERY_TIMEZONE = "UTC"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"secrets": {"()": "registry.logs.RedactSecrets"}},
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["secrets"],
        },
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
