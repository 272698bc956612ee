"""Who there is, under which rules, and how to bring about what a test needs."""

from daemon import quote

# The numbers are users without names.
ADMIN, REQUESTER, APPROVER, AUDITOR, STRANGER = 0, 54321, 54322, 54323, 54324

RULES = """
[[user]]
name = "unix:#54321"
email = "requester@example.com"
[[group]]
name = "approvers"
members = ["unix:#54322"]
[[policy]]
name = "release-signing"
max_window = "8h"
max_signings = 1000
[[policy.step]]
name = "Review"
approvers = ["group:approvers"]
[[policy]]
name = "board"
unbounded = true
hours = ["Mon-Fri 08:00-18:00"]
time_zone = "UTC"
requesters = ["unix:#54321"]
min_justification = 3
[[policy.step]]
approvers = ["group:approvers"]
[[policy.step]]
approvers = ["unix:root"]
[[signer]]
name = "release"
key = "pkcs11:token=prod;object=release-key"
policy = "release-signing"
users = ["unix:root", "unix:#54321", "unix:#54323"]
[[signer]]
name = "board"
key = "pkcs11:token=prod;object=board-key"
policy = "board"
users = ["unix:#54321"]
mechanisms = ["ECDSA"]
"""

# Requests that are left open: nobody may have many.
OPEN_MAX = 10

# The key of a signer changed.
OTHER_KEY = RULES.replace("object=release-key", "object=spare-key")


class People:
    def __init__(self, daemon):
        self.daemon = daemon
        self.filed = 0

    def apply(self, rules=RULES):
        answer = self.daemon.post(ADMIN, "/v1/rules", {"document": rules, "source": "rules.toml"})
        assert answer.status == 200, answer.body

    @staticmethod
    def wish(**more):
        return {"signer": "release", "signings": 3, "window": {"duration": "2h"},
                "justification": "Release", **more}

    def request(self):
        """A new open request; some of those before it may be taken back."""
        self.filed += 1
        if self.filed % OPEN_MAX == 0:
            self.cancel_open()
        wish = self.wish(new=True)
        answer = self.daemon.post(REQUESTER, "/v1/requests", wish)
        assert answer.status == 201, answer.body
        return answer.json["id"]

    def grant(self):
        """A new grant of the requester."""
        answer = self.daemon.send(APPROVER, "POST", f"/v1/requests/{self.request()}/approve")
        assert answer.status == 200, answer.body
        return answer.json["grant_id"]

    def cancel_open(self):
        items = self.daemon.get(ADMIN, f"/v1/requests?status=open&requester={quote('unix:#54321')}")
        for item in items.json["items"]:
            self.daemon.send(ADMIN, "POST", f"/v1/requests/{item['id']}/cancel")
