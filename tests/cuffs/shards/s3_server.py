"""moto's S3 server on loopback, behind a door that can be told to go wrong."""

import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

import boto3
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

BUCKET = "data"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_MAX_ATTEMPTS": "1",  # so that retries are ours and quick
}


@dataclass
class Door:
    """What happens to requests before they reach the store."""

    app: object
    refuse: list[HTTPStatus] = field(default_factory=list)
    """Answers to the next uploads whose path matches."""

    spoil: int = 0
    """How many of the next uploads arrive with a wrong byte."""

    hold: str | None = None
    """Uploads that match stop halfway."""

    pattern: str = r"\.tar"
    held: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)
    seen: list[str] = field(default_factory=list)

    def __call__(self, environ, respond):
        what = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}?{environ['QUERY_STRING']}"
        if environ["REQUEST_METHOD"] == "PUT":
            self.seen.append(what)
            if re.search(self.pattern, what) and self.refuse:
                status = self.refuse.pop(0)
                environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
                respond(f"{status.value} {status.phrase}", [("Content-Type", "text/plain")])
                return [b""]
            if self.hold and re.search(self.hold, what):
                environ["wsgi.input"].read(1000)
                self.held.set()
                self.go.wait()
                respond("400 Bad Request", [("Content-Type", "text/plain")])
                return [b""]
            if re.search(self.pattern, what) and self.spoil:
                self.spoil -= 1
                environ["wsgi.input"] = Spoilt(environ["wsgi.input"])
        return self.app(environ, respond)


class Spoilt:
    """A body in which a bit is wrong, as no checksum of the transport showed."""

    def __init__(self, source):
        self._source, self._is_done = source, False

    def read(self, size=-1):
        data = self._source.read(size)
        if len(data) > 600 and not self._is_done:
            self._is_done = True
            data = data[:500] + bytes([data[500] ^ 1]) + data[501:]
        return data


@contextmanager
def s3_server():
    """A running server with one empty bucket: its door, its address and a client."""
    door = Door(app=DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, door, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    client = boto3.client(
        "s3",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    client.create_bucket(Bucket=BUCKET)
    for name in objects(client):  # moto keeps one store for the whole process
        client.delete_object(Bucket=BUCKET, Key=name)
    try:
        yield door, address, client
    finally:
        door.go.set()
        server.shutdown()
        thread.join()
        server.server_close()


def objects(client):
    """Everything in the bucket, by name."""
    listed = client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return {entry["Key"]: client.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read() for entry in listed}
