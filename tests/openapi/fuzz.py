"""Sends a running grantd what the schemas of docs/openapi.yaml allow, and what they do not."""

import json
import random
import sys

from daemon import quote
from people import ADMIN, APPROVER, AUDITOR, OTHER_KEY, REQUESTER, RULES, STRANGER

PEOPLE = (ADMIN, REQUESTER, APPROVER, AUDITOR, STRANGER)
# Who gets further than to a refusal, where it is not the administrator.
LIKELY = {"fileRequest": REQUESTER, "approveRequest": APPROVER, "rejectRequest": APPROVER,
          "cancelRequest": REQUESTER, "commentOnRequest": APPROVER, "revokeGrant": APPROVER,
          "releaseGrant": REQUESTER}
# Without tokens little else is answered; and a PIN is any bytes.
UNTOUCHED = {"closeSeal", "openSeal", "giveTokenPin"}
ODD_TEXTS = ("", " ", "x" * 5000, "\u0000", "\n", "\x7f", "ü\U0001f511", "\ud800", "null", "-1", "0", "1e9",
             "9" * 40, "../rules", "a/b", "%2e", "'; --", "req_", "grt_", "true", "{}", "*", '"')
ODD_NUMBERS = (-1, 0, 1.5, 1e300, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 1_000_001)
ODD_VALUES = (None, True, False, [], {}, [[]], [None], {"": ""}, *ODD_NUMBERS, *ODD_TEXTS)
ODD_BODIES = (b"garbage", b"[]", b"null", b'"x"', b"{", b"{}}", b"{} {}", b"\xef\xbb\xbf{}", b"\x00",
              b"\xff", b'{"comment":"\xff"}', b'{"comment":"a\\u0000b"}', b'{"comment":"\\ud800"}',
              b'{"a":1,"a":1}', b'{"comment":"a","comment":"a"}', b'{"a":' * 40 + b"1" + b"}" * 40,
              b"[" * 100000, b" " * (1024 * 1024 + 1), b'{"comment":"' + b"x" * 5000 + b'"}',
              b'{"signings":1e999}', b'{"signings":NaN}', b"{'a':1}", b"{,}", b" ")
ODD_TARGETS = ("?", "?=", "?=1", "?a", "?limit=1&limit=1", "?limit=%zz", "?limit=%", "?limit=%00",
               "?limit=+1", "?limit=1.0", "?limit=0", "?limit=1001", "?limit=-1", "?cursor=", "?cursor=00",
               "?cursor=req_0", "?status=OPEN", "?since=now", "?since=2026-02-30T00:00:00Z", "?from=-1",
               "?to=9999999999999999999", "?awaiting=you", "?requester=nobody", "?x=" + "y" * 9000, "#a",
               "?" + "&".join(f"k{i}=1" for i in range(40)))


