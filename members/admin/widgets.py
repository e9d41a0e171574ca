"""Widgets of the admin that take what is posted by hand."""

from django.contrib.admin import widgets


class Autocomplete(widgets.AutocompleteSelect):
    """Django's own asks the database for whatever was posted when the form is shown again; only numbers are ids."""

    def optgroups(self, name, value, attrs=None):
        return super().optgroups(name, [each for each in value if str(each).isdecimal()], attrs)
