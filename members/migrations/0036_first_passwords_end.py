from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("members", "0035_correction_requests")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="first_password_until",
            field=models.DateTimeField(editable=False, null=True, verbose_name="初始密码有效到"),
        ),
    ]
