// Signs a file with a key on a PKCS#11 token through pkcs11js, in pieces (C_SignUpdate).
//
// usage: node pkcs11js_sign.js MODULE TOKEN KEY rsa|pss FILE SIGNATURE
"use strict";

const fs = require("fs");
const pkcs11js = require("pkcs11js");

const mechanisms = {
  rsa: { mechanism: pkcs11js.CKM_SHA256_RSA_PKCS },
  pss: {
    mechanism: pkcs11js.CKM_SHA256_RSA_PKCS_PSS,
    parameter: {
      type: pkcs11js.CK_PARAMS_RSA_PSS,
      hashAlg: pkcs11js.CKM_SHA256,
      mgf: pkcs11js.CKG_MGF1_SHA256,
      saltLen: 32,
    },
  },
};

function slotOf(library, token) {
  const slot = library
    .C_GetSlotList(true)
    .find((each) => library.C_GetTokenInfo(each).label.trim() === token);
  if (!slot) throw new Error(`no token ${token}`);
  return slot;
}

function findKey(library, session, label) {
  library.C_FindObjectsInit(session, [
    { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_PRIVATE_KEY },
    { type: pkcs11js.CKA_LABEL, value: label },
  ]);
  const key = library.C_FindObjects(session);
  library.C_FindObjectsFinal(session);
  if (!key) throw new Error(`no key ${label}`);
  return key;
}

function sign(modulePath, token, label, scheme, file) {
  const library = new pkcs11js.PKCS11();
  library.load(modulePath);
  library.C_Initialize();
  try {
    const session = library.C_OpenSession(slotOf(library, token), pkcs11js.CKF_SERIAL_SESSION);
    library.C_Login(session, pkcs11js.CKU_USER, "");
    library.C_SignInit(session, mechanisms[scheme], findKey(library, session, label));
    const data = fs.readFileSync(file);
    for (let at = 0; at < data.length; at += 65536) {
      library.C_SignUpdate(session, data.subarray(at, at + 65536));
    }
    return library.C_SignFinal(session, Buffer.alloc(1024));
  } finally {
    library.C_Finalize();
  }
}

if (process.argv.length !== 8) {
  console.error("usage: node pkcs11js_sign.js MODULE TOKEN KEY rsa|pss FILE SIGNATURE");
  process.exit(2);
}
const [modulePath, token, key, scheme, file, signature] = process.argv.slice(2);
try {
  fs.writeFileSync(signature, sign(modulePath, token, key, scheme, file));
} catch (error) {
  console.error(`pkcs11js_sign.js: ${error.message}`);
  process.exit(1);
}
