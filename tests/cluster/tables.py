"""The product's settings with tables made from the models: much quicker than by the migrations, which others test."""

from louzu.settings import *  # noqa: F403
from louzu.settings import INSTALLED_APPS

MIGRATION_MODULES = {name.rpartition(".")[2]: None for name in INSTALLED_APPS} | {
    "django_tasks_database": None,
    "louzu": None,
}
