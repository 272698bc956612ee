// Objects: made, found, read, changed, copied, destroyed.
#include "tests/conformance/report.h"

namespace grant::conformance {
namespace {

Template DataObject(const char* label, bool on_token, bool is_private) {
  Template made;
  made.Number(CKA_CLASS, CKO_DATA)
      .Truth(CKA_TOKEN, on_token)
      .Truth(CKA_PRIVATE, is_private)
      .Text(CKA_LABEL, label)
      .Text(CKA_VALUE, "value");
  return made;
}

void Creating(const Host& host, CK_SESSION_HANDLE session) {
  CK_FUNCTION_LIST* const p11 = host.p11;
  CK_OBJECT_HANDLE object = 0;
  const auto create = [&](const char* what, CK_SESSION_HANDLE in, Template made) {
    host.report("C_CreateObject", what, p11->C_CreateObject(in, made.data(), made.size(), &object));
  };
  create("data in the session", session, DataObject("session-data", false, false));
  create("data on the token", session, DataObject("token-data", true, false));
  create("private data on the token", session, DataObject("private-data", true, true));
  const CK_SESSION_HANDLE reader = host.OpenSession(0);
  create("data in a read-only session", reader, DataObject("session-data", false, false));
  create("data on the token, read-only session", reader, DataObject("token-data", true, false));
  Template no_class;
  create("without a class", session, no_class.Text(CKA_LABEL, "x"));
  Template bad_class;
  create("of a class of nobody", session, bad_class.Number(CKA_CLASS, 0x7777));
  Template contradictory = DataObject("x", false, false);
  create("data with a modulus", session, contradictory.Text(CKA_MODULUS, "x"));
  Template secret;
  secret.Number(CKA_CLASS, CKO_SECRET_KEY)
      .Number(CKA_KEY_TYPE, CKK_AES)
      .Truth(CKA_SENSITIVE, false)
      .Truth(CKA_EXTRACTABLE, true)
      .Text(CKA_LABEL, "given-aes")
      .Text(CKA_VALUE, "0123456789abcdef");
  create("an AES key", session, secret);
  Template key;
  key.Number(CKA_CLASS, CKO_PUBLIC_KEY)
      .Number(CKA_KEY_TYPE, CKK_RSA)
      .Text(CKA_LABEL, "given-rsa")
      .Text(CKA_MODULUS, std::string(128, '\xc1'))
      .Text(CKA_PUBLIC_EXPONENT, std::string("\x01\x00\x01", 3));
  create("a public RSA key", session, key);
  host.report("C_CreateObject", "no place for the handle",
              p11->C_CreateObject(session, key.data(), key.size(), nullptr));
  p11->C_CloseSession(reader);
}

void Finding(const Host& host, CK_SESSION_HANDLE session) {
  CK_FUNCTION_LIST* const p11 = host.p11;
  CK_OBJECT_HANDLE found[64];
  CK_ULONG count = 0;
  host.report("C_FindObjects", "before its Init", p11->C_FindObjects(session, found, 64, &count));
  host.report("C_FindObjectsFinal", "before its Init", p11->C_FindObjectsFinal(session));
  Template data;
  data.Number(CKA_CLASS, CKO_DATA);
  host.report("C_FindObjectsInit", "data",
              p11->C_FindObjectsInit(session, data.data(), data.size()));
  host.report("C_FindObjectsInit", "data, twice",
              p11->C_FindObjectsInit(session, data.data(), data.size()));
  CK_RV rv = p11->C_FindObjects(session, found, 1, &count);
  host.report("C_FindObjects", "room for one", rv, std::to_string(count));
  rv = p11->C_FindObjects(session, found, 64, &count);
  host.report("C_FindObjects", "room for the rest", rv, std::to_string(count));
  rv = p11->C_FindObjects(session, found, 64, &count);
  host.report("C_FindObjects", "after the last", rv, std::to_string(count));
  host.report("C_FindObjectsFinal", "", p11->C_FindObjectsFinal(session));
  Template nothing;
  nothing.Text(CKA_LABEL, "nothing has this label");
  host.report("C_FindObjectsInit", "what is not there",
              p11->C_FindObjectsInit(session, nothing.data(), nothing.size()));
  rv = p11->C_FindObjects(session, found, 64, &count);
  host.report("C_FindObjects", "what is not there", rv, std::to_string(count));
  host.report("C_FindObjectsFinal", "", p11->C_FindObjectsFinal(session));
  Template odd;
  odd.Text(CKA_VENDOR_DEFINED | 0x55, "x");
  host.report("C_FindObjectsInit", "by an attribute of nobody",
              p11->C_FindObjectsInit(session, odd.data(), odd.size()));
  rv = p11->C_FindObjects(session, found, 64, &count);
  host.report("C_FindObjects", "by an attribute of nobody", rv, std::to_string(count));
  p11->C_FindObjectsFinal(session);
  host.report("C_FindObjectsInit", "no template", p11->C_FindObjectsInit(session, nullptr, 0));
  rv = p11->C_FindObjects(session, found, 64, &count);
  host.report("C_FindObjects", "no template", rv, std::to_string(count));
  p11->C_FindObjectsFinal(session);
}

// One C_GetAttributeValue of up to three attributes, with these rooms.
void Read(const Host& host, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
          const std::string& what,
          std::initializer_list<std::pair<CK_ATTRIBUTE_TYPE, long>> wanted) {
  char values[4][1024];
  CK_ATTRIBUTE attributes[4];
  CK_ULONG count = 0;
  for (const auto& [type, room] : wanted) {
    attributes[count] = {type, room < 0 ? nullptr : values[count],
                         static_cast<CK_ULONG>(room < 0 ? 0 : room)};
    ++count;
  }
  const CK_RV rv = host.p11->C_GetAttributeValue(session, object, attributes, count);
  std::string lengths = "lengths";
  for (CK_ULONG i = 0; i < count; ++i) {
    lengths += " " + std::to_string(static_cast<long>(attributes[i].ulValueLen));
  }
  host.report("C_GetAttributeValue", what, rv, lengths);
}

void Reading(const Host& host, CK_SESSION_HANDLE session) {
  const CK_OBJECT_HANDLE data = host.Find(session, CKO_DATA, "session-data");
  Read(host, session, data, "for the sizes", {{CKA_LABEL, -1}, {CKA_VALUE, -1}});
  Read(host, session, data, "room enough", {{CKA_LABEL, 100}, {CKA_VALUE, 100}});
  Read(host, session, data, "room too small for the first", {{CKA_LABEL, 1}, {CKA_VALUE, 100}});
  Read(host, session, data, "a type that it has not", {{CKA_MODULUS, 100}, {CKA_VALUE, 100}});
  Read(host, session, data, "a type of nobody", {{CKA_VENDOR_DEFINED | 0x55, 100}});
  Read(host, session, data, "everything wrong",
       {{CKA_MODULUS, 100}, {CKA_LABEL, 1}, {CKA_VALUE, 100}});
  Read(host, session, data, "none", {});
  Read(host, session, 0x7fffffff, "no such object", {{CKA_LABEL, 100}});
  for (const char* const label : kSigningKeys) {
    const CK_OBJECT_HANDLE key = host.Find(session, CKO_PRIVATE_KEY, label);
    const std::string of = std::string("of ") + label + ", ";
    Read(host, session, key, of + "what it is",
         {{CKA_CLASS, 100}, {CKA_KEY_TYPE, 100}, {CKA_ID, 100}, {CKA_LABEL, 100}});
    Read(host, session, key, of + "its secrets", {{CKA_PRIVATE_EXPONENT, 1000}, {CKA_VALUE, 1000}});
    Read(host, session, key, of + "its public value",
         {{CKA_MODULUS, 1000}, {CKA_EC_PARAMS, 100}, {CKA_EC_POINT, 100}});
    Read(host, session, key, of + "its rights",
         {{CKA_SIGN, 1}, {CKA_DECRYPT, 1}, {CKA_SENSITIVE, 1}, {CKA_ALWAYS_AUTHENTICATE, 1}});
    CK_ULONG size = 0;
    host.report("C_GetObjectSize", of + "a private key",
                host.p11->C_GetObjectSize(session, key, &size));
  }
}

void Changing(const Host& host, CK_SESSION_HANDLE session) {
  CK_FUNCTION_LIST* const p11 = host.p11;
  CK_OBJECT_HANDLE data = host.Find(session, CKO_DATA, "session-data");
  Template label;
  label.Text(CKA_LABEL, "renamed-data");
  host.report("C_SetAttributeValue", "label of data",
              p11->C_SetAttributeValue(session, data, label.data(), label.size()));
  Template object_class;
  object_class.Number(CKA_CLASS, CKO_CERTIFICATE);
  host.report("C_SetAttributeValue", "class of data",
              p11->C_SetAttributeValue(session, data, object_class.data(), object_class.size()));
  host.report("C_SetAttributeValue", "no such object",
              p11->C_SetAttributeValue(session, 0x7fffffff, label.data(), label.size()));
  CK_OBJECT_HANDLE copy = 0;
  host.report("C_CopyObject", "data with a new label",
              p11->C_CopyObject(session, data, label.data(), label.size(), &copy));
  host.report("C_CopyObject", "no such object",
              p11->C_CopyObject(session, 0x7fffffff, nullptr, 0, &copy));
  CK_ULONG size = 0;
  host.report("C_GetObjectSize", "data", p11->C_GetObjectSize(session, data, &size));
  host.report("C_GetObjectSize", "no such object",
              p11->C_GetObjectSize(session, 0x7fffffff, &size));
  host.report("C_DestroyObject", "the copy", p11->C_DestroyObject(session, copy));
  host.report("C_DestroyObject", "the copy, twice", p11->C_DestroyObject(session, copy));
  const CK_SESSION_HANDLE reader = host.OpenSession(0);
  data = host.Find(reader, CKO_DATA, "token-data");
  host.report("C_DestroyObject", "on the token, read-only session",
              p11->C_DestroyObject(reader, data));
  host.report("C_SetAttributeValue", "on the token, read-only session",
              p11->C_SetAttributeValue(reader, data, label.data(), label.size()));
  host.report("C_DestroyObject", "on the token", p11->C_DestroyObject(session, data));
  host.report("C_Logout", "", p11->C_Logout(session));
  host.report("C_FindObjects", "private data, logged out", CKR_OK,
              host.Find(session, CKO_DATA, "private-data") == 0 ? "hidden" : "shown");
  Template secret = DataObject("x", true, true);
  host.report("C_CreateObject", "private data, logged out",
              p11->C_CreateObject(session, secret.data(), secret.size(), &copy));
}

}  // namespace

void Objects(const Host& host) {
  const CK_SESSION_HANDLE session = host.OpenSession();
  host.report("C_Login", "user", host.LogIn(session, CKU_USER, host.pin));
  Creating(host, session);
  Finding(host, session);
  Reading(host, session);
  Changing(host, session);
}

}  // namespace grant::conformance
