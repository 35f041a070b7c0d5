from examples.fleet import truth
from examples.fleet.specification import PIPELINE_FAULTS, QUIET


def test_the_file_is_what_the_catalogue_says():
    assert truth.PLACE.read_text(encoding="utf-8") == truth.as_text(), (
        "python -m examples.fleet.truth writes it anew"
    )
    assert truth.main(["--check"]) == 0


def test_each_window_of_each_model_is_accounted_for():
    for told in truth.truth()["models"]:
        assert len(told["data"]) == 13
        if told["kind"] in QUIET:
            assert set(told["data"]) == {"ok"}
            assert told["alert"] == "must_not"
        if told["kind"] in PIPELINE_FAULTS:
            faults = [state for state in told["data"] if state != "ok"]
            assert set(faults) == {PIPELINE_FAULTS[told["kind"]]}
            assert len(faults) == told["to_window"] - told["from_window"] + 1
        if told["kind"] in ("concept", "latency", "late_batch"):
            assert set(told["data"]) == {"ok"}
