from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("members", "0008_entries_bound_by_street")]

    operations = [
        migrations.AlterField(
            model_name="auditentry",
            name="action",
            field=models.CharField(
                choices=[
                    ("create", "新增"),
                    ("change", "修改"),
                    ("delete", "删除"),
                    ("import", "导入"),
                    ("undo", "撤销导入"),
                    ("export", "导出"),
                    ("reveal", "查看完整电话"),
                    ("pull", "单位取卡"),
                    ("refuse", "拒绝访问"),
                    ("login", "登录"),
                    ("logout", "退出"),
                    ("login_failed", "登录失败"),
                    ("locked_out", "登录锁定"),
                    ("purge", "到期清除"),
                    ("rebind", "重新编链"),
                ],
                max_length=20,
                verbose_name="操作",
            ),
        ),
        migrations.AlterField(
            model_name="auditentry", name="area_path", field=models.CharField(blank=True, max_length=16)
        ),
        migrations.AlterField(
            model_name="auditentry", name="number", field=models.PositiveBigIntegerField(verbose_name="链中序号")
        ),
        migrations.AddIndex(
            model_name="auditentry", index=models.Index(fields=["chain", "id"], name="audit_chain_in_order")
        ),
        migrations.AddIndex(
            model_name="auditentry", index=models.Index(fields=["action", "id"], name="audit_action_in_order")
        ),
        migrations.AddIndex(model_name="auditentry", index=models.Index(fields=["row"], name="audit_of_row")),
        migrations.AddIndex(
            model_name="auditentry", index=models.Index(fields=["request_id"], name="audit_of_request")
        ),
        migrations.AddConstraint(
            model_name="auditentry",
            constraint=models.UniqueConstraint(
                fields=("chain", "number"), name="audit_number_once", violation_error_message="链中序号重复。"
            ),
        ),
    ]
