"""Static files: under names that tell their content once `collectstatic` has run, under their plain names before."""

from django.contrib.staticfiles.apps import StaticFilesConfig
from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(StaticFilesConfig):
    """What no page of ours asks for is not collected: another reader of the schema, and maps for debugging."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "redoc", "*.map"]


class Collected(CompressedManifestStaticFilesStorage):
    """A file that was not collected keeps its name: a page without its picture is better than none."""

    def stored_name(self, name):
        return self.hashed_files.get(self.hash_key(self.clean_name(name)), name)

    def hashed_name(self, name, content=None, filename=None):
        """While collecting, what a file names but is not there (such as its map) stays as it is written."""
        is_there = content is not None or self.exists(self.clean_name(filename or name))
        return super().hashed_name(name, content, filename) if is_there else name
