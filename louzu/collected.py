"""Static files: under names with a hash of their content once `collectstatic` has run, under plain names before."""

from django.contrib.staticfiles.apps import StaticFilesConfig
from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(StaticFilesConfig):
    """Leaves out files that no page of ours uses: another reader of the schema, and maps for debugging."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "redoc", "*.map"]


class Collected(CompressedManifestStaticFilesStorage):
    """Keeps the name of a file that was not collected: a page without its picture is better than no page."""

    def stored_name(self, name):
        return self.hashed_files.get(self.hash_key(self.clean_name(name)), name)

    def hashed_name(self, name, content=None, filename=None):
        """Leave the name of a missing file, such as a map, as the file that refers to it has it."""
        is_there = content is not None or self.exists(self.clean_name(filename or name))
        return super().hashed_name(name, content, filename) if is_there else name
