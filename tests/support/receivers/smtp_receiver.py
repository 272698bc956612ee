"""A mail server for tests: prints its port, then appends each mail to a file as one line of JSON."""

import argparse
import base64
import json
import socketserver
import ssl

parser = argparse.ArgumentParser()
parser.add_argument("record")
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--refuse", default="", help="a recipient that does not exist")
parser.add_argument("--login", default="", help="USER:PASSWORD that are needed")
parser.add_argument("--certificate", help="PEM with the key too; offers STARTTLS")
options = parser.parse_args()


class Conversation(socketserver.StreamRequestHandler):
    def say(self, *lines):
        for line in lines:
            self.wfile.write(line.encode() + b"\r\n")

    def hear(self):
        return self.rfile.readline().decode().rstrip("\r\n")

    def handle(self):
        self.login, self.tls = "", False
        self.sender, self.recipients = "", []
        self.say("220 test")
        while True:
            line = self.hear()
            verb = line.split(" ")[0].upper()
            if verb in ("", "QUIT"):
                if verb:
                    self.say("221 bye")
                return
            getattr(self, "on_" + verb.lower(), lambda _: self.say("502 unknown"))(line)

    def on_ehlo(self, _):
        offers = ["STARTTLS"] if options.certificate and not self.tls else []
        offers += ["AUTH PLAIN"] if options.login else []
        lines = ["test"] + offers
        self.say(*["250-" + line for line in lines[:-1]], "250 " + lines[-1])

    def on_starttls(self, _):
        self.say("220 go ahead")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate)
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self.tls = True

    def on_auth(self, line):
        words = line.split(" ")
        if len(words) < 3:
            self.say("334 ")
            words.append(self.hear())
        self.login = base64.b64decode(words[2]).decode().replace("\0", ":").lstrip(":")
        self.say("235 welcome" if self.login == options.login else "535 wrong")

    def on_mail(self, line):
        if options.login and self.login != options.login:
            self.say("530 log in first")
            return
        self.sender = line[len("MAIL FROM:"):].split(" ")[0].strip("<>")
        self.recipients = []
        self.say("250 ok")

    def on_rcpt(self, line):
        recipient = line[len("RCPT TO:"):].split(" ")[0].strip("<>")
        if recipient == options.refuse:
            self.say("550 there is nobody of that name")
            return
        self.recipients.append(recipient)
        self.say("250 ok")

    def on_data(self, _):
        self.say("354 go on")
        lines = []
        while (line := self.hear()) != ".":
            lines.append(line[1:] if line.startswith(".") else line)
        mail = {"from": self.sender, "to": self.recipients, "tls": self.tls, "login": self.login,
                "data": "\r\n".join(lines) + "\r\n"}
        with open(options.record, "a", encoding="utf-8") as record:
            record.write(json.dumps(mail) + "\n")
        self.say("250 taken")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a client may break off as it likes


with Server(("127.0.0.1", options.port), Conversation) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
