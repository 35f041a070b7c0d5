"""The demo's mail catcher keeps each message whole, in its recipient's own folder."""

import smtplib
from email.message import EmailMessage

import pytest

from script.runner import processes
from script.runner.mail import folder_name
from script.runner.ports import free_port


def test_message_lies_in_the_folder_of_each_recipient(supervisor, tmp_path):
    port = free_port()
    supervisor.start(processes.mail(port=port, folder=tmp_path))
    message = EmailMessage()
    message["Subject"] = "Drift in churn"
    message.set_content("Look here")

    with smtplib.SMTP("127.0.0.1", port, timeout=10) as server:
        server.send_message(message, "muster@localhost", ["Ana@example.org", "ben@example.org"])
    supervisor.stop_part("mail")

    kept = sorted(tmp_path.glob("*/new/*.eml"))
    assert [path.parts[-3] for path in kept] == ["ana@example.org", "ben@example.org"]
    assert b"Subject: Drift in churn" in kept[0].read_bytes()


@pytest.mark.parametrize(
    ("address", "folder"),
    [
        ("ana@example.org", "ana@example.org"),
        ("../../etc/cron.d/x@example.org", "_.._etc_cron.d_x@example.org"),
        ("..", "_"),
        ("", "_"),
    ],
)
def test_address_cannot_lead_out_of_the_folder(address, folder):
    assert folder_name(address) == folder
