"""A month's grid by keyboard, and how roster pages look to axe (RTM-1)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from realtime.models import Roster, RosterLine
from tests.browser.conftest import violations
from tests.browser.test_walk import within
from tests.factories import Floor
from tests.realtime.rosters import DAYS, plan_of

pytestmark = [pytest.mark.req("RTM-1"), pytest.mark.timeout(120)]


def test_cells_are_written_by_keyboard_alone(live_floor: Floor, visit: Callable[..., Page]) -> None:
    plan = plan_of(live_floor)
    roster = plan.begin()
    plan.write(roster, *[(one, DAYS[0], "P") for one in plan.people])
    page = visit("wfm.all", language="en")
    page.goto(roster.get_absolute_url())
    cells = page.locator("table.occ-roster tbody tr").nth(0).locator("td")
    frame = page.locator("[data-roster-frame]")
    expect(frame).to_have_attribute("data-more", "")
    expect(frame.get_by_text("The month goes on to the right")).to_be_visible()
    page.locator(".occ-roster-box").evaluate("box => { box.scrollLeft = box.scrollWidth; }")
    expect(frame.get_by_text("The month goes on to the right")).to_be_hidden()
    cells.nth(0).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.type("m")
    page.keyboard.press("Enter")
    expect(cells.nth(1)).to_have_text("M")
    expect(page.locator("#grid-said")).to_have_text("Kept.")
    first = plan.people[0]
    kept = RosterLine.objects.filter(person=first)
    within(30, lambda: kept.filter(day=DAYS[1], shift=plan.shifts["M"]).exists())  # said so of the cell before already
    # Enter led down; back up and over to the next day: a code that is none is said, and the cell stays as it was.
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    page.keyboard.type("zz")
    page.keyboard.press("Tab")
    expect(page.locator("#grid-said")).to_contain_text("ZZ")
    expect(cells.nth(2)).to_have_text("")
    expect(cells.nth(2)).to_be_focused()  # not on the next one: what is typed anew is for the refused cell
    page.keyboard.type("yy")
    page.keyboard.press("Enter")
    expect(page.locator("#grid-said")).to_contain_text("YY")
    expect(cells.nth(2)).to_be_focused()
    page.keyboard.type("cuti")
    page.keyboard.press("Escape")
    expect(cells.nth(2)).to_have_text("")
    page.keyboard.press("Home")
    page.keyboard.press("Delete")
    expect(cells.nth(0)).to_have_text("")
    expect(page.locator("#grid-said")).to_have_text("Kept.")
    within(30, lambda: not kept.filter(day=DAYS[0]).exists())
    expect(page.locator("#findings")).to_contain_text("finding")
    assert violations(page) == []
    # A block out of a spreadsheet, all of it or nothing.
    cells.nth(4).focus()
    cells.nth(4).click()
    paste = """text => { const data = new DataTransfer(); data.setData('text/plain', text);
        document.activeElement.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true})); }"""
    page.evaluate(paste, "P\tM\nS\toff\n")
    expect(page.locator("table.occ-roster tbody tr").nth(1).locator("td").nth(5)).to_have_class("off")
    within(30, lambda: RosterLine.objects.filter(day__in=DAYS[4:6]).count() == 4)
    page.evaluate(paste, "S\tnope")
    expect(page.locator("#grid-said")).to_contain_text("NOPE")
    expect(cells.nth(4)).to_have_text("P")
    Roster.objects.filter(pk=roster.pk).update(status="validated")
    page.goto(roster.get_absolute_url())
    page.locator("table.occ-roster tbody tr").nth(0).locator("td").nth(3).click()
    page.keyboard.type("p")
    expect(page.locator("table.occ-roster input")).to_have_count(0)


def test_narrow_pages_do_not_slide(live_floor: Floor, visit: Callable[..., Page]) -> None:
    plan = plan_of(live_floor)
    roster = plan.begin()
    plan.write(roster, *[(one, day, "P") for one in plan.people for day in DAYS[:5]])
    page = visit("wfm.all", dark=True, width=360)
    for path in (
        roster.get_absolute_url(), f"{roster.get_absolute_url()}findings/", f"{roster.get_absolute_url()}changes/",
        "/realtime/rosters/", "/realtime/rosters/import/", "/realtime/shifts/", "/realtime/shifts/new/",
        "/realtime/checks/", "/realtime/swaps/", "/realtime/my-roster/",
    ):  # fmt: skip
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
        assert violations(page) == []
