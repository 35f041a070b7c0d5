"""The runner asks Muster whether a token still holds before the fleet goes on with it."""

import pytest

from registry import actors, clock, tokens
from script.runner.ready import accepts
from tests.cast import acting, cast


@pytest.mark.django_db(transaction=True)
def test_a_revoked_token_is_noticed(live_server):
    pat = cast().pat
    token, key = tokens.issue(actors.system("tests"), person=pat, name="demo", at=clock.now())
    assert accepts(live_server.url, key)

    tokens.revoke_own(acting(pat), str(token.pk), at=clock.now())

    assert not accepts(live_server.url, key)


def test_no_answer_says_nothing_about_the_token():
    assert accepts("http://127.0.0.1:1", "muster_x")
