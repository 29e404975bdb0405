"""The template tags and pieces: words for time, levels, fields that say what is wrong, icons that exist."""

import json
import re
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.template import engines
from django.template.loader import get_template, render_to_string
from django.test import RequestFactory
from django.utils import translation

from occ.home.navigation import GROUPS
from occ.home.templatetags.occ_ui import STATUS_TONES, TONE_ICONS, clock_texts, icon_exists, level, relative, since
from occ.static_files import PACKAGE_FILES, PackageFinder, packages_root

JAKARTA = ZoneInfo("Asia/Jakarta")
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=ZoneInfo("UTC"))
TEMPLATES = Path(settings.BASE_DIR) / "templates"


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def render(source: str, **context: object) -> str:
    template = engines["django"].from_string("{% load occ_ui %}" + source)
    return template.render({"now": NOW, "zone": JAKARTA, **context}, RequestFactory().get("/"))


class Upload(forms.Form):
    file = forms.FileField()
    day = forms.DateField()


@pytest.mark.req("KER-14")
def test_a_file_that_came_with_a_refused_form_is_said_to_be_needed_again() -> None:
    def shown(day: str, name: str = "list.xlsx", **files: object) -> str:
        file = SimpleUploadedFile(name, b"x")
        return render("{% field form.file %}", form=Upload({"day": day}, {"file": file} | files))

    words = "Choose “list.xlsx” again"
    page = shown("yesterday")
    assert words in page and 'aria-describedby="id_file_again"' in page and 'id="id_file_again"' in page
    assert "Choose" not in shown("2026-11-20"), "nothing was refused"
    assert "Choose" not in render("{% field form.file %}", form=Upload()), "nothing was sent"
    assert "Choose" not in shown("yesterday", file=None), "no file came: the field says that it needs one"
    hostile = render("{% field form.file %}", form=Upload({}, {"file": SimpleUploadedFile("<b>.xlsx", b"x")}))
    assert "<b>" not in hostile and "&lt;b&gt;" in hostile


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(hours=3, minutes=59), "in 3 hours"),
        (timedelta(hours=2), "in 2 hours"),
        (timedelta(hours=1, minutes=59), "in 119 minutes"),
        (timedelta(seconds=119), "in 119 seconds"),
        (timedelta(seconds=1), "in 1 second"),
        (timedelta(days=2), "in 2 days"),
        (timedelta(0), "0 seconds late"),
        (timedelta(hours=-2, minutes=-30), "2 hours late"),
    ],
)
def test_time_left_is_never_promised_longer_than_it_is(left: timedelta, words: str) -> None:
    assert relative(NOW + left, NOW) == words


def test_an_instant_ahead_of_the_clock_happened_just_now() -> None:
    assert since(NOW + timedelta(seconds=5), NOW) == "just now"
    assert since(NOW - timedelta(hours=5), NOW) == "5 hours ago"


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (timedelta(hours=12), "green"),
        (timedelta(hours=12, seconds=-1), "amber"),
        (timedelta(hours=2), "amber"),
        (timedelta(hours=2, seconds=-1), "red"),
        (timedelta(0), "overdue"),
    ],
)
@pytest.mark.req("UID-16")
def test_level_of_a_countdown(left: timedelta, expected: str) -> None:
    assert level(NOW + left, NOW) == expected


@pytest.mark.req("UID-16")
def test_countdown_says_level_in_words_and_exact_time_at_the_site() -> None:
    html = render("{% countdown due %}", due=NOW + timedelta(hours=3))
    assert 'datetime="2026-11-20T19:00:00+07:00"' in html
    assert 'title="Friday, 20 November 2026, 19:00:00 WIB"' in html
    assert 'data-level="amber"' in html
    assert "in 3 hours" in html and "due soon" in html


@pytest.mark.parametrize(
    ("seconds", "english", "indonesian"),
    [(0, "0 s", "0 dtk"), (59, "59 s", "59 dtk"), (60, "1 min 0 s", "1 mnt 0 dtk"),
     (3_599, "59 min 59 s", "59 mnt 59 dtk"), (3_600, "1 h 0 min", "1 j 0 mnt"), (-5, "0 s", "0 dtk")],
)  # fmt: skip
def test_a_short_span_is_told_to_the_second(seconds: int, english: str, indonesian: str) -> None:
    for language, words in (("en", english), ("id", indonesian)):
        with translation.override(language):
            assert render("{% span NOW until %}", NOW=NOW, until=NOW + timedelta(seconds=seconds)) == words


def test_countdown_of_what_has_no_due_time_is_a_dash() -> None:
    assert render("{% countdown None %}").strip() == "&ndash;"


def test_a_day_is_the_site_s_day() -> None:
    late = datetime(2026, 11, 20, 17, 30, tzinfo=ZoneInfo("UTC"))
    assert "21 November 2026" in render("{% localday at %}", at=late)
    assert "20 November 2026" in render("{% localday day %}", day=date(2026, 11, 20))


