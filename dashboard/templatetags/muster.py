"""The few tags our templates need; everything else is formatted by the view."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard.words import Mark

register = template.Library()


@register.simple_tag
def state(mark: Mark, word: str = "") -> SafeString:
    """Show a state as a shape and a word."""
    return format_html(
        '<span class="state {}"><i aria-hidden="true">{}</i> {}</span>',
        mark.tone,
        mark.shape,
        word or mark.word,
    )
