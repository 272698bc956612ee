"""The running grantd, called as whichever user a test wants to be."""

import http.client
import json
import os
import socket
import urllib.parse

PATIENCE_S = 60


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)


class Connection(http.client.HTTPConnection):
    """A connection that the kernel attributes to the user `uid`."""

    def __init__(self, path, uid):
        super().__init__("localhost", timeout=PATIENCE_S)
        self.path = path
        self.uid = uid

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(PATIENCE_S)
        os.setresuid(-1, self.uid, 0)
        try:
            self.sock.connect(self.path)
        finally:
            os.setresuid(-1, 0, 0)


class Daemon:
    def __init__(self, path):
        self.path = path

    def send(self, uid, method, target, body=None, headers=None):
        """Sends exactly these headers (beside Host), and the body's length where there is a body."""
        connection = Connection(self.path, uid)
        try:
            connection.connect()
            try:
                connection.putrequest(method, target, skip_accept_encoding=True)
                fields = dict(headers or {})
                if body is not None:
                    fields.setdefault("Content-Length", str(len(body)))
                for name, value in fields.items():
                    connection.putheader(name, value)
                connection.endheaders(body)
            except (BrokenPipeError, ConnectionResetError):
                pass  # It was refused before all of it was read; the answer is there.
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def post(self, uid, target, value, headers=None):
        fields = {"Content-Type": "application/json", **(headers or {})}
        return self.send(uid, "POST", target, json.dumps(value).encode(), fields)

    def get(self, uid, target, headers=None):
        return self.send(uid, "GET", target, None, headers)


def quote(text):
    return urllib.parse.quote(text, safe="")
