"""docs/openapi.yaml as what a program can ask about."""

import json
import pathlib
import re

import jsonschema
import yaml

METHODS = ("get", "head", "post", "put", "patch", "delete", "options", "trace")


class Operation:
    """One method of one path."""

    def __init__(self, spec, path, method, item):
        self.spec = spec
        self.path = path
        self.method = method.upper()
        described = item[method]
        self.id = described["operationId"]
        both = item.get("parameters", []) + described.get("parameters", [])
        self.parameters = [spec.resolve(each) for each in both]
        self.statuses = {int(status): spec.resolve(each)
                         for status, each in described["responses"].items()}
        body = described.get("requestBody")
        self.body_required = body is not None and body["required"]
        # A secret's bytes are no JSON.
        self.takes_bytes = body is not None and "application/octet-stream" in body["content"]
        self.body_schema = next(iter(body["content"].values()))["schema"] if body else None

    def matches(self, target):
        """Whether the path stands for the target, which has no query."""
        return re.fullmatch(re.sub(r"{\w+}", "[^/]+", self.path), target) is not None

    def parameters_in(self, place):
        return [each for each in self.parameters if each["in"] == place]

    def __str__(self):
        return f"{self.method} {self.path}"


class Specification:
    def __init__(self, file):
        self.path = pathlib.Path(file)
        with open(file, encoding="utf-8") as text:
            self.document = yaml.safe_load(text)
        self.operations = [Operation(self, path, method, item)
                           for path, item in self.document["paths"].items()
                           for method in METHODS if method in item]
        self.validators = {}

    def operation(self, operation_id):
        return next(each for each in self.operations if each.id == operation_id)

    def resolve(self, described):
        if "$ref" not in described:
            return described
        found = self.document
        for key in described["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        return found

    def component(self, kind, name):
        return self.document["components"][kind][name]

    def flaws(self, schema, value):
        """What keeps the value from being what the schema describes: texts, none where it is."""
        key = json.dumps(schema, sort_keys=True)
        if key not in self.validators:
            whole = dict(schema, components=self.document["components"])
            self.validators[key] = jsonschema.Draft202012Validator(whole)
        return [f"{'/'.join(map(str, each.absolute_path))}: {each.message}"
                for each in self.validators[key].iter_errors(value)]

    def flaws_of_answer(self, described, answer, head_only=False):
        """The same of an answer and the response that describes it: its headers, type and body."""
        flaws = []
        for name in ("ETag", "Allow"):
            header = described.get("headers", {}).get(name)
            value = answer.headers.get(name)
            if (header is None) != (value is None):
                flaws.append(f"header {name} is {value!r}")
            elif header is not None:
                flaws += self.flaws(self.resolve(header)["schema"], value)
        ((media_type, content),) = described["content"].items()
        if answer.headers.get("Content-Type") != media_type:
            flaws.append(f"Content-Type is {answer.headers.get('Content-Type')!r}")
        if head_only:
            return flaws + ([] if answer.body == b"" else ["HEAD has a body"])
        if media_type.startswith("text/"):
            return flaws + self.flaws(content["schema"], answer.body.decode("utf-8"))
        try:
            value = json.loads(answer.body.decode("utf-8"))
        except ValueError as error:
            return flaws + [f"the body is not JSON: {error}"]
        return flaws + self.flaws(content["schema"], value)

    def check(self):
        """That the document itself is sound. What is a misspelling here would describe nothing."""
        flaws = []
        ids = [each.id for each in self.operations]
        flaws += [f"operationId {each} is given twice" for each in set(ids) if ids.count(each) > 1]
        for operation in self.operations:
            named = set(re.findall(r"{(\w+)}", operation.path))
            described = {each["name"] for each in operation.parameters_in("path")}
            if named != described:
                flaws.append(f"{operation}: parameters {described} for {named}")
        used = set(re.findall(r'"\$ref": "#/components/([^"]+)"', json.dumps(self.document)))
        defined = {f"{kind}/{name}" for kind, members in self.document["components"].items()
                   for name in members}
        # These two stand for what no operation has.
        flaws += [f"nothing refers to {each}" for each in
                  defined - used - {"responses/NoSuchPath", "responses/MethodNotAllowed"}]
        flaws += [f"{each} is not defined" for each in used - defined]
        for name, schema in self.document["components"]["schemas"].items():
            jsonschema.Draft202012Validator.check_schema(schema)
            flaws += [f"schema {name}: unknown keyword {each}" for each in unknown_keywords(schema)]
        return flaws


KEYWORDS = {"$ref", "additionalProperties", "allOf", "const", "default", "description", "enum",
            "examples", "format", "items", "maximum", "maxItems", "maxLength", "maxProperties", "minimum",
            "minItems", "minLength", "oneOf", "pattern", "properties", "required", "type",
            "unevaluatedProperties"}


def unknown_keywords(schema):
    """A validator passes over what it does not know, so a misspelt keyword would demand nothing."""
    unknown = set(schema) - KEYWORDS
    inner = list(schema.get("properties", {}).values())
    for keyword in ("allOf", "oneOf"):
        inner += schema.get(keyword, [])
    inner += [schema[each] for each in ("items", "additionalProperties")
              if isinstance(schema.get(each), dict)]
    for each in inner:
        unknown |= unknown_keywords(each)
    return unknown
