import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('contenttypes', '0002_remove_content_type_name'),
        ('people', '0001_initial'),
        ('people', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='Obligation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rule', models.CharField(max_length=60, verbose_name='rule')),
                ('clause', models.CharField(max_length=60, verbose_name='clause')),
                ('object_id', models.BigIntegerField()),
                ('subject_label', models.CharField(max_length=200, verbose_name='subject')),
                ('url', models.CharField(blank=True, max_length=200)),
                ('owner_role', models.CharField(choices=[('team_leader', 'Team Leader / SPV'), ('coordinator', 'Coordinator'), ('support', 'Admin / Support'), ('document_control', 'Document Control'), ('it', 'Team IT / IOC'), ('quality_control', 'Quality Control'), ('quality_assurance', 'Quality Assurance'), ('wfm', 'Workforce Management'), ('rtfm', 'Real Time Floor Management'), ('manager', 'Operation Manager'), ('head_manager', 'Head Manager'), ('qmr', 'QMR / Deputy QMR'), ('hr_recruitment', 'HR Recruitment'), ('hr_training', 'HR Training'), ('hr_relations', 'HR Industrial Relations'), ('hr_payroll', 'HR Payroll'), ('agent', 'Agent'), ('client', 'Client'), ('auditor', 'Auditor'), ('administrator', 'Administrator')], max_length=20, verbose_name='owed by')),
                ('opened_at', models.DateTimeField(verbose_name='opened')),
                ('starts_at', models.DateTimeField(verbose_name='clock starts')),
                ('due_at', models.DateTimeField(verbose_name='due')),
                ('state', models.CharField(choices=[('open', 'Open'), ('fulfilled', 'Fulfilled'), ('cancelled', 'Cancelled')], default='open', max_length=10, verbose_name='state')),
                ('fulfilled_at', models.DateTimeField(null=True, verbose_name='fulfilled')),
                ('closed_at', models.DateTimeField(null=True, verbose_name='closed')),
                ('evidence', models.JSONField(default=dict)),
                ('breached_at', models.DateTimeField(null=True, verbose_name='breached')),
                ('cause', models.CharField(blank=True, max_length=40, verbose_name='cause')),
                ('next_at', models.DateTimeField(null=True)),
                ('parked_at', models.DateTimeField(null=True)),
                ('error', models.TextField(blank=True)),
                ('content_type', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='contenttypes.contenttype')),
                ('owner', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.site', verbose_name='site')),
                ('team', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.team', verbose_name='team')),
            ],
            options={
                'verbose_name': 'obligation',
                'indexes': [models.Index(condition=models.Q(('parked_at', None), ('state', 'open')), fields=['next_at'], name='obligation_sweep'), models.Index(condition=models.Q(('state', 'open')), fields=['site', 'due_at'], name='obligation_open_site'), models.Index(fields=['due_at', 'id'], name='obligation_due'), models.Index(fields=['content_type', 'object_id'], name='obligation_subject')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('rule', 'content_type', 'object_id'), name='obligation_one_open'), models.CheckConstraint(condition=models.Q(('due_at__gte', models.F('starts_at'))), name='obligation_due_after_start'), models.CheckConstraint(condition=models.Q(('state__in', ['open', 'fulfilled', 'cancelled'])), name='obligation_state_known'), models.CheckConstraint(condition=models.Q(models.Q(('fulfilled_at__isnull', False), ('state', 'fulfilled')), models.Q(models.Q(('state', 'fulfilled'), _negated=True), ('fulfilled_at__isnull', True)), _connector='OR'), name='obligation_fulfilled_has_time')],
            },
        ),
        migrations.CreateModel(
            name='ObligationEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('opened', 'Opened'), ('moved', 'Deadline moved'), ('step', 'Ladder step'), ('fulfilled', 'Fulfilled'), ('cancelled', 'Cancelled'), ('parked', 'Parked with an error'), ('resumed', 'Resumed')], max_length=10)),
                ('at', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('step', models.CharField(blank=True, max_length=40)),
                ('superseded', models.BooleanField(default=False)),
                ('actor_label', models.CharField(blank=True, max_length=150)),
                ('data', models.JSONField(default=dict)),
                ('obligation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='obligations.obligation')),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('kind', 'step')), fields=('obligation', 'step', 'due_at'), name='obligation_step_once')],
            },
        ),
    ]
