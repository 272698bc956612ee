"""The manual pages are well-formed, and tell every option, command and key there is.

usage: manual_test.py BUILD_DIRECTORY SOURCE_DIRECTORY
"""

import gzip
import pathlib
import re
import subprocess
import sys
import unittest

BUILD, SOURCE = (pathlib.Path(path) for path in sys.argv[1:3])
PAGES = ("grantctl.1", "grantd.8", "grantd.toml.5", "grantd-rules.5", "grant-pkcs11.7")
# A key is the first text that a reader's function is given: table.Count("workers", 1, ...).
KEY = re.compile(r'\w+\((?:\w+, )?"([a-z_]+)"[,)]')


def page_path(page):
    return BUILD / "packaging/man" / f"{page}.gz"


def source_of(page):
    return gzip.decompress(page_path(page).read_bytes()).decode()


def text_of(page):
    shown = subprocess.run(["mandoc", "-T", "utf8", "-O", "width=1000"], input=source_of(page), text=True,
                           stdout=subprocess.PIPE, check=True).stdout
    return re.sub(".\b", "", shown)


def help_of(*words):
    return subprocess.run([BUILD / "bin" / words[0], *words[1:], "--help"], text=True, check=True,
                          stdout=subprocess.PIPE).stdout


def options_in(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))


def commands_in(text):
    listed = text.partition("Subcommands:\n")[2].partition("\n\n")[0]
    return re.findall(r"^  (\S+)", listed, re.MULTILINE)


def keys_in(*files):
    return {key for file in files for key in KEY.findall((SOURCE / file).read_text())}


class Manual(unittest.TestCase):
    def test_pages_are_well_formed(self):
        for page in PAGES:
            checked = subprocess.run(["mandoc", "-T", "lint", "-W", "warning"], input=source_of(page), text=True,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self.assertEqual(checked.stdout, "", page)
            checked = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", str(page_path(page))], text=True,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={"MANWIDTH": "80", "MANROFFOPT": "-Wbreak"})
            self.assertEqual((checked.returncode, checked.stderr), (0, ""), page)
            name = page.rpartition(".")[0]
            self.assertRegex(text_of(page), rf"(?m)^NAME\n +{re.escape(name)} [-–] \S")

    def test_every_command_and_option_of_grantctl_is_told(self):
        text = text_of("grantctl.1")
        told = options_in(text)
        leaves = 0
        waiting = [["grantctl"]]
        while waiting:
            words = waiting.pop()
            shown = help_of(*words)
            below = commands_in(shown)
            waiting += [[*words, command] for command in below]
            self.assertLessEqual(options_in(shown) - {"--help"}, told, words)
            if not below:
                leaves += 1
                self.assertRegex(text, rf"(?m)^ +{' '.join(words[1:])}( |$)")
        self.assertGreater(leaves, 20)

    def test_every_command_and_option_of_grantd_is_told(self):
        text = text_of("grantd.8")
        self.assertIn("--config", options_in(help_of("grantd")))
        self.assertIn("restore", commands_in(help_of("grantd")))
        waiting = [["grantd"]]
        while waiting:
            words = waiting.pop()
            shown = help_of(*words)
            waiting += [[*words, command] for command in commands_in(shown)]
            self.assertLessEqual(options_in(shown), options_in(text), words)
            self.assertRegex(text, rf"(?m)^ +{' '.join(words)}( |$)")

    def check_keys(self, page, some_key, *files):
        keys = keys_in(*files)
        self.assertIn(some_key, keys)
        text = text_of(page)
        self.assertEqual({key for key in keys if not re.search(rf"\b{key}\b", text)}, set())

    def test_every_key_of_grantd_toml_is_told(self):
        self.check_keys("grantd.toml.5", "call_timeout", "grantd/config/config.cc", "grantd/config/notify_toml.cc")

    def test_every_key_of_the_rules_is_told(self):
        self.check_keys("grantd-rules.5", "max_signings", "grantd/config/rules_toml.cc")

    def test_every_key_and_variable_of_the_module_is_told(self):
        source = (SOURCE / "pkcs11/config.cc").read_text() + (SOURCE / "pkcs11/log.cc").read_text()
        keys = set(re.findall(r'\{"(\w+)", Set', source))
        variables = set(re.findall(r'"(GRANT[A-Z0-9_]+)"', source))
        self.assertIn("timeout_ms", keys)
        self.assertIn("GRANT_PKCS11_LOG", variables)
        text = text_of("grant-pkcs11.7")
        self.assertEqual({name for name in keys | variables if name not in text}, set())


unittest.main(argv=sys.argv[:1])
