"""Prometheus's text format, version 0.0.4: what a page of metrics has to keep to."""

import math
import re

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:{(.*)})? (\S+)\Z")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|\Z)')
TYPES = {"counter", "gauge", "histogram"}
SERIES_MAX = 3000


def read_labels(text):
    labels, at = {}, 0
    while at < len(text):
        found = LABEL.match(text, at)
        if not found or found[1] in labels:
            raise ValueError(f"labels {text!r}")
        labels[found[1]] = found[2]
        at = found.end()
    return labels


class Page:
    def __init__(self, text):
        self.types = {}
        self.helped = set()
        self.samples = {}
        self.flaws = []
        if not text.endswith("\n"):
            self.flaws.append("the last line does not end")
        family = None
        for line in text.splitlines():
            try:
                family = self.take(line, family)
            except ValueError as error:
                self.flaws.append(f"{line!r}: {error}")
        if len(self.samples) > SERIES_MAX:
            self.flaws.append(f"{len(self.samples)} series")
        self.check_histograms()

    def take(self, line, family):
        if line.startswith("# HELP "):
            name, help_text = line[7:].split(" ", 1)
            if name in self.helped or not help_text or not NAME.match(name):
                raise ValueError("help")
            self.helped.add(name)
            return name
        if line.startswith("# TYPE "):
            name, kind = line[7:].split(" ")
            if name != family or name in self.types or kind not in TYPES:
                raise ValueError("type")
            if (kind == "counter") != name.endswith("_total"):
                raise ValueError("counters, and they alone, end with _total")
            self.types[name] = kind
            return name
        self.take_sample(line, family)
        return family

    def take_sample(self, line, family):
        found = SAMPLE.match(line)
        if not found:
            raise ValueError("no sample")
        name, labels = found[1], read_labels(found[2] or "")
        suffixes = ("_bucket", "_sum", "_count") if self.types.get(family) == "histogram" else ("",)
        if name not in [str(family) + suffix for suffix in suffixes]:
            raise ValueError(f"not of {family}")
        key = (name, tuple(sorted(labels.items())))
        if key in self.samples:
            raise ValueError("given twice")
        self.samples[key] = float(found[3])
        if self.types[family] != "gauge" and not self.samples[key] >= 0:
            raise ValueError("less than nothing")

    def check_histograms(self):
        series = {}
        for (name, labels), value in self.samples.items():
            if name.endswith("_bucket"):
                rest = tuple(each for each in labels if each[0] != "le")
                bound = float(dict(labels)["le"].replace("+Inf", "inf"))
                series.setdefault((name[:-7], rest), []).append((bound, value))
        for (name, rest), buckets in series.items():
            buckets.sort()
            values = [value for _, value in buckets]
            if values != sorted(values) or not math.isinf(buckets[-1][0]):
                self.flaws.append(f"buckets of {name} {rest}")
            if values[-1] != self.samples.get((name + "_count", rest)):
                self.flaws.append(f"count of {name} {rest}")


def flaws_of(text, documented):
    """`documented` is the text of docs/metrics.md: it has every metric, and no other."""
    page = Page(text)
    described = set(re.findall(r"^\| `(grantd_[a-z_]+)`", documented, re.MULTILINE))
    flaws = page.flaws
    # Without a channel of notifications there are none of its samples, but its family is there.
    flaws += [f"{name} is not in docs/metrics.md" for name in sorted(set(page.types) - described)]
    flaws += [f"{name} is not on the page" for name in sorted(described - set(page.types))]
    return flaws
