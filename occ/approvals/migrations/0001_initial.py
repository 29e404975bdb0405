import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('contenttypes', '0002_remove_content_type_name'),
        ('people', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='Approval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('object_id', models.BigIntegerField()),
                ('list_sha256', models.CharField(max_length=64)),
                ('decision', models.CharField(choices=[('approved', 'Approved'), ('in_part', 'Approved in part'), ('refused', 'Refused')], max_length=10, verbose_name='decision')),
                ('reason', models.CharField(blank=True, max_length=300, verbose_name='reason')),
                ('name', models.CharField(max_length=150, verbose_name='name')),
                ('position', models.CharField(max_length=80, verbose_name='position')),
                ('decided_at', models.DateTimeField(verbose_name='decided')),
                ('second_factor', models.BooleanField(default=False)),
                ('content_type', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='contenttypes.contenttype')),
                ('decided_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by')),
            ],
            options={
                'verbose_name': 'approval',
                'indexes': [models.Index(fields=['content_type', 'object_id'], name='approval_subject')],
                'constraints': [models.CheckConstraint(condition=models.Q(('list_sha256__regex', '^[0-9a-f]{64}$')), name='approval_sha256'), models.CheckConstraint(condition=models.Q(('decision__in', ['approved', 'in_part', 'refused'])), name='approval_decision_known'), models.CheckConstraint(condition=models.Q(('decision', 'approved'), models.Q(('reason', ''), _negated=True), _connector='OR'), name='approval_refused_with_reason')],
            },
        ),
        migrations.CreateModel(
            name='Recall',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recalled_at', models.DateTimeField()),
                ('reason', models.CharField(max_length=300)),
                ('approval', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='recall', to='approvals.approval')),
                ('recalled_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='recall_has_reason')],
            },
        ),
    ]
