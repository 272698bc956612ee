"""Has a running grantd give every answer that docs/openapi.yaml describes, and no other."""

import json
import sys

import metrics
from certify import certify
from daemon import Connection, quote
from people import ADMIN, APPROVER, AUDITOR, OTHER_KEY, REQUESTER, RULES, STRANGER

JSON = {"Content-Type": "application/json"}
PIN = b"92716455"
# A path's variable, so that it names nothing.
ABSENT = {"id": "req_00000000000000000000000000", "name": "unheard-of", "version": "999999"}
OTHER_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")


class Answers:
    def __init__(self, spec, daemon, people):
        self.spec = spec
        self.daemon = daemon
        self.people = people
        self.flaws = []

    def run(self):
        # The first of all, since nothing is granted while an alarm stands.
        self.alarmed = self.request_certificate()
        self.acknowledged = self.acknowledge()
        self.people.apply()
        for operation in self.spec.operations:
            for status in operation.statuses:
                if status != 503:
                    self.expect(operation, status, self.provoke(operation, status))
        self.check_other_methods()
        self.check_other_paths()
        self.check_too_many_connections()
        return self.flaws

    def expect(self, operation, status, answer):
        if answer.status != status:
            self.flaws.append(f"{operation}: {answer.status} instead of {status}: {answer.body[:300]}")
            return
        self.flaws += [f"{operation} {status}: {each}" for each in
                       self.spec.flaws_of_answer(operation.statuses[status], answer)]

    def provoke(self, operation, status):
        special = getattr(self, f"{operation.id}_{status}", None)
        return special() if special else getattr(self, f"any_{status}")(operation)

    # What has an operation give each status; those of one operation alone follow below.

    def any_200(self, operation):
        uid, body = self.good(operation)
        return self.send(operation, uid, self.target(operation), body)

    def any_400(self, operation):
        return self.daemon.send(ADMIN, operation.method, self.target(operation) + "?unheard-of=1")

    def any_403(self, operation):
        # Auditors change nothing, and whoever is neither they nor an administrator sees less.
        uid = AUDITOR if operation.method == "POST" else STRANGER
        return self.send(operation, uid, self.target(operation), {})

    def any_404(self, operation):
        return self.send(operation, ADMIN, self.target(operation, ABSENT), self.good(operation)[1])

    def any_409(self, operation):
        self.people.grant()
        self.people.grant()
        prefix = "grt_" if "/grants/" in operation.path else "req_"
        return self.send(operation, ADMIN, self.target(operation, {"id": prefix}),
                         self.good(operation)[1])

    def any_412(self, operation):
        uid, body = self.good(operation)
        return self.send(operation, uid, self.target(operation), body, {"If-Match": '"of-old"'})

    def any_413(self, operation):
        return self.daemon.send(ADMIN, operation.method, self.target(operation), b"",
                                {"Content-Length": str(1024 * 1024 + 1), **JSON})

    def any_415(self, operation):
        return self.daemon.send(ADMIN, operation.method, self.target(operation), b"{}",
                                {"Content-Type": "text/plain"})

    def acknowledge(self):
        return self.daemon.post(ADMIN, "/v1/audit/acknowledge", {"reason": "the mark was lost"})

    def metrics_200(self):
        answer = self.daemon.get(ADMIN, "/v1/metrics")
        documented = self.spec.path.with_name("metrics.md").read_text(encoding="utf-8")
        self.flaws += metrics.flaws_of(answer.body.decode("utf-8"), documented)
        return answer

    def acknowledgeAlarms_200(self):
        return self.acknowledged

    def acknowledgeAlarms_409(self):
        return self.acknowledge()

    def request_certificate(self):
        return self.daemon.post(ADMIN, "/v1/keys/csr", {
            "token": "prod", "label": "release-key", "subject": "CN=Release,O=Example",
            "names": ["DNS:release.example.com"]})

    def requestCertificate_200(self):
        return self.request_certificate()

    def requestCertificate_404(self):
        return self.daemon.post(ADMIN, "/v1/keys/csr", {
            "token": "prod", "label": "unheard-of", "subject": "CN=Release"})

    def requestCertificate_409(self):
        return self.alarmed

    def generate(self, token="prod", label="made-key"):
        return self.daemon.post(ADMIN, "/v1/keys", {"token": token, "label": label, "type": "ec:p256"})

    def generateKey_201(self):
        return self.generate()

    def generateKey_404(self):
        return self.generate(token="unheard-of")

    def generateKey_409(self):
        return self.generate(label="release-key")

    def setCertificate_200(self):
        chain = certify(self.request_certificate().json["csr"])
        return self.daemon.post(ADMIN, "/v1/signers/release/certificate", {"certificate": chain})

    def setCertificate_404(self):
        chain = certify(self.request_certificate().json["csr"])
        return self.daemon.post(ADMIN, "/v1/signers/unheard-of/certificate", {"certificate": chain})

    def seal(self):
        return self.daemon.post(ADMIN, "/v1/seal", {"reason": "a test"})

    def unseal(self):
        return self.daemon.post(ADMIN, "/v1/unseal", {})

    def ready_200(self):
        self.give_all_pins()
        return self.daemon.get(STRANGER, "/v1/ready")

    def ready_503(self):
        self.seal()
        answer = self.daemon.get(STRANGER, "/v1/ready")
        self.unseal()
        return answer

    def closeSeal_200(self):
        answer = self.seal()
        self.unseal()
        return answer

    def closeSeal_409(self):
        self.seal()
        answer = self.seal()
        self.unseal()
        return answer

    def openSeal_200(self):
        self.seal()
        return self.unseal()

    def openSeal_409(self):
        return self.unseal()

    def pin(self, token="spare"):
        return self.daemon.send(ADMIN, "POST", f"/v1/tokens/{token}/pin", PIN,
                                {"Content-Type": "application/octet-stream"})

    def give_all_pins(self):
        self.seal()
        self.unseal()
        return self.pin()

    def giveTokenPin_200(self):
        return self.give_all_pins()

    def giveTokenPin_404(self):
        return self.pin("unheard-of")

    def giveTokenPin_409(self):
        self.pin()
        return self.pin()

    def applyRules_409(self):
        self.people.request()
        return self.daemon.post(ADMIN, "/v1/rules", {"document": OTHER_KEY, "source": "r"})

    def compareRules_404(self):
        return self.daemon.get(ADMIN, "/v1/rules/diff?to=999999")

    def testPolicy_403(self):
        return self.daemon.post(STRANGER, "/v1/policies/test", self.people.wish(**{"as": "unix:root"}))

    def testPolicy_404(self):
        return self.daemon.post(ADMIN, "/v1/policies/test", self.people.wish(signer="unheard-of"))

    def fileRequest_200(self):
        self.file()
        return self.file()

    def fileRequest_201(self):
        digest = "sha256:" + 64 * "a"
        return self.file(new=True, secret=True, files=[{"name": "app.exe", "digest": digest}],
                         scopes=["user=unix:#54321"])

    def fileRequest_404(self):
        return self.file(signer="unheard-of")

    def fileRequest_409(self):
        self.file({"Idempotency-Key": "key-1"})
        return self.file({"Idempotency-Key": "key-1"}, signings=2)

    def file(self, headers=None, **more):
        return self.daemon.post(REQUESTER, "/v1/requests", self.people.wish(**more), headers)

    # A request of each operation that is answered with 200: by whom, about what, with which body.

    def good(self, operation):
        return {
            "applyRules": (ADMIN, {"document": RULES, "source": "rules.toml", "dry_run": True}),
            "testPolicy": (ADMIN, self.people.wish(signer="board", **{"as": "unix:#54321"})),
            "approveRequest": (APPROVER, {"comment": "fine", "signings": 2, "window": "30m"}),
            "rejectRequest": (APPROVER, {"comment": "no"}),
            "cancelRequest": (REQUESTER, {"comment": "no more"}),
            "commentOnRequest": (REQUESTER, {"text": "please"}),
            "revokeGrant": (APPROVER, {"reason": "lost"}),
            "releaseGrant": (REQUESTER, {"reason": "done"}),
            "explainOwnRefusals": (ADMIN, None),
            "makeBackup": (ADMIN, {}),
        }.get(operation.id, (ADMIN, {} if operation.method == "POST" else None))

    def target(self, operation, variables=None):
        """The operation's path, about something new where nothing else is said."""
        path = operation.path
        for variable in operation.parameters_in("path"):
            name = variable["name"]
            if variables:
                value = variables[name]
            elif name == "id":
                value = self.people.grant() if "/grants/" in path else self.people.request()
            elif name == "version":
                value = "1"
            else:
                value = "release" if "/signers/" in path else "release-signing"
            path = path.replace("{" + name + "}", quote(value))
        return path

    def send(self, operation, uid, target, body, headers=None):
        if body is None:
            return self.daemon.send(uid, operation.method, target, None, headers)
        return self.daemon.send(uid, operation.method, target, json.dumps(body).encode(),
                                {**JSON, **(headers or {})})

    # What no operation describes.

    def check_other_methods(self):
        for path in self.spec.document["paths"]:
            target = self.target(next(each for each in self.spec.operations if each.path == path))
            operations = {each.method: each for each in self.spec.operations if each.matches(target)}
            allowed = set(operations) | ({"HEAD"} if "GET" in operations else set())
            for method in OTHER_METHODS:
                if method not in allowed:
                    self.check_not_allowed(method, target, allowed)
            if "GET" in operations:
                self.check_head(operations["GET"], target)

    def check_not_allowed(self, method, target, allowed):
        answer = self.daemon.send(ADMIN, method, target)
        flaws = self.spec.flaws_of_answer(self.spec.component("responses", "MethodNotAllowed"), answer,
                                          method == "HEAD")
        if answer.status != 405 or set(answer.headers.get("Allow", "").split(", ")) != allowed:
            flaws.append(f"{answer.status}, Allow: {answer.headers.get('Allow')}")
        self.flaws += [f"{method} {target}: {each}" for each in flaws]

    def check_head(self, operation, target):
        status = self.daemon.get(ADMIN, target).status
        answer = self.daemon.send(ADMIN, "HEAD", target)
        flaws = self.spec.flaws_of_answer(operation.statuses[status], answer, head_only=True)
        if answer.status != status:
            flaws.append(f"{answer.status} where GET is {status}")
        self.flaws += [f"HEAD {target}: {each}" for each in flaws]

    def check_other_paths(self):
        described = self.spec.component("responses", "NoSuchPath")
        for target in ("/", "/v1", "/v2/whoami", "/v1/whoami/", "/v1/requests/a/b", "/v1/%72ules/"):
            answer = self.daemon.get(ADMIN, target)
            self.flaws += [f"{target}: {each}" for each in
                           self.spec.flaws_of_answer(described, answer)]

    def check_too_many_connections(self):
        held = []
        try:
            while len(held) < 2000 and self.hold_one(held):
                pass
            for operation in self.spec.operations:
                answer = self.daemon.send(STRANGER, operation.method, operation.path)
                self.expect(operation, 503, answer)
        finally:
            for connection in held:
                connection.close()

    def hold_one(self, held):
        """Whether there was room for one more connection, which stays open."""
        connection = Connection(self.daemon.path, STRANGER)
        held.append(connection)
        try:
            connection.request("GET", "/v1/health")
        except (BrokenPipeError, ConnectionResetError):
            pass
        response = connection.getresponse()
        response.read()
        return response.status == 200


def run(spec, daemon, people):
    flaws = Answers(spec, daemon, people).run()
    print(*flaws, sep="\n", file=sys.stderr)
    return not flaws
