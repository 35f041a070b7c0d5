"""What is recorded of a version's files stays recorded, and what differs is written down."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import clock
from registry.mlflow import custody
from registry.models import ModelEvent
from tests.factories import ModelVersionFactory, RegisteredModelFactory

Kind = ModelEvent.Kind
FILES = st.dictionaries(
    st.sampled_from("abcdef"),
    st.builds(lambda digest: {"size": 1, "digest": digest}, st.sampled_from(["", "x", "y"])),
)


def files(**digests):
    return {path: {"size": 1, "digest": digest} for path, digest in digests.items()}


def test_changed_gone_unread_and_new_files_are_told_apart():
    found = custody.compare(files(a="1", b="1", c="1", d=""), files(a="1", b="2", d="9", e="1"))
    assert (found.changed, found.gone, found.unread) == (("b",), ("c",), ("d",))
    assert found.broken == ["b", "c"]


@given(FILES, FILES)
def test_a_known_digest_is_never_replaced(recorded, found):
    kept = custody.keep(recorded, found)
    for path, file in recorded.items():
        if file["digest"]:
            assert kept[path] == file
    # Looking again with the same answer finds the same difference: overwriting leaves a trace.
    assert custody.compare(kept, found).changed == tuple(
        path for path in kept if path in custody.compare(recorded, found).changed
    )


@pytest.mark.django_db
def test_a_fault_is_told_when_it_comes_and_when_it_goes():
    version = ModelVersionFactory.create(source_model__registered_model=RegisteredModelFactory())
    both = (Kind.ARTIFACT_CHANGED, Kind.RUN_DELETED)

    def note(faults, looked_at=both):
        custody.note(version, faults, looked_at=looked_at, at=clock.now())
        version.refresh_from_db()
        events = ModelEvent.objects.filter(version=version).order_by("pk")
        return [(event.kind, event.detail) for event in events]

    changed = {Kind.ARTIFACT_CHANGED: {"files": ["a"]}}
    number = {"number": version.number}
    first = (Kind.ARTIFACT_CHANGED, {**number, "files": ["a"]})
    assert note(changed) == [first]
    assert note(changed) == [first]
    # A look that could not read the files does not say that they are sound.
    assert note({Kind.RUN_DELETED: {"run": "r"}}, (Kind.RUN_DELETED,))[0] == first
    assert version.integrity_faults.keys() == {Kind.ARTIFACT_CHANGED, Kind.RUN_DELETED}
    assert note(changed)[-1] == (Kind.INTEGRITY_RESTORED, {**number, "over": ["run_deleted"]})
    assert note({})[-1] == (Kind.INTEGRITY_RESTORED, {**number, "over": ["artifact_changed"]})
    assert version.integrity_faults == {}
