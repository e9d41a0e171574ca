"""Members can be erased: each has a token, entries can be emptied, chains cut."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0031_transfers"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="member",
            name="member_in_post_has_employer",
        ),
        migrations.AddField(
            model_name="auditentry",
            name="redaction",
            field=models.CharField(blank=True, max_length=64, verbose_name="清空内容后的校验值"),
        ),
        migrations.AddField(
            model_name="audithead",
            name="cut_hash",
            field=models.CharField(blank=True, max_length=64, verbose_name="已到期的最后一条的校验值"),
        ),
        migrations.AddField(
            model_name="audithead",
            name="cut_number",
            field=models.PositiveBigIntegerField(default=0, verbose_name="已到期的条数"),
        ),
        migrations.AddField(
            model_name="audithead",
            name="cut_seal",
            field=models.CharField(blank=True, max_length=64, verbose_name="到期清除的校验值"),
        ),
        migrations.AddField(
            model_name="historicalmember",
            name="erased_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="删除个人信息的时间"),
        ),
        migrations.AddField(
            model_name="historicalmember",
            name="token",
            field=models.CharField(db_index=True, editable=False, max_length=32, null=True),
        ),
        migrations.AddField(
            model_name="member",
            name="erased_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="删除个人信息的时间"),
        ),
        migrations.AddField(
            model_name="member",
            name="token",
            field=models.CharField(editable=False, max_length=32, null=True),
        ),
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
                    ("verify", "校验操作记录"),
                    ("erase", "删除个人信息"),
                ],
                max_length=20,
                verbose_name="操作",
            ),
        ),
        migrations.AddConstraint(
            model_name="member",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("affiliation", "local"), ("employer__isnull", False), ("erased_at__isnull", False), _connector="OR"
                ),
                name="member_in_post_has_employer",
                violation_error_message="在职党员要填写单位。",
            ),
        ),
        migrations.AddConstraint(
            model_name="member",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("erased_at", None),
                    models.Q(
                        ("birth_date", ""),
                        ("employer", None),
                        ("employer_number", ""),
                        ("id_digest", ""),
                        ("initials", ""),
                        ("name", "已删除的党员"),
                        ("party_since", ""),
                        ("phone_digest", ""),
                        ("phone_sealed", ""),
                        ("pinyin", ""),
                        ("rank", ""),
                        ("remark", ""),
                        ("sex", ""),
                        ("skills", ""),
                        ("standing", ""),
                    ),
                    _connector="OR",
                ),
                name="member_erased_is_empty",
                violation_error_message="这位党员的个人信息已经删除，不能再登记到这条记录上。",
            ),
        ),
    ]
