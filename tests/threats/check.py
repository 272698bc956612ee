"""Fails where docs/threats.md names a test that ctest does not know, or a row names none.

usage: check.py THREATS BUILD_DIRECTORY
"""
import re
import subprocess
import sys

ROWS_MIN = 30


def main(threats, build):
    listing = subprocess.run(["ctest", "--test-dir", build, "-N"], check=True, capture_output=True, text=True).stdout
    # Instance/Suite.Test/parameter, of which a row names Suite.Test.
    known = {
        match.group(1)
        for match in re.finditer(r"Test +#\d+: (?:\w+/)?(\w+\.\w+)(?:/\S+)?(?! \(Disabled\))$", listing, re.M)
    }
    rows, faults = 0, []
    for number, line in enumerate(open(threats, encoding="utf-8"), 1):
        if not re.match(r"\| *\d+ \|", line):
            continue
        rows += 1
        named = re.findall(r"`([^`]+)`", line.rstrip().rstrip("|").rsplit("|", 1)[1])
        if not named:
            faults.append(f"{threats}:{number}: names no test")
        faults += [f"{threats}:{number}: there is no test {name}" for name in named if name not in known]
    if rows < ROWS_MIN:
        faults.append(f"{threats}: has {rows} rows only")
    print("\n".join(faults) or f"{rows} rows, each with tests that exist")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
