"""Addresses of pages that another part of retention may lack: "" where there is none."""

from typing import Any

from django.urls import NoReverseMatch, reverse


def url_of(row: Any) -> str:
    """The page of the row itself."""
    if row is None:
        return ""
    try:
        return str(row.get_absolute_url())
    except (NoReverseMatch, AttributeError):
        return ""


def page(name: str, *args: Any) -> str:
    """`name` without the namespace."""
    try:
        return reverse(f"retention:{name}", args=args)
    except NoReverseMatch:
        return ""
