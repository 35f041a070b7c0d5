"""Keep secrets out of the logs, whoever writes the line."""

import logging
import re

# Bearer tokens, Muster's own tokens and signed links, what vendors' tokens and signed addresses
# look like, and passwords inside addresses.
_SECRETS = re.compile(
    r"(Bearer\s+|GenieKey\s+|muster_|/links/|xox[a-z]-|[?&]sig=)[A-Za-z0-9._\-]{8,}"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
)


class RedactSecrets(logging.Filter):
    """Replace anything that looks like a credential in the finished line."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        clean = _SECRETS.sub("[redacted]", message)
        if clean != message:
            record.msg, record.args = clean, ()
        return True
