"""How retention's pages name a record."""

from django import template

from retention import marks

register = template.Library()
register.filter("id_of", marks.id_of)
