import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('people', '0001_initial'),
        ('people', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='IssuedDocument',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('type_code', models.CharField(max_length=20, verbose_name='type')),
                ('year', models.PositiveSmallIntegerField()),
                ('sequence', models.PositiveIntegerField()),
                ('number', models.CharField(max_length=60, verbose_name='number')),
                ('revision', models.PositiveSmallIntegerField(default=0, verbose_name='revision')),
                ('reason', models.CharField(blank=True, max_length=300, verbose_name='reason for the revision')),
                ('subject_type', models.CharField(blank=True, max_length=80)),
                ('subject_id', models.CharField(blank=True, max_length=40)),
                ('title', models.CharField(max_length=200, verbose_name='title')),
                ('period_from', models.DateField(null=True, verbose_name='from')),
                ('period_to', models.DateField(null=True, verbose_name='to')),
                ('language', models.CharField(max_length=2, verbose_name='language')),
                ('data', models.JSONField(default=dict)),
                ('code', models.CharField(max_length=26, unique=True, verbose_name='verification code')),
                ('file', models.CharField(max_length=100)),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('size', models.PositiveBigIntegerField(verbose_name='size')),
                ('issued_at', models.DateTimeField(verbose_name='issued at')),
                ('issued_by_label', models.CharField(max_length=150, verbose_name='issued by')),
                ('sealed_by', models.CharField(blank=True, max_length=200, verbose_name="organisation's signature")),
                ('owner_role', models.CharField(choices=[('team_leader', 'Team Leader / SPV'), ('coordinator', 'Coordinator'), ('support', 'Admin / Support'), ('document_control', 'Document Control'), ('it', 'Team IT / IOC'), ('quality_control', 'Quality Control'), ('quality_assurance', 'Quality Assurance'), ('wfm', 'Workforce Management'), ('rtfm', 'Real Time Floor Management'), ('manager', 'Operation Manager'), ('head_manager', 'Head Manager'), ('qmr', 'QMR / Deputy QMR'), ('hr_recruitment', 'HR Recruitment'), ('hr_training', 'HR Training'), ('hr_relations', 'HR Industrial Relations'), ('hr_payroll', 'HR Payroll'), ('agent', 'Agent'), ('client', 'Client'), ('auditor', 'Auditor'), ('administrator', 'Administrator')], max_length=20, verbose_name='owner')),
                ('expires_on', models.DateField(verbose_name='kept until')),
                ('status', models.CharField(choices=[('valid', 'Valid'), ('superseded', 'Superseded'), ('destroyed', 'Destroyed')], default='valid', max_length=12, verbose_name='status')),
                ('superseded_at', models.DateTimeField(null=True, verbose_name='superseded at')),
                ('destroyed_at', models.DateTimeField(null=True, verbose_name='destroyed at')),
                ('destruction_note', models.CharField(blank=True, max_length=300, verbose_name='note')),
                ('destroyed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('issued_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('site', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.site', verbose_name='site')),
                ('supersedes', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='superseded_by', to='documents.issueddocument', verbose_name='supersedes')),
            ],
            options={
                'verbose_name': 'document',
                'verbose_name_plural': 'documents',
                'indexes': [models.Index(fields=['type_code', 'site', '-id'], name='document_register'), models.Index(fields=['subject_type', 'subject_id'], name='document_subject'), models.Index(fields=['expires_on'], name='document_expires')],
                'constraints': [models.UniqueConstraint(fields=('number', 'revision'), name='document_number_once'), models.UniqueConstraint(fields=('type_code', 'site', 'year', 'sequence', 'revision'), name='document_sequence_once', nulls_distinct=False), models.CheckConstraint(condition=models.Q(('status__in', ['valid', 'superseded', 'destroyed'])), name='document_status_known'), models.CheckConstraint(condition=models.Q(('sha256__regex', '^[0-9a-f]{64}$')), name='document_sha256'), models.CheckConstraint(condition=models.Q(('size__gt', 0)), name='document_not_empty'), models.CheckConstraint(condition=models.Q(models.Q(('revision', 0), ('supersedes', None)), models.Q(('revision__gt', 0), ('supersedes__isnull', False)), _connector='OR'), name='document_revision_supersedes'), models.CheckConstraint(condition=models.Q(('period_from', None), ('period_to__gte', models.F('period_from')), _connector='OR'), name='document_period_order'), models.CheckConstraint(condition=models.Q(models.Q(('destroyed_at__isnull', False), ('status', 'destroyed')), models.Q(models.Q(('status', 'destroyed'), _negated=True), ('destroyed_at', None)), _connector='OR'), name='document_destroyed_at'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'superseded'), _negated=True), ('superseded_at__isnull', False), _connector='OR'), name='document_superseded_at')],
            },
        ),
        migrations.CreateModel(
            name='Series',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('type_code', models.CharField(max_length=20)),
                ('year', models.PositiveSmallIntegerField()),
                ('last_number', models.PositiveIntegerField(default=0)),
                ('site', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.site')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('type_code', 'site', 'year'), name='document_series_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='Signature',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=150, verbose_name='name')),
                ('position', models.CharField(max_length=80, verbose_name='position')),
                ('purpose', models.CharField(choices=[('prepared', 'Prepared by'), ('checked', 'Checked by'), ('approved', 'Approved by'), ('acknowledged', 'Acknowledged by')], max_length=20, verbose_name='purpose')),
                ('signed_at', models.DateTimeField(verbose_name='signed at')),
                ('method', models.CharField(choices=[('password', 'Password entered again')], default='password', max_length=20, verbose_name='method')),
                ('on_paper', models.BooleanField(default=False, verbose_name='printed in the document')),
                ('document', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='signatures', to='documents.issueddocument')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['signed_at', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('document', 'user', 'purpose'), name='signature_once'), models.CheckConstraint(condition=models.Q(('purpose__in', ['prepared', 'checked', 'approved', 'acknowledged'])), name='signature_purpose_known')],
            },
        ),
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('subject_type', models.CharField(max_length=80)),
                ('subject_id', models.CharField(max_length=40)),
                ('purpose', models.CharField(blank=True, max_length=40, verbose_name='purpose')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('content_type', models.CharField(max_length=100, verbose_name='type')),
                ('file', models.CharField(max_length=100)),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('size', models.PositiveBigIntegerField(verbose_name='size')),
                ('uploaded_at', models.DateTimeField(verbose_name='uploaded at')),
                ('uploaded_by_label', models.CharField(max_length=150, verbose_name='uploaded by')),
                ('uploaded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'attachment',
                'verbose_name_plural': 'attachments',
                'ordering': ['uploaded_at', 'id'],
                'indexes': [models.Index(fields=['subject_type', 'subject_id'], name='attachment_subject')],
                'constraints': [models.CheckConstraint(condition=models.Q(('sha256__regex', '^[0-9a-f]{64}$')), name='attachment_sha256'), models.CheckConstraint(condition=models.Q(('size__gt', 0)), name='attachment_not_empty')],
            },
        ),
    ]
