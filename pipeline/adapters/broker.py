"""A Redis server of somebody's own (ASSAY_REDIS_URL), looked at once before anything relies on it."""

from __future__ import annotations

from urllib.parse import SplitResult, unquote, urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import TimeoutError as NotInTime
from redis.retry import Retry

from pipeline.errors import BrokerUnavailable, UsageError

SCHEMES = ("redis", "rediss")
_WAIT_S = 2.0


def check_broker(url: str) -> None:
    """Connect and ask for a sign of life.

    Raises:
        UsageError: U-905 this is no Redis URL.
        BrokerUnavailable: P-040 nobody answers there, P-042 the server refuses us.
    """
    parts = _parts(url)
    once = Retry(NoBackoff(), 0)  # the library's own choice tries for seconds when nobody answers
    try:
        with Redis.from_url(url, socket_timeout=_WAIT_S, socket_connect_timeout=_WAIT_S, retry=once) as client:
            client.ping()
    except AuthenticationError as error:  # a kind of connection error to the library
        raise BrokerUnavailable("P-042", reason=_reason(error, parts)) from None
    except (NotConnected, NotInTime, OSError):
        raise BrokerUnavailable("P-040") from None
    except RedisError as error:
        raise BrokerUnavailable("P-042", reason=_reason(error, parts)) from None


def _parts(url: str) -> SplitResult:
    """The URL taken apart; U-905 with its scheme only, for the rest may hold a password."""
    scheme = url.partition("://")[0][:40] if "://" in url else ""
    try:
        parts = urlsplit(url)
        database = parts.path.strip("/")
        if scheme in SCHEMES and parts.port != 0 and (not database or database.isdecimal()):
            return parts
    except ValueError:  # a port that is no number
        pass
    raise UsageError("U-905", scheme=scheme)


def _reason(error: RedisError, parts: SplitResult) -> str:
    text = next(iter(str(error).splitlines()), "")
    for secret in {parts.password or "", unquote(parts.password or "")} - {""}:
        text = text.replace(secret, "***")
    return text[:200]
