"""Read a page as a person does: its text on one line."""

import re
from typing import Any


def text(response: Any, status: int = 200) -> str:
    """Return what the page says, once it was answered as expected."""
    assert response.status_code == status, response.content.decode()[:3000]
    return re.sub(r"\s+", " ", response.content.decode())