def test_clock_texts_have_a_place_for_the_number() -> None:
    texts = json.loads(clock_texts())
    assert texts["in"]["hours"] == ["in {n} hour", "in {n} hours"]
    assert all("{n}" in sentence for way in ("in", "late", "ago") for pair in texts[way].values() for sentence in pair)
    assert set(texts["levels"]) == {"green", "amber", "red", "overdue"}


def test_status_badge_has_words_and_icon_and_escapes() -> None:
    html = render('{% status_badge "failed" label=label %}', label="<b>Failed</b>")
    assert "occ-tone-danger" in html and "<svg" in html and "&lt;b&gt;Failed" in html


def test_flow_steps_mark_the_present_one() -> None:
    steps = [{"label": "Recorded", "state": "done", "at": NOW}, {"label": "Requested", "state": "current"}]
    html = render("{% flow_steps steps %}", steps=steps)
    assert html.count('aria-current="step"') == 1
    assert "16:00 WIB" in html and "current step" in html


class SampleForm(forms.Form):
    email = forms.EmailField(help_text="The new one.")
    kind = forms.ChoiceField(choices=[("a", "A")], widget=forms.RadioSelect)


def test_field_keeps_what_was_typed_and_ties_error_and_help_to_it() -> None:
    html = render("{% field form.email %}", form=SampleForm(QueryDict("email=nonsense")))
    assert 'value="nonsense"' in html and 'aria-invalid="true"' in html
    assert 'aria-describedby="id_email_error id_email_help"' in html
    assert 'id="id_email_error"' in html and 'id="id_email_help"' in html


def test_group_of_choices_is_a_fieldset() -> None:
    html = render("{% field form.kind %}", form=SampleForm())
    assert "<fieldset" in html and "<legend" in html


def test_sorting_turns_round_and_leaves_the_place_in_the_list() -> None:
    request = RequestFactory().get("/?sort=due_at&after=abc&q=siti")
    html = engines["django"].from_string('{% load occ_ui %}{% sort_header "due_at" "Due" %}').render({}, request)
    assert 'aria-sort="ascending"' in html
    assert "sort=-due_at" in html and "q=siti" in html and "after" not in html


def used_icons() -> set[str]:
    named: set[str] = {name for _tone, name in STATUS_TONES.values()} | set(TONE_ICONS.values())
    named |= {item.icon for _label, items in GROUPS for item in items}
    for path in TEMPLATES.rglob("*.html"):
        named |= set(re.findall(r"(?:\{% icon |[\s_]icon=)\"([a-z0-9-]+)\"", path.read_text(encoding="utf-8")))
    return named


def test_every_icon_that_is_named_exists() -> None:
    assert [name for name in sorted(used_icons()) if not icon_exists(name)] == []


def test_no_template_breaks_the_content_security_policy() -> None:
    offences = re.compile(r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\ssrc=)|javascript:", re.IGNORECASE)
    found = [p.name for p in TEMPLATES.rglob("*.html") if offences.search(p.read_text(encoding="utf-8"))]
    assert found == []


def test_what_is_counted_has_a_singular() -> None:
    told = re.compile(r"{% blocktrans(?:late)?(?P<how>[^%]*)%}(?P<words>.*?){% endblocktrans", re.DOTALL)
    counted = re.compile(
        r"(?<!ore than ){{ \w+ }} (?:new |more |user )?"
        r"(?:people|rows|IDs|cells|years|months|days|hours|minutes|records|documents|contracts|candidates|agents)\b"
    )
    wrong = {
        f"{path.name}: {one['words']}"
        for path in TEMPLATES.rglob("*.html")
        for one in told.finditer(path.read_text())
        if " count " not in one["how"] and counted.search(one["words"])
    }
    assert not wrong


def test_every_template_compiles() -> None:
    for path in TEMPLATES.rglob("*.html"):
        get_template(str(path.relative_to(TEMPLATES)))


@pytest.mark.parametrize("name", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html", "503.html"])
def test_error_pages_render_without_a_request(name: str) -> None:
    assert "<h1>" in render_to_string(name)


def test_finder_serves_the_named_files_only() -> None:
    finder = PackageFinder()
    assert finder.check() == []
    assert finder.find("vendor/htmx/htmx.min.js") == str(packages_root() / "htmx.org/dist/htmx.min.js")
    assert finder.find("vendor/htmx/../package.json") == []
    assert finder.find("vendor/htmx/htmx.js") == []
    listed = {f"{storage.prefix}/{name}" for name, storage in finder.list([])}
    assert listed == {f"{prefix}/{name}" for prefix, (_directory, names) in PACKAGE_FILES.items() for name in names}
