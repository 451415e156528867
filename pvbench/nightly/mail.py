"""A message sent by mail, over TLS unless it is asked for without."""

import smtplib
import ssl
from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from pvbench.nightly.parcel import Parcel, Refused
from pvbench.nightly.secrets import reveal
from pvbench.nightly.settings import STARTTLS, TLS, Email
from pvbench.printable import clean


def send(email: Email, parcel: Parcel, environment: Mapping[str, str]) -> None:
    """Hand a parcel to the mail server once. Raises Refused, or Unreadable where the password is not there."""
    password = reveal(email.password, environment)
    try:
        with _connected(email) as server:
            if email.security == STARTTLS:
                server.starttls(context=ssl.create_default_context())
            if email.user is not None and password is not None:
                server.login(email.user, password)
            server.send_message(letter(email, parcel))
    except smtplib.SMTPResponseException as error:  # its words are the server's, which has seen the password
        raise Refused(f"{email.server} answered {error.smtp_code}", again=error.smtp_code < 500) from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = sorted({code for code, _ in error.recipients.values()})
        raise Refused(f"{email.server} takes none of the addresses: {codes}", again=max(codes) < 500) from None
    except smtplib.SMTPException as error:
        raise Refused(f"{email.server}: {type(error).__name__}", again=False) from None
    except OSError as error:
        raise Refused(f"{email.server}: {error.strerror or type(error).__name__}") from None


def letter(email: Email, parcel: Parcel) -> EmailMessage:
    """Return the message with its headers; its id is the night's, so that one that comes twice is known."""
    message = EmailMessage()
    message["Subject"] = clean(" ".join(parcel.subject.split()))[:200]
    message["From"] = email.sender
    message["To"] = ", ".join(email.to)
    message["Date"] = format_datetime(parcel.at)
    message["Message-ID"] = f"<{parcel.key}@{Address(addr_spec=email.sender).domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(clean(parcel.plain, "\n"))
    return message


def _connected(email: Email) -> smtplib.SMTP:
    host = email.server.strip("[]")
    if email.security == TLS:
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, email.port, timeout=email.timeout_s, context=context)
    return smtplib.SMTP(host, email.port, timeout=email.timeout_s)
