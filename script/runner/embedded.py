"""The parts a demo embeds for want of better ones: PostgreSQL, Valkey, MLflow."""

import shutil

from script.runner import postgres, processes, roles, valkey
from script.runner.part import Part
from script.runner.state import State


def cluster(state: State) -> postgres.Cluster:
    """Describe the embedded PostgreSQL."""
    return postgres.Cluster(
        state.checkout,
        state.database_folder,
        port=state.port("postgres"),
        password=state.secret("postgres_password"),
    )


def store(state: State) -> valkey.Store:
    """Describe the embedded Valkey."""
    return valkey.Store(
        state.folder / "valkey", port=state.port("valkey"), password=state.secret("valkey_password")
    )


def prepare_cluster(state: State) -> Part:
    """Make the cluster's files if needed and declare its server."""
    own = cluster(state)
    if own.data.exists() and not state.values.get("cluster_made"):
        # As root it lies outside the checkout: of a .demo, or a whole clone, that was removed.
        # Its passwords and keys went with that, so nobody can use it any more.
        aside = own.data.with_name("postgres.orphan")
        shutil.rmtree(aside, ignore_errors=True)
        own.data.rename(aside)
        state.say(f"the database of an earlier .demo, without its passwords, is now {aside}")
    if not (own.data / "PG_VERSION").exists():
        postgres.create(own)
        # What was done in a cluster that is gone has to be done again.
        for name, value in {"token": None, "published": None, "cluster_made": True}.items():
            state.keep(name, value)
    return postgres.part(own)


def prepare_databases(state: State) -> None:
    """Make roles, databases and extensions in the running embedded cluster."""
    own = cluster(state)
    app, owner = state.secret("app_password"), state.secret("owner_password")
    roles.ensure_role(own.admin_url, role=roles.OWNER, password=owner)
    roles.ensure_role(own.admin_url, role=roles.APP, password=app)
    roles.ensure_role(own.admin_url, role="mlflow", password=state.secret("mlflow_password"))
    roles.ensure_database(own.admin_url, name="muster", owner=roles.OWNER)
    roles.ensure_database(own.admin_url, name="mlflow", owner="mlflow")
    roles.let_in(own.admin_url, role=roles.APP, database="muster")
    roles.ensure_extensions(
        own.url(role=postgres.SUPERUSER, password=own.password, database="muster")
    )


def store_part(state: State) -> Part:
    """Declare the embedded Valkey."""
    return valkey.part(store(state))


def mlflow_part(state: State, *, own_database: bool) -> Part:
    """MLflow on the embedded PostgreSQL; on SQLite when the database is somebody else's."""
    artifacts = state.folder / "mlflow" / "artifacts"
    artifacts.mkdir(parents=True, exist_ok=True)
    if own_database:
        password = state.secret("mlflow_password")
        address = cluster(state).url(role="mlflow", password=password, database="mlflow")
        # Plain postgresql:// means psycopg 3 to SQLAlchemy by now, which MLflow does not bring.
        address = address.replace("postgres://", "postgresql+psycopg2://")
    else:
        address = f"sqlite:///{artifacts.parent / 'mlflow.db'}"
    return processes.mlflow(port=state.port("mlflow"), store=address, artifacts=artifacts)
