"""MLflow where there is no server, or one that refuses."""

import base64
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

import clvmodels as clv
from clvmodels.jobs.tracking.run import check_tracking

pytestmark = pytest.mark.mlflow


def test_a_server_that_is_down_is_named_at_once():
    started = time.monotonic()
    with pytest.raises(clv.ClvError, match="MLflow at http://127.0.0.1:9/mlflow: .*; start the server, correct"):
        check_tracking("http://127.0.0.1:9/mlflow")
    assert time.monotonic() - started < 15


class Refusing(BaseHTTPRequestHandler):
    """Knows nobody, and repeats what it was told."""

    def do_GET(self):
        self.send_response(401)
        self.end_headers()
        self.wfile.write(base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")) + b" may not enter")

    do_POST = do_GET

    def log_message(self, *_):
        pass


def test_wrong_credentials_are_not_repeated(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ann")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "silence")
    with HTTPServer(("127.0.0.1", 0), Refusing) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        with pytest.raises(clv.ClvError, match="ann:.* may not enter.*; start the server") as refused:
            check_tracking(f"http://127.0.0.1:{listening.server_port}")
        listening.shutdown()
    assert "silence" not in str(refused.value)
    assert refused.value.__suppress_context__
