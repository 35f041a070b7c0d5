"""Put a letter into Slack's blocks. Names from outside stay plain text: rich text parses nothing,
so that neither a column called `<!channel>` nor one called `_x_` becomes more than its name.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from monitoring.alerts.channels import Outgoing
from monitoring.alerts.channels.calls import short
from monitoring.alerts.channels.cases import over
from monitoring.alerts.message import duration

Block = dict[str, Any]
# What Slack takes: 3,000 characters a text, and a message of about 13,000.
LONGEST_TEXT = 3000
LONGEST_MESSAGE = 11_000
_MOST_STRUCK = 10


def news(outgoing: Outgoing) -> list[Block]:
    """Return the letter as blocks: the subject, each part, the way to Muster, and the footer."""
    letter = outgoing.letter
    shown = [_section(_text(letter.subject, bold=True), _text(f"\n{letter.lead}"))]
    left = LONGEST_MESSAGE - len(letter.subject) - len(letter.lead)
    for label, lines in letter.parts[:40]:
        text = short("\n".join(lines), LONGEST_TEXT)
        if len(text) > left:
            shown.append(_section(_text("More than fits here: open it in Muster.")))
            break
        left -= len(text) + len(label)
        shown.append(_section(_text(label, bold=True), _text(f"\n{text}")))
    shown.append(_section({"type": "link", "url": letter.url, "text": letter.action}))
    if letter.footer:
        shown.append(_section(_text(short("\n".join(letter.footer), LONGEST_TEXT), italic=True)))
    return shown


def parent(outgoing: Outgoing) -> list[Block]:
    """Return the incident's first message in its current state; struck through when it is over."""
    if outgoing.event != "resolved" or not outgoing.facts or not over(outgoing.facts):
        return news(outgoing)
    letter = outgoing.letter
    struck = [_text(f"{line}\n", strike=True) for line in _headlines(outgoing)]
    link = {"type": "link", "url": letter.url, "text": letter.action}
    return [_section(*struck, _text(f"{letter.state} again{_lasted(outgoing)}")), _section(link)]


def escaped(text: str) -> str:
    """Return a text for where Slack does parse: notifications and old clients."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return short(text, LONGEST_TEXT)


def _headlines(outgoing: Outgoing) -> Iterator[str]:
    # The message may be about the last alert only; the title is that of all.
    facts = outgoing.facts
    if title := facts[0].get("incident_title"):
        yield short(f"INC-{facts[0].get('incident')} {title}", 300)
    for fact in facts[:_MOST_STRUCK]:
        yield short(f"{fact.get('model', '')}: {fact.get('headline', '')}", 300)
    if len(facts) > _MOST_STRUCK:
        yield f"and {len(facts) - _MOST_STRUCK} more"


def _lasted(outgoing: Outgoing) -> str:
    begins = [f.get("incident_opened_at") or f.get("opened_at") for f in outgoing.facts]
    opened = [moment for text in begins if (moment := _moment(text))]
    ended = [moment for fact in outgoing.facts if (moment := _moment(fact.get("resolved_at")))]
    if not opened or not ended:
        return ""
    return f" after {duration((max(ended) - min(opened)).total_seconds())}"


def _moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None


def _section(*elements: Block) -> Block:
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": list(elements)}],
    }


def _text(text: str, **style: bool) -> Block:
    found: Block = {"type": "text", "text": short(text, LONGEST_TEXT)}
    return found | {"style": style} if style else found
