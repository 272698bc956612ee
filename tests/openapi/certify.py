"""A certificate authority for one certificate."""

import pathlib
import subprocess
import tempfile


def certify(csr):
    """The chain, in PEM, of a certificate for the request, by an authority made for it."""
    with tempfile.TemporaryDirectory() as folder:
        directory = pathlib.Path(folder)
        (directory / "csr.pem").write_text(csr)
        for command in (
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=Authority "
                "-keyout ca.key -out ca.pem -days 2",
                "x509 -req -in csr.pem -CA ca.pem -CAkey ca.key -days 1 -out leaf.pem"):
            subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)
        return (directory / "leaf.pem").read_text() + (directory / "ca.pem").read_text()