class Fuzz:
    def __init__(self, spec, daemon, people, seed):
        self.spec = spec
        self.daemon = daemon
        self.people = people
        self.random = random.Random(seed)
        self.values = {"requestId": [], "grantId": [], "cursor": []}
        self.statuses = {}
        self.flaws = []

    def run(self, rounds):
        self.people.apply()
        # Where there is more to get wrong more is tried.
        operations = [each for each in self.spec.operations if each.id not in UNTOUCHED
                      for _ in range(4 if each.body_schema else 1)]
        for i in range(rounds):
            if i % 25 == 0:
                self.people.cancel_open()
                self.values["requestId"] += [self.people.request(), self.people.request()]
                self.values["grantId"] += [self.people.grant(), self.people.grant()]
            self.one(self.random.choice(operations))
        return self.flaws

    def chance(self, probability):
        return self.random.random() < probability

    def one(self, operation):
        uid = self.random.choice(PEOPLE)
        if self.chance(0.6):
            uid = LIKELY.get(operation.id, ADMIN)
        target = self.target_of(operation)
        headers = self.headers_of(operation)
        body, sound = self.body_of(operation, headers)
        answer = self.daemon.send(uid, operation.method, target, body, headers)
        status = answer.status
        self.statuses[status] = self.statuses.get(status, 0) + 1
        # A token waits for its PIN, so grantd may say that it is not ready.
        if status >= 500 and (status, operation.id) != (503, "ready"):
            flaws = ["a fault of grantd"]
        elif status not in operation.statuses:
            flaws = ["not described"]
        else:
            flaws = self.spec.flaws_of_answer(operation.statuses[status], answer)
        if status < 300 and not sound:
            flaws.append("taken, though the specification does not allow it")
        for each in flaws:
            self.flaws.append(f"{uid}: {operation.method} {target[:300]} {headers} {(body or b'')[:600]}: "
                              f"{status} {answer.body[:600]}: {each}")
        if status == 200 and operation.id.startswith("list"):
            self.values["cursor"].append(answer.json["next"] or "00")

    # Requests

    def target_of(self, operation):
        path = operation.path
        for parameter in operation.parameters_in("path"):
            value = str(self.value_for(parameter, path)) or "x"
            path = path.replace("{" + parameter["name"] + "}", quote_any(value))
        pairs = [f"{each['name']}={quote_any(str(self.value_for(each)))}"
                 for each in operation.parameters_in("query") if self.chance(0.3)]
        if self.chance(0.1):
            return path + self.random.choice(ODD_TARGETS)
        return path + ("?" + "&".join(pairs) if pairs else "")

    def value_for(self, parameter, path=""):
        if self.chance(0.1):
            return self.random.choice(ODD_TEXTS)
        name = parameter["name"]
        if name == "id":
            name = "grantId" if "/grants/" in path else "requestId"
        known = self.values.get(name)
        if known and self.chance(0.8):
            return self.random.choice(known[-4:])
        return self.generate(parameter["schema"])

    def headers_of(self, operation):
        headers = {}
        for parameter in operation.parameters_in("header"):
            if self.chance(0.2):
                odd = self.random.choice(('""', "x", "W/\"a\"", "a b", "k" * 200, ",", '"a", *'))
                headers[parameter["name"]] = odd if self.chance(0.4) else self.value_for(parameter)
        return {name: value.encode("utf-8", "replace").replace(b"\n", b"").replace(b"\0", b"")
                for name, value in headers.items()}

    def body_of(self, operation, headers):
        """The bytes of a body, or none, and whether they are what the specification allows."""
        schema = operation.body_schema
        if schema is None or self.chance(0.05):
            return None, schema is None or not operation.body_required
        headers["Content-Type"] = "application/json"
        if self.chance(0.04):
            headers["Content-Type"] = self.random.choice(("text/plain", "application/jsonx", "x"))
            return b"{}", False
        if self.chance(0.1):
            return self.random.choice(ODD_BODIES), False
        value = self.generate(schema)
        for _ in range(self.random.choice((0, 0, 0, 1, 1, 2))):
            value = self.mutated(value)
        # With a lone surrogate it is JSON as Python understands it, but no text.
        text = json.dumps(value)
        sound = "\\ud800" not in text and not self.spec.flaws(schema, value)
        return text.encode(), sound

    # Values

    def generate(self, schema):
        schema = self.spec.resolve(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        if "oneOf" in schema:
            return self.generate(self.random.choice(schema["oneOf"]))
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        kind = self.random.choice(kinds)
        if kind == "null":
            return None
        if "examples" in schema and self.chance(0.9):
            return self.random.choice(schema["examples"])
        return getattr(self, f"generate_{kind}")(schema)

    def generate_object(self, schema):
        needed = schema.get("required", [])
        return {name: self.one_of_ours(name) or self.generate(member)
                for name, member in schema.get("properties", {}).items()
                if name in needed or self.chance(0.4)}

    def one_of_ours(self, name):
        """What no schema tells: rules that the site can have."""
        return self.random.choice((RULES, RULES, OTHER_KEY, "[[")) if name == "document" else None

    def generate_array(self, schema):
        return [self.generate(schema["items"]) for _ in range(self.random.choice((0, 1, 2)))]

    def generate_string(self, schema):
        if "pattern" in schema:
            return self.random.choice(schema["examples"])
        return "x" * self.random.choice((schema.get("minLength", 0), 7))

    def generate_integer(self, schema):
        least, most = schema.get("minimum", 0), schema.get("maximum", 2**31)
        return self.random.choice((least, least + 1, 3, most))

    def generate_boolean(self, _schema):
        return self.chance(0.5)

    def mutated(self, value):
        """The value with one thing about it changed, here or further inside."""
        if isinstance(value, dict) and value:
            key = self.random.choice(sorted(value))
            change = self.random.randrange(5)
            if change == 0:
                return {name: each for name, each in value.items() if name != key}
            if change == 1:
                return {**value, self.random.choice(("unheard-of", "", key + "s", key.upper())): 1}
            return {**value, key: self.mutated(value[key])}
        if isinstance(value, list) and value and self.chance(0.7):
            return value * 300 if self.chance(0.3) else [self.mutated(value[0]), *value[1:]]
        return self.random.choice(ODD_VALUES)


def quote_any(text):
    return quote(text.encode("utf-8", "surrogatepass"))


def run(spec, daemon, people, seed, rounds):
    fuzz = Fuzz(spec, daemon, people, seed)
    flaws = fuzz.run(rounds)
    report = daemon.get(ADMIN, "/v1/audit/verify").json
    if not report["intact"]:
        flaws.append(f"the audit is broken: {report}")
    # A run that only ever meets refusals would show little.
    for status in (200, 201, 400, 403, 404, 409, 412, 413, 415):
        if status not in fuzz.statuses:
            flaws.append(f"no answer was {status}, of {fuzz.statuses}")
    print(f"seed {seed}: {fuzz.statuses}", *flaws, sep="\n", file=sys.stderr)
    return not flaws
