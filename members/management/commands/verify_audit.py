from django.core.management.base import BaseCommand, CommandError

from members.models.audit import AuditEntry, AuditHead


class Command(BaseCommand):
    """Go through the audit trail and name the first entry that does not fit the one before it."""

    help = "核对操作记录是否被改动过"

    def handle(self, **options):
        if broken := AuditEntry.objects.first_broken():
            raise CommandError(f"第 {broken.pk} 条操作记录与前一条对不上，记录被改动或删除过。")
        head = AuditHead.objects.filter(pk=1).first()
        last = AuditEntry.objects.order_by("pk").last()
        if (head.hash if head else "") != (last.hash if last else ""):
            raise CommandError("最后的操作记录被删除过。")
        self.stdout.write(f"{AuditEntry.objects.count()} 条操作记录，首尾相接，没有改动。")
