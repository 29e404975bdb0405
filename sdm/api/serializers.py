"""What the API says and takes of people. Days are ISO 8601. What a reader may not see is left out, not emptied."""

from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from occ.api.fields import DayField
from occ.people.choices import Channel, LeavingReason
from occ.people.models import Person, Site, Team, User
from occ.times import FIRST_BIRTH_YEAR, LAST_YEAR
from sdm.choices import EmploymentKind, LeavingStatus, Standing
from sdm.models import Employee, Leaving
from sdm.personal import masked, reads_contracts, reads_personal


class BirthField(serializers.DateField):
    def to_internal_value(self, value: Any) -> date:
        day: date = super().to_internal_value(value)
        if not FIRST_BIRTH_YEAR <= day.year <= LAST_YEAR:
            raise serializers.ValidationError(_("This date of birth is not possible."), code="year")
        return day


class ContractSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(EmploymentKind.choices)
    number = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    starts_on = DayField()
    agreed_until = DayField(allow_null=True, required=False, default=None, help_text="null for a PKWTT")
    probation_months = serializers.IntegerField(min_value=0, max_value=24, required=False, default=0)


class EmployeeSerializer(serializers.Serializer[Employee]):
    """As they were on `as_of`, else as they are. The last five only for who may read them (SDM-1)."""

    number = serializers.CharField()
    name = serializers.CharField()
    email = serializers.CharField()
    status = serializers.ChoiceField(Standing.choices)
    position = serializers.CharField()
    site = serializers.CharField()
    team = serializers.CharField(allow_null=True)
    leader = serializers.CharField(allow_null=True, help_text="employee number")
    joined_on = serializers.DateField()
    last_working_day = serializers.DateField(allow_null=True)
    skills = serializers.ListField(child=serializers.CharField())
    channels = serializers.ListField(child=serializers.ChoiceField(Channel.choices))
    birth_date = serializers.DateField(allow_null=True, required=False)
    phone = serializers.CharField(required=False)
    nik = serializers.CharField(required=False, help_text="masked but for its last four digits")
    contract = ContractSerializer(allow_null=True, required=False)

    def to_representation(self, instance: Employee) -> dict[str, Any]:
        person, place = instance.person, instance.place
        user: User = self.context["user"]
        last = person.last_working_day if instance.leaving_known else None  # type: ignore[attr-defined]
        found: dict[str, Any] = {
            "number": person.number,
            "name": person.name,
            "email": person.email,
            "status": str(instance.standing_on(self.context["day"])),
            "position": place.position if place else person.position,
            "site": (place.site if place else person.site).code,
            "team": instance.team.code if instance.team else None,
            "leader": place.leader.number if place and place.leader else None,
            "joined_on": person.joined_on.isoformat(),
            "last_working_day": last.isoformat() if last else None,
            "skills": instance.skills,
            "channels": instance.channels,
        }
        if reads_personal(user, person.pk, person.site):
            born = instance.birth_date
            found |= {"birth_date": born.isoformat() if born else None, "phone": instance.phone}
            found["nik"] = masked(instance.nik)
        if reads_contracts(user, person.pk, person.site):
            held = instance.contract
            found["contract"] = held and {
                "kind": held.kind, "number": held.number, "starts_on": held.starts_on.isoformat(),
                "agreed_until": held.agreed_until.isoformat() if held.agreed_until else None,
                "probation_months": held.probation_months,
            }  # fmt: skip
        return found


class EmployeeInput(serializers.Serializer[Any]):
    """What is left out stays as it is. A new employee needs name, position, site and joined_on."""

    name = serializers.CharField(max_length=120, required=False)
    email = serializers.EmailField(required=False, allow_blank=True)
    position = serializers.CharField(max_length=80, required=False)
    site = serializers.CharField(max_length=10, required=False, help_text="code")
    team = serializers.CharField(max_length=20, required=False, allow_null=True, help_text="code; null: none")
    leader = serializers.CharField(max_length=20, required=False, allow_null=True, help_text="employee number")
    joined_on = DayField(required=False, help_text="after the last working day: the person comes back")
    effective_on = DayField(required=False, help_text="from when site, position, team and leader hold; else today")
    contract = ContractSerializer(required=False)
    nik = serializers.CharField(max_length=30, required=False, allow_blank=True)
    birth_date = BirthField(required=False, allow_null=True)
    phone = serializers.CharField(max_length=30, required=False, allow_blank=True)
    skills = serializers.ListField(child=serializers.CharField(max_length=40), required=False, max_length=30)
    channels = serializers.ListField(child=serializers.ChoiceField(Channel.choices), required=False, max_length=20)

    def validate_site(self, code: str) -> Site:
        found = Site.objects.filter(code=code).first()
        if found is None:
            raise serializers.ValidationError(_("There is no such site."), code="unknown")
        return found

    def validate_team(self, code: str | None) -> Team | None:
        found = Team.objects.filter(code=code).first() if code else None
        if code and found is None:
            raise serializers.ValidationError(_("There is no such team."), code="unknown")
        return found

    def validate_leader(self, number: str | None) -> Person | None:
        found = Person.objects.filter(number=number).first() if number else None
        if number and found is None:
            raise serializers.ValidationError(_("Nobody has this employee number."), code="unknown")
        return found


class NewEmployeeInput(EmployeeInput):
    number = serializers.CharField(max_length=20)


class LeavingSerializer(serializers.ModelSerializer[Leaving]):
    employee = serializers.CharField(source="employee.person.number")
    name = serializers.CharField(source="employee.person.name")
    site = serializers.CharField(source="site.code")
    status = serializers.ChoiceField(LeavingStatus.choices)

    class Meta:
        model = Leaving
        fields = ["id", "employee", "name", "site", "last_working_day", "reason", "status", "recorded_at", "closed_at"]


class LeavingInput(serializers.Serializer[Any]):
    employee = serializers.CharField(max_length=20, help_text="employee number")
    last_working_day = DayField()
    reason = serializers.ChoiceField(LeavingReason.choices, default=LeavingReason.RESIGNATION)
    note = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
