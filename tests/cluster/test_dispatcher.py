from __future__ import annotations

import base64
import json
import time
from pathlib import Path

import pytest
from redis import Redis

from pipeline.adapters.redis_server import EmbeddedRedis
from pipeline.bootstrap import make_celery
from pipeline.cluster.dispatcher import CeleryDispatcher
from pipeline.errors import BrokerUnavailable
from pipeline.settings import Settings

pytestmark = [pytest.mark.cluster]


def test_a_message_carries_two_ids_and_nothing_else(settings: Settings, home: Path) -> None:
    server = EmbeddedRedis(home / "redis")
    server.start()
    try:
        CeleryDispatcher(make_celery(settings)).publish("run-id", "step-id")
        password = (home / "redis" / "redis.password").read_text()
        with Redis(unix_socket_path=str(home / "redis" / "redis.sock"), password=password) as client:
            (message,) = client.lrange("assay", 0, -1)
        envelope = json.loads(message)
        body = json.loads(base64.b64decode(envelope["body"]))
        assert body[:2] == [["run-id", "step-id"], {}]
        assert envelope["content-type"] == "application/json"
        assert envelope["headers"]["task"] == "assay.run_step"
        assert password not in message.decode()
    finally:
        server.stop()


def test_a_broker_that_is_away_is_said_within_seconds_and_found_again(settings: Settings, home: Path) -> None:
    dispatcher, server = CeleryDispatcher(make_celery(settings)), EmbeddedRedis(home / "redis")
    begun = time.monotonic()
    with pytest.raises(BrokerUnavailable) as caught:
        dispatcher.publish("run", "step")
    assert caught.value.rule == "P-040"
    assert time.monotonic() - begun < 8.0
    for _ in range(2):
        server.start()
        dispatcher.publish("run", "step")
        server.stop()
        with pytest.raises(BrokerUnavailable):
            dispatcher.publish("run", "step")
