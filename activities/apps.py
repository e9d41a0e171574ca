from django.apps import AppConfig


class ActivitiesConfig(AppConfig):
    name = "activities"
    verbose_name = "活动与走访"

    def ready(self):
        from activities.imports.headings import label
        from activities.models import ActivityImport
        from activities.rules import erasing, following, holders, row_names, ties, ways_back
        from members.roster.remembering import call_columns
        from members.rules import merging

        erasing.register_all()
        holders.register_all()
        row_names.register_all()
        ties.register_all()
        ways_back.register_all()
        merging.goes_along(following.follow)
        call_columns(ActivityImport.COLUMNS, label)
