"""The health check of our containers: exit code 0 when the address given answers 200 within 2 seconds."""

import sys
from urllib.error import URLError
from urllib.request import urlopen

try:
    with urlopen(sys.argv[1], timeout=2) as answer:  # noqa: S310 - the address is in the compose file
        sys.exit(answer.status != 200)
except (URLError, OSError) as fault:
    sys.exit(str(fault))
