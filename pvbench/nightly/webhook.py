"""A message posted to an address as JSON."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib import request
from urllib.error import HTTPError

from pvbench.nightly.parcel import Parcel, Refused
from pvbench.nightly.secrets import reveal
from pvbench.nightly.settings import URL, Webhook
from pvbench.version import VERSION

TOO_MANY = 429


class _NoRedirect(request.HTTPRedirectHandler):
    """A redirection would turn a POST into a GET without its content: RFC 9110, 15.4."""

    def redirect_request(self, *_: Any) -> None:
        """Follow none."""


def post(hook: Webhook, parcel: Parcel, environment: Mapping[str, str]) -> None:
    """Post a parcel once. Raises Refused where it is not taken, Unreadable where the address is not there."""
    url = hook.url or reveal(hook.secret, environment) or ""
    if not re.fullmatch(URL.pattern, url):
        raise Refused("the address is none that begins with http:// or https://", again=False)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"pvbench/{VERSION}",
        "Idempotency-Key": f'"{parcel.key}"',
    }
    content = json.dumps(parcel.data, allow_nan=False).encode()
    try:
        asked = request.Request(url, content, headers, method="POST")  # noqa: S310  http or https, as matched above
        with request.build_opener(_NoRedirect).open(asked, timeout=hook.timeout_s):
            pass
    except HTTPError as error:
        error.close()
        raise Refused(f"answered {error.code}", again=error.code >= 500 or error.code == TOO_MANY) from None
    except (OSError, ValueError, ArithmeticError) as error:
        raise Refused(_why(error)) from None
    except Exception as error:  # noqa: BLE001  http.client has exceptions of its own for what is no HTTP
        raise Refused(f"no HTTP: {type(error).__name__}") from None


def _why(error: Exception) -> str:
    """Return what went wrong without the address, which may be a secret."""
    reason = getattr(error, "reason", error)
    return getattr(reason, "strerror", None) or type(reason).__name__
