"""The only importer of reportlab: a document of headings, paragraphs and lists as a PDF.

The same document is the same bytes, so that a digest of it means something. Text is text: no markup
of whoever named a model is obeyed, and nothing outside is ever loaded.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.lib.enums import TA_LEFT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import ListFlowable, Paragraph, SimpleDocTemplate, Spacer

_PLAIN, _BOLD = "DejaVuSans", "DejaVuSans-Bold"


@dataclass(frozen=True)
class Section:
    """A heading with its paragraphs and, below them, a list."""

    title: str
    paragraphs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()


def document(title: str, lead: Iterable[str], sections: Iterable[Section], *, footer: str) -> bytes:
    """Return the PDF; `footer` stands on every page before its number."""
    head, sub, text = _styles()
    story = [Paragraph(_safe(title), head), *(Paragraph(_safe(line), text) for line in lead)]
    for section in sections:
        story += [Spacer(1, 4 * mm), Paragraph(_safe(section.title), sub)]
        story += [Paragraph(_safe(line), text) for line in section.paragraphs]
        if section.items:
            rows = [Paragraph(_safe(item), text) for item in section.items]
            story.append(ListFlowable(rows, bulletType="bullet", start="•", leftIndent=12))
    out = io.BytesIO()

    def foot(canvas: Canvas, page: SimpleDocTemplate) -> None:
        canvas.setFont(_PLAIN, 8)
        canvas.drawString(18 * mm, 10 * mm, f"{footer} · page {canvas.getPageNumber()}"[:160])

    SimpleDocTemplate(
        out, pagesize=A4, title=title, author="Muster", invariant=1,
        leftMargin=18 * mm, rightMargin=18 * mm, topMargin=16 * mm, bottomMargin=18 * mm,
    ).build(story, onFirstPage=foot, onLaterPages=foot)  # fmt: skip
    return out.getvalue()


def _safe(text: str) -> str:
    # A paragraph of reportlab obeys tags, some of which load files.
    return escape(text.replace("\x00", "")).replace("\n", "<br/>")


@cache
def _styles() -> tuple[ParagraphStyle, ParagraphStyle, ParagraphStyle]:
    # The fonts come with matplotlib, which MLflow needs anyway; it is found, not imported.
    spec = find_spec("matplotlib")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    folder = Path(spec.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf"
    for name in (_PLAIN, _BOLD):
        pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))
    text = ParagraphStyle(
        "text", fontName=_PLAIN, fontSize=9.5, leading=13, spaceAfter=3, alignment=TA_LEFT,
        splitLongWords=True,
    )  # fmt: skip
    head = ParagraphStyle("head", parent=text, fontName=_BOLD, fontSize=16, leading=20)
    sub = ParagraphStyle("sub", parent=text, fontName=_BOLD, fontSize=11.5, leading=15)
    return head, sub, text
