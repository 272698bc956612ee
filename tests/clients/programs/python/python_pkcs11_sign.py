"""Signs a file with a key on a PKCS#11 token through python-pkcs11.

usage: python_pkcs11_sign.py MODULE TOKEN KEY rsa|pss|ecdsa|eddsa FILE SIGNATURE
"""

import hashlib
import sys

import pkcs11
from pkcs11.util.ec import encode_ecdsa_signature


def make(private_key, scheme, opened):
    if scheme == "rsa":
        pieces = iter(lambda: opened.read(65536), b"")
        return private_key.sign(pieces, mechanism=pkcs11.Mechanism.SHA256_RSA_PKCS)
    if scheme == "pss":
        return private_key.sign(
            opened.read(),
            mechanism=pkcs11.Mechanism.SHA256_RSA_PKCS_PSS,
            mechanism_param=(pkcs11.Mechanism.SHA256, pkcs11.MGF.SHA256, 32),
        )
    if scheme == "ecdsa":
        digest = hashlib.sha256(opened.read()).digest()
        return encode_ecdsa_signature(private_key.sign(digest, mechanism=pkcs11.Mechanism.ECDSA))
    return private_key.sign(opened.read(), mechanism=pkcs11.Mechanism.EDDSA)


def main(module, token, key, scheme, file, signature):
    with pkcs11.lib(module).get_token(token_label=token).open() as session:
        private_key = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=key)
        with open(file, "rb") as opened:
            made = make(private_key, scheme, opened)
    with open(signature, "wb") as opened:
        opened.write(made)


if __name__ == "__main__":
    if len(sys.argv) != 7:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except pkcs11.PKCS11Error as error:
        sys.exit(f"python_pkcs11_sign.py: {error!r}")
