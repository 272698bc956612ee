"""A webhook's receiver for tests: prints its port, then appends each request to a file as one line
of JSON. It answers with the status it was given, and a redirect points at itself."""

import argparse
import http.server
import json
import ssl

parser = argparse.ArgumentParser()
parser.add_argument("record")
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--status", type=int, default=200)
parser.add_argument("--silent", action="store_true", help="take requests and never answer")
parser.add_argument("--certificate", help="PEM with the key too; serves TLS")
options = parser.parse_args()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_one(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        line = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": body.decode(),
        }
        with open(options.record, "a", encoding="utf-8") as record:
            record.write(json.dumps(line) + "\n")
        if options.silent:
            self.rfile.read()
            return
        self.send_response(options.status)
        if 300 <= options.status < 400:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET = handle_one

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
server.daemon_threads = True
if options.certificate:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
