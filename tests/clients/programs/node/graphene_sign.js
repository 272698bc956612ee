// Signs a file with a key on a PKCS#11 token through graphene-pk11.
//
// usage: node graphene_sign.js MODULE TOKEN KEY rsa|pss|ecdsa FILE SIGNATURE
"use strict";

const fs = require("fs");
const crypto = require("crypto");
const graphene = require("graphene-pk11");

const algorithms = {
  rsa: "SHA256_RSA_PKCS",
  pss: {
    name: "SHA256_RSA_PKCS_PSS",
    params: new graphene.RsaPssParams(
      graphene.MechanismEnum.SHA256,
      graphene.RsaMgf.MGF1_SHA256,
      32,
    ),
  },
  ecdsa: "ECDSA",
};

// The DER form of an ECDSA signature, which the token gives as r and s side by side.
function der(raw) {
  const integer = (part) => {
    let at = 0;
    while (at < part.length - 1 && part[at] === 0) at += 1;
    const body = part[at] & 0x80 ? [0, ...part.subarray(at)] : [...part.subarray(at)];
    return [0x02, body.length, ...body];
  };
  const half = raw.length / 2;
  const body = [...integer(raw.subarray(0, half)), ...integer(raw.subarray(half))];
  return Buffer.from([0x30, body.length, ...body]);
}

function slotOf(library, token) {
  const slots = library.getSlots(true);
  for (let i = 0; i < slots.length; i += 1) {
    if (slots.items(i).getToken().label === token) return slots.items(i);
  }
  throw new Error(`no token ${token}`);
}

function findKey(session, label) {
  const found = session.find({ class: graphene.ObjectClass.PRIVATE_KEY, label });
  if (found.length !== 1) throw new Error(`no key ${label}`);
  return found.items(0).toType();
}

function sign(modulePath, token, label, scheme, file) {
  const library = graphene.Module.load(modulePath);
  library.initialize();
  try {
    const session = slotOf(library, token).open();
    session.login("");
    const key = findKey(session, label);
    const data = fs.readFileSync(file);
    if (scheme === "ecdsa") {
      const digest = crypto.createHash("sha256").update(data).digest();
      return der(session.createSign(algorithms.ecdsa, key).once(digest));
    }
    return session.createSign(algorithms[scheme], key).once(data);
  } finally {
    library.finalize();
  }
}

if (process.argv.length !== 8) {
  console.error("usage: node graphene_sign.js MODULE TOKEN KEY rsa|pss|ecdsa FILE SIGNATURE");
  process.exit(2);
}
const [modulePath, token, key, scheme, file, signature] = process.argv.slice(2);
try {
  fs.writeFileSync(signature, sign(modulePath, token, key, scheme, file));
} catch (error) {
  console.error(`graphene_sign.js: ${error.message}`);
  process.exit(1);
}
