"""Whether an environment holds the locked requirements is read from the lock itself."""

from importlib.metadata import version

from script.runner import locked

LOCK = """\
# made by uv
django=={django} \\
    --hash=sha256:00
drf-spectacular[sidecar]==0.30.0 ; sys_platform == 'linux' \\
    --hash=sha256:00
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:00
    # via click
"""


def test_pins_are_read_with_extras_and_markers():
    assert locked.pins(LOCK.format(django="5.2.1")) == [
        ("django", "5.2.1", ""),
        ("drf-spectacular", "0.30.0", "sys_platform == 'linux'"),
        ("colorama", "0.4.6", "sys_platform == 'win32'"),
    ]


def test_only_what_applies_here_can_be_missing():
    lacking = locked.missing(LOCK.format(django="1.0"))

    assert lacking == [f"django==1.0 (here: {version('django')})"]
