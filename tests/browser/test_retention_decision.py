"""Disposal in Chromium: what is ticked on one page of the list is not lost on the next; a draft is looked at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from retention.choices import ItemDecision
from retention.models import Item
from tests.factories import PASSWORD
from tests.retention.disposal import dead

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.req("RET-8")]


@pytest.mark.django_db(transaction=True)
def test_lines_ticked_on_several_pages_are_refused(visit: Callable[..., Page], tmp_path: Path) -> None:
    world = dead(tmp_path, count=130, in_pack=130)
    proposal = world.submitted()
    page = visit(world.client.username, language="en")
    page.goto(reverse("retention:decision", args=[proposal.pk]))
    page.get_by_label("Refuse line 3", exact=True).check()
    page.get_by_label("Refuse line 7", exact=True).check()
    page.get_by_role("link", name="Next").click()
    page.get_by_label("Refuse line 120", exact=True).check()
    elsewhere = page.get_by_text("Lines ticked on other pages of the list: 2")
    expect(elsewhere).to_be_visible()
    page.get_by_role("link", name="Previous").click()
    expect(page.get_by_label("Refuse line 7", exact=True)).to_be_checked()
    page.get_by_label("Refuse line 7", exact=True).uncheck()

    page.get_by_label("I approve it except for the lines named here").check()
    page.fill("[name=reason]", "Masih dipakai")
    page.fill("[name=password]", "wrong")
    page.click("button:has-text('Record my decision')")
    expect(page.get_by_label("Refuse line 3", exact=True)).to_be_checked()  # after a refused answer too
    expect(page.get_by_text("Lines ticked on other pages of the list: 1")).to_be_visible()
    page.fill("[name=password]", PASSWORD)
    day = page.locator("[name=again_on]")
    day.fill("2030-01-01" if day.get_attribute("type") == "date" else "01/01/2030")
    page.click("button:has-text('Record my decision')")
    expect(page.locator("body")).to_contain_text("Your decision is recorded.")
    refused = Item.objects.filter(proposal=proposal, decision=ItemDecision.REFUSED)
    assert set(refused.values_list("position", flat=True)) == {3, 120}


@pytest.mark.req("RET-10")
@pytest.mark.django_db(transaction=True)
def test_a_draft_opens_in_another_tab_and_the_form_waits_for_nothing(
    visit: Callable[..., Page], tmp_path: Path
) -> None:
    world = dead(tmp_path, count=2)
    proposal = world.destroyed()
    page = visit(world.control.username, language="en")
    page.goto(reverse("retention:proposal_issue", args=[proposal.pk]))
    button = page.get_by_role("button", name="Preview as PDF")
    with page.context.expect_page():
        button.click()
    page.wait_for_timeout(100)  # a button that is sending is shut after the form's data are gathered
    expect(button).to_be_enabled()
    expect(page.locator(".occ-spinner")).to_have_count(0)
