#!/usr/bin/python3
"""Holds docs/openapi.yaml against grantd.

usage: check.py SPECIFICATION routes ROUTES.json   its routes are grantd's
       check.py SPECIFICATION answers SOCKET       a running grantd gives every answer it describes
       check.py SPECIFICATION fuzz SOCKET SEED ROUNDS
"""

import json
import sys

from specification import Specification


def check_routes(spec, file):
    """ROUTES.json: [{"route": "GET /v1/rules", "query": [], "body": "none", "if_match": false}]"""
    with open(file, encoding="utf-8") as text:
        routes = {each.pop("route"): each for each in json.load(text)}
    described = {}
    for operation in spec.operations:
        needed = "required" if operation.body_required else "optional"
        described[str(operation)] = {
            "query": sorted(each["name"] for each in operation.parameters_in("query")),
            "body": needed if operation.body_schema else "none",
            "if_match": any(each["name"] == "If-Match" for each in operation.parameters),
        }
    flaws = spec.check()
    for route in sorted(set(routes) | set(described)):
        if routes.get(route) != described.get(route):
            flaws.append(f"{route}: grantd has {routes.get(route)}, described is {described.get(route)}")
    print(*flaws, sep="\n", file=sys.stderr)
    return not flaws


def main(arguments):
    spec = Specification(arguments[0])
    if arguments[1] == "routes":
        return check_routes(spec, arguments[2])
    from daemon import Daemon
    from people import People
    daemon = Daemon(arguments[2])
    if arguments[1] == "answers":
        import answers
        return answers.run(spec, daemon, People(daemon))
    import fuzz
    return fuzz.run(spec, daemon, People(daemon), int(arguments[3]), int(arguments[4]))


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
