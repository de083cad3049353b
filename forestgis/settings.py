"""Django settings of forestgis. Every value that differs between hosts comes from `forestgis.env`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from forestgis import env

BASE_DIR = env.ROOT
FORESTGIS_FILES = Path(env.value("FORESTGIS_FILES", str(BASE_DIR / "var" / "files")))
MAPSERV_SOCKET = env.value("MAPSERV_SOCKET", str(BASE_DIR / "var" / "run" / "mapserv.sock"))
FORESTGIS_ADDRESS = env.value("FORESTGIS_ADDRESS", "http://127.0.0.1:8000")
# The background map of the Geospatial Information Authority is the one outside address a page may use.
FORESTGIS_GSI_BACKGROUND = env.flag("FORESTGIS_GSI_BACKGROUND", default=False)

DEBUG = env.flag("DEBUG", default=False)
SECRET_KEY = env.value("SECRET_KEY")
# Signs the principal of a transaction (hex); the database keeps the same key in tenancy.signing_key.
PRINCIPAL_KEY = env.value("PRINCIPAL_KEY")

# Off on the loopback of one machine, on wherever TLS ends in front of this process.
HTTPS = FORESTGIS_ADDRESS.startswith("https://")
ALLOWED_HOSTS = env.value("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
if _host := urlsplit(FORESTGIS_ADDRESS).hostname:
    ALLOWED_HOSTS.append(_host)
CSRF_TRUSTED_ORIGINS = [FORESTGIS_ADDRESS.rstrip("/")]

INSTALLED_APPS = [
    "forestgis.tenancy",
    "forestgis.accounts",
    "forestgis.audit",
    "forestgis.jobs",
    "forestgis.registry",
    "forestgis.roads",
    "forestgis.parcels",
    "forestgis.notices",
    "forestgis.surveys",
    "forestgis.maps",
    "forestgis.web",
    "gisserver",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "django_tasks",
    "django_tasks_db",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.gis",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "forestgis.logs.RequestIdMiddleware",
    "forestgis.web.middleware.SecurityHeadersMiddleware",
    "forestgis.maps.middleware.TileMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "forestgis.accounts.middleware.TokenMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "forestgis.accounts.middleware.LoginRequiredMiddleware",
    "forestgis.accounts.middleware.SecondFactorMiddleware",
    "forestgis.accounts.middleware.PrincipalMiddleware",
    "axes.middleware.AxesMiddleware",
]

# gis.W001: Debian's GDAL cannot be kept from opening files and addresses that a spatial reference or a data source
# names. No user's text reaches either: coordinate systems come as checked EPSG numbers, files are opened by pyogrio
# and rasterio, which bring a newer GDAL.
SILENCED_SYSTEM_CHECKS = ["gis.W001"]

ROOT_URLCONF = "forestgis.urls"
WSGI_APPLICATION = "forestgis.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# One alias a class of login role. What each role may do is decided by the database (docs/tenancy.md).
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.database("DATABASE_URL") | {"CONN_MAX_AGE": 60},
    "migrator": env.database("MIGRATOR_DATABASE_URL") | {"PRIVILEGED": True},
    "worker": env.database("WORKER_DATABASE_URL"),
    "map": env.database("MAP_DATABASE_URL") | {"CONN_MAX_AGE": 60},
    # Its policies let every row through so that spatial indexes work; the wall is who may connect.
    "map_prefecture": env.database("MAP_PREFECTURE_DATABASE_URL")
    | {"CONN_MAX_AGE": 60, "PRINCIPAL_KIND": "prefecture"},
}
DATABASE_ROUTERS = [
    "forestgis.tenancy.router.MigrationRouter",
    "forestgis.jobs.router.QueueRouter",
]

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "forestgis.accounts.backends.PasswordBackend",
]
# Whoever guesses at one name from one address waits; others are not kept out by it.
AXES_HANDLER = "forestgis.accounts.lockout.LockoutHandler"
AXES_LOCKOUT_CALLABLE = "forestgis.accounts.lockout.locked_out"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
OTP_TOTP_ISSUER = "forestgis"
# Whether administrators must set up a second factor before they can do anything else.
FORESTGIS_ADMIN_SECOND_FACTOR = env.flag("FORESTGIS_ADMIN_SECOND_FACTOR", default=False)
_VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
    {"NAME": f"{_VALIDATION}.NumericPasswordValidator"},
]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "/map/"
LOGOUT_REDIRECT_URL = "accounts:login"
# Programs read these: they are answered 401 with a challenge, never sent to a login page.
API_PREFIXES = ("/wms", "/wmts", "/stac", "/wfs", "/ogc", "/maps/", "/jobs/")

SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REDIRECT_EXEMPT = [r"^health/$"]
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "forestgis.web.errors.csrf_failure"

LANGUAGE_CODE = "ja"
LANGUAGES = [("ja", _("日本語")), ("en", _("英語"))]
LOCALE_PATHS = [BASE_DIR / "forestgis" / "locale"]
TIME_ZONE = "Asia/Tokyo"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": FORESTGIS_FILES},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
# Serves from the apps' own folders as well, so that a checkout works before collectstatic has run.
WHITENOISE_USE_FINDERS = True
# The front end names its files by content: they may be kept for ever.
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/build/.+-[\w-]{8,}\.\w+$"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "forestgis.logs.RequestIdFilter"}},
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s [%(request_id)s] %(name)s: %(message)s"}
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["request_id"],
            "formatter": "line",
        }
    },
    "root": {"handlers": ["console"], "level": env.value("LOG_LEVEL", "INFO")},
    # Django's own handlers would mail to nobody and print twice.
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "numexpr": {"level": "WARNING"},
    },
}
