"""Tasks that wait in the queue are known by their module, and these modules moved."""

from django.db import migrations

MOVED = {
    "activities.sign_in.settle_sign_ins": "activities.rules.sign_in.settle_sign_ins",
    "feedback.issuing.run_issue": "feedback.rules.issuing.run_issue",
    "feedback.delivering.send_due": "feedback.feed.delivering.send_due",
}


def rename(tasks, names):
    for before, after in names.items():
        tasks.filter(task_path=before).update(task_path=after)


def forwards(apps, schema_editor):
    rename(apps.get_model("django_tasks_database", "DBTaskResult").objects, MOVED)


def backwards(apps, schema_editor):
    rename(
        apps.get_model("django_tasks_database", "DBTaskResult").objects,
        {after: before for before, after in MOVED.items()},
    )


class Migration(migrations.Migration):
    dependencies = [
        ("feedback", "0005_a_run_begins_with_its_worker"),
        ("django_tasks_database", "0021_conditional_partial_index_ordering"),
    ]

    operations = [migrations.RunPython(forwards, backwards)]
