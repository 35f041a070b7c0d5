"""Where every part of the demo is reached: embedded, or named by the environment."""

from collections.abc import Mapping
from dataclasses import dataclass

from script.runner import embedded, roles
from script.runner.part import RunnerError
from script.runner.ports import first_free, is_free
from script.runner.state import State

_DEFAULT_WEB_PORT = 8000


@dataclass(frozen=True)
class Addresses:
    """Where the parts are, embedded or not."""

    database: str
    owner: str
    redis: str
    mlflow: str
    email: str
    web_port: int
    trainer_port: int

    @property
    def web(self) -> str:
        """The dashboard."""
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def trainer(self) -> str:
        """The fleet's training service."""
        return f"http://127.0.0.1:{self.trainer_port}"


def web_port(state: State, wanted: int | None) -> int:
    """Return the port asked for, else last time's, else the first free one from 8000."""
    if wanted is not None:
        if not is_free(wanted):
            raise RunnerError(f"port {wanted} is taken; choose another one with --port")
        state.keep("web_port", wanted)
        return wanted
    known = state.values.get("web_port")
    port = known if known and is_free(known) else first_free(_DEFAULT_WEB_PORT)
    if known and port != known:
        state.say(f"port {known} is taken by now; the dashboard moves to {port}")
    state.keep("web_port", port)
    return int(port)


def addresses(state: State, *, port: int | None, given: Mapping[str, str]) -> Addresses:
    """Settle every address: from the environment where it names one, else an embedded part's."""
    if given.get("DATABASE_URL"):
        database, owner = given["DATABASE_URL"], given.get("DATABASE_OWNER_URL", "")
    else:
        own = embedded.cluster(state)
        database = own.url(role=roles.APP, password=state.secret("app_password"), database="muster")
        owner = own.url(
            role=roles.OWNER, password=state.secret("owner_password"), database="muster"
        )
    return Addresses(
        database=database,
        owner=owner or database,
        redis=given.get("REDIS_URL") or embedded.store(state).url,
        mlflow=(given.get("MLFLOW_TRACKING_URI") or f"http://127.0.0.1:{state.port('mlflow')}"),
        email=given.get("EMAIL_URL") or f"smtp://127.0.0.1:{state.port('mail')}",
        web_port=web_port(state, port),
        trainer_port=state.port("trainer"),
    )
