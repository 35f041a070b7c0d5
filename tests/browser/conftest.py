"""A browser signed in as one of the cast, which reports what a reader would not see."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, sync_playwright

from registry.models import Person


@pytest.fixture(scope="session")
def browser(chromium) -> Iterator[Browser]:
    # Playwright's loop runs in this thread; Django would refuse the database beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


@dataclass
class Reader:
    """An open page and everything the browser complained about."""

    page: Page
    complaints: list[str] = field(default_factory=list)


@pytest.fixture
def read(browser, live_server):
    """Open a browser as a person: `read(ana, theme="dark", javascript=False)`."""
    contexts = []

    def _read(person: Person | None, *, theme: str = "light", javascript: bool = True, width=1280):
        context = browser.new_context(
            base_url=live_server.url,
            color_scheme=theme,
            java_script_enabled=javascript,
            viewport={"width": width, "height": 900},
        )
        contexts.append(context)
        if person is not None:
            client = Client()
            client.force_login(person)
            key = client.cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": key, "url": live_server.url}])
        reader = Reader(context.new_page())
        reader.page.on(
            "console",
            lambda message: (
                reader.complaints.append(message.text)
                if message.type == "error" and "Failed to load resource" not in message.text
                else None
            ),
        )
        reader.page.on("pageerror", lambda error: reader.complaints.append(str(error)))
        return reader

    yield _read
    for context in contexts:
        context.close()
