// One filled-in message of every type.
#pragma once

#include "grant/gate/protocol.h"

namespace grant::gate {

inline SignTarget SampleTarget() {
  return {"prod", 7, {0x40, PssParameters{0x250, 2, 32}}, "secret", "grt_01H", true};
}

inline TokenRecord SampleToken() {
  TokenRecord token;
  token.name = "prod";
  token.present = true;
  token.slot_id = 0x1122334455667788;
  token.slot_description = "SoftHSM slot";
  token.label = "prod";
  token.serial = "0123456789abcdef";
  token.token_flags = 0x40d;
  token.token_hardware = 0x0206;
  token.mechanisms = {{1, 512, 16384, 0x800}, {0x1041, 256, 521, 0x800}};
  return token;
}

inline ObjectRecord SampleObject() {
  return {5,
          {{0, false, {3, 0, 0, 0, 0, 0, 0, 0}}, {3, false, {'k'}}, {0x123, true, {}}},
          SignerRecord{"release", {0x40, 1}}};
}

// Calls `visit` with each of them.
template <typename Visit>
void ForEachMessage(Visit visit) {
  visit(Hello{});
  visit(Welcome{1, "grantd 0.1.0", 99});
  visit(GetTokens{});
  visit(Tokens{{SampleToken(), SampleToken()}});
  visit(GetObjects{"prod", 3});
  visit(Objects{4, true, {SampleObject(), {6, {}, {}}}});
  visit(Login{"prod", "pin"});
  visit(LoginAccepted{});
  visit(Sign{SampleTarget(), {1, 2, 3}});
  visit(SignBegin{SampleTarget()});
  visit(Begun{});
  visit(Data{{4, 5}});
  visit(SignEnd{});
  visit(Signature{{6, 7, 8}});
  visit(Spent{});
  visit(IdentifyKey{"prod", "0123", "SoftHSM project", "SoftHSM v2", SampleObject().attributes});
  visit(KeyIdentified{SignerRecord{"release", {0x40, 1}}, "prod", 5});
  visit(Verify{{"prod", 7, {1, {}}}, {1, 2}, {3, 4}});
  visit(VerifyBegin{{"prod", 7, {0x40, PssParameters{0x250, 2, 32}}}});
  visit(VerifyEnd{{5, 6}});
  visit(Verified{});
  visit(Digest{0x250, {1, 2, 3}});
  visit(DigestBegin{0x250});
  visit(DigestEnd{});
  visit(DigestValue{{9, 9}});
  visit(Encrypt{"prod", 7, {9, OaepParameters{0x250, 2, {'l'}}}, {1}});
  visit(Ciphertext{{1, 2}});
  visit(GetRandom{"prod", 32});
  visit(Random{{3, 4}});
  visit(Refused{Cause::kUsedUp, 0x30, "grant is used up", "ask for another"});
}

}  // namespace grant::gate
