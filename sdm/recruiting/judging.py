"""A candidate against a specification: education, experience, skills; nothing else (SDM-2, SDM-3). Pure functions.

Sex and looks are neither asked for nor known here. Age is judged only where a dated policy names the law that allows
it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sdm.deadlines import age_on
from sdm.positions.choices import Education
from sdm.recruiting.choices import CriterionKind, Judgement


@dataclass(frozen=True)
class Asked:
    education: str
    experience_months: int
    skills: Collection[str]
    age_limit: int | None = None  # None where it is not applied


@dataclass(frozen=True)
class Brought:
    education: str
    experience_months: int
    skills: Collection[str]
    birth_date: date | None = None


@dataclass(frozen=True)
class Judged:
    """`asked` and `brought` as codes and numbers: pages word them."""

    kind: str
    key: str
    asked: str
    brought: str
    met: bool

    @property
    def outcome(self) -> str:
        return Judgement.MET if self.met else Judgement.NOT_MET


def same(skill: str) -> str:
    return " ".join(skill.split()).casefold()


def judge(asked: Asked, brought: Brought, *, on: date) -> list[Judged]:
    found = []
    if asked.education:
        has = Education(brought.education).rank if brought.education else -1
        met = has >= Education(asked.education).rank
        found.append(Judged(CriterionKind.EDUCATION, "education", asked.education, brought.education, met))
    if asked.experience_months:
        months = brought.experience_months
        found.append(Judged(CriterionKind.EXPERIENCE, "experience", str(asked.experience_months), str(months),
                            months >= asked.experience_months))  # fmt: skip
    has_skills = {same(one) for one in brought.skills}
    for skill in asked.skills:
        met = same(skill) in has_skills
        found.append(Judged(CriterionKind.SKILL, f"skill:{same(skill)}"[:80], skill, skill if met else "", met))
    if asked.age_limit is not None:
        age = age_on(brought.birth_date, on) if brought.birth_date else None
        found.append(Judged(CriterionKind.AGE, "age", str(asked.age_limit), str(age) if age is not None else "",
                            age is not None and age <= asked.age_limit))  # fmt: skip
    return found
