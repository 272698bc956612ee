"""Signs a file with a key on a PKCS#11 token through PyKCS11.

usage: pykcs11_sign.py MODULE TOKEN KEY rsa|pss|ecdsa FILE SIGNATURE
"""

import hashlib
import sys

import PyKCS11

SCHEMES = {
    "rsa": PyKCS11.Mechanism(PyKCS11.CKM_SHA256_RSA_PKCS),
    "pss": PyKCS11.RSA_PSS_Mechanism(
        PyKCS11.CKM_SHA256_RSA_PKCS_PSS, PyKCS11.CKM_SHA256, PyKCS11.CKG_MGF1_SHA256, 32
    ),
    "ecdsa": PyKCS11.Mechanism(PyKCS11.CKM_ECDSA),
}


def der(raw):
    """The DER form of an ECDSA signature, which the token gives as r and s side by side."""

    def integer(part):
        number = int.from_bytes(part, "big")
        body = number.to_bytes(number.bit_length() // 8 + 1, "big")
        return bytes([0x02, len(body)]) + body

    half = len(raw) // 2
    body = integer(raw[:half]) + integer(raw[half:])
    return bytes([0x30, len(body)]) + body


def make(session, private_key, scheme, data):
    if scheme == "ecdsa":
        digest = hashlib.sha256(data).digest()
        return der(bytes(session.sign(private_key, digest, SCHEMES[scheme])))
    return bytes(session.sign(private_key, data, SCHEMES[scheme]))


def main(module, token, key, scheme, file, signature):
    library = PyKCS11.PyKCS11Lib()
    library.load(module)
    slots = library.getSlotList(tokenPresent=True)
    slot = next(s for s in slots if library.getTokenInfo(s).label.strip() == token)
    session = library.openSession(slot)
    session.login("")
    [private_key] = session.findObjects(
        [(PyKCS11.CKA_CLASS, PyKCS11.CKO_PRIVATE_KEY), (PyKCS11.CKA_LABEL, key)]
    )
    with open(file, "rb") as opened:
        data = opened.read()
    made = make(session, private_key, scheme, data)
    with open(signature, "wb") as opened:
        opened.write(made)
    session.logout()
    session.closeSession()


if __name__ == "__main__":
    if len(sys.argv) != 7:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except PyKCS11.PyKCS11Error as error:
        sys.exit(f"pykcs11_sign.py: {error}")
