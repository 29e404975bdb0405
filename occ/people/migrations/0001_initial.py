import datetime
import django.contrib.auth.validators
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import occ.people.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='Person',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=20, unique=True, verbose_name='employee number')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                ('position', models.CharField(max_length=80, verbose_name='position')),
                ('joined_on', models.DateField(verbose_name='joined on')),
                ('last_working_day', models.DateField(blank=True, null=True, verbose_name='last working day')),
                ('leaving_reason', models.CharField(blank=True, choices=[('resignation', 'Resignation'), ('non_renewal', 'Contract not renewed'), ('dismissal', 'Dismissal'), ('death', 'Death')], max_length=20, verbose_name='reason')),
                ('left_announced', models.BooleanField(default=False, editable=False)),
            ],
            options={
                'verbose_name': 'person',
                'verbose_name_plural': 'people',
                'ordering': ['name', 'pk'],
                'indexes': [models.Index(fields=['last_working_day'], name='person_last_day'), models.Index(fields=['name', 'id'], name='person_order')],
                'constraints': [models.CheckConstraint(condition=models.Q(('last_working_day__isnull', True), ('last_working_day__gte', models.F('joined_on')), _connector='OR'), name='person_leaves_after_joining'), models.CheckConstraint(condition=models.Q(('joined_on__gte', datetime.date(1930, 1, 1)), models.Q(('last_working_day', None), ('last_working_day__lte', datetime.date(2100, 12, 31)), _connector='OR')), name='person_days_possible')],
            },
        ),
        migrations.CreateModel(
            name='Site',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=10, unique=True, verbose_name='code')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('address', models.CharField(blank=True, max_length=300, verbose_name='address')),
                ('timezone', models.CharField(default='Asia/Jakarta', max_length=40, validators=[occ.people.models.valid_zone], verbose_name='time zone')),
            ],
            options={
                'verbose_name': 'site',
                'ordering': ['code'],
            },
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('language', models.CharField(choices=[('id', 'Indonesian'), ('en', 'English')], default='id', max_length=2, verbose_name='language')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                ('person', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='user', to='people.person')),
            ],
            options={
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
                'abstract': False,
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('username'), name='user_username_any_case')],
            },
            managers=[
                ('objects', occ.people.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name='Attempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('who', models.CharField(max_length=64)),
                ('place', models.CharField(max_length=64)),
                ('address', models.CharField(blank=True, max_length=45)),
                ('at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['who', 'at'], name='attempt_who'), models.Index(fields=['address', 'at'], name='attempt_address'), models.Index(fields=['at'], name='attempt_at')],
            },
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('page', models.CharField(max_length=200)),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('query', models.CharField(max_length=1000)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='saved_views', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'page', 'name'), name='saved_view_once')],
            },
        ),
        migrations.AddField(
            model_name='person',
            name='site',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='people', to='people.site', verbose_name='site'),
        ),
        migrations.CreateModel(
            name='Team',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=20, unique=True, verbose_name='code')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='teams', to='people.site', verbose_name='site')),
            ],
            options={
                'verbose_name': 'team',
                'ordering': ['code'],
            },
        ),
        migrations.CreateModel(
            name='RoleAssignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('team_leader', 'Team Leader / SPV'), ('coordinator', 'Coordinator'), ('support', 'Admin / Support'), ('document_control', 'Document Control'), ('it', 'Team IT / IOC'), ('quality_control', 'Quality Control'), ('quality_assurance', 'Quality Assurance'), ('wfm', 'Workforce Management'), ('rtfm', 'Real Time Floor Management'), ('manager', 'Operation Manager'), ('head_manager', 'Head Manager'), ('qmr', 'QMR / Deputy QMR'), ('hr_recruitment', 'HR Recruitment'), ('hr_training', 'HR Training'), ('hr_relations', 'HR Industrial Relations'), ('hr_payroll', 'HR Payroll'), ('agent', 'Agent'), ('client', 'Client'), ('auditor', 'Auditor'), ('administrator', 'Administrator')], max_length=20, verbose_name='role')),
                ('starts_on', models.DateField(verbose_name='from')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='to')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='roles', to=settings.AUTH_USER_MODEL)),
                ('site', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.site', verbose_name='site')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.team', verbose_name='team')),
            ],
            options={
                'indexes': [models.Index(fields=['role', 'site'], name='role_by_site')],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='role_order'), models.CheckConstraint(condition=models.Q(('role__in', ['team_leader', 'coordinator', 'support', 'document_control', 'it', 'quality_control', 'quality_assurance', 'wfm', 'rtfm', 'manager', 'head_manager', 'qmr', 'hr_recruitment', 'hr_training', 'hr_relations', 'hr_payroll', 'agent', 'client', 'auditor', 'administrator'])), name='role_known'), models.CheckConstraint(condition=models.Q(('team__isnull', True), ('site__isnull', False), _connector='OR'), name='role_team_has_site')],
            },
        ),
        migrations.CreateModel(
            name='TeamMembership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_on', models.DateField(verbose_name='from')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='to')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='people.person')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='people.team')),
            ],
            options={
                'indexes': [models.Index(fields=['team', 'starts_on'], name='membership_team')],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='membership_order'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(models.Func(models.F('person_id'), models.F('person_id'), models.Value('[]'), function='int8range'), '&&'), (occ.people.models.DayRange('starts_on', 'ends_on', django.contrib.postgres.fields.ranges.RangeBoundary(inclusive_lower=True, inclusive_upper=True)), '&&')], name='membership_one_team_at_a_time')],
            },
        ),
        migrations.CreateModel(
            name='Absence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_on', models.DateField(verbose_name='from')),
                ('ends_on', models.DateField(verbose_name='to')),
                ('deputy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='deputy')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='absences', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_on__gte', models.F('starts_on'))), name='absence_order'), models.CheckConstraint(condition=models.Q(('user', models.F('deputy')), _negated=True), name='absence_deputy_is_another')],
            },
        ),
    ]
