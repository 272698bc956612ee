// What is to be signed, reduced to digests: DigestInfo and raw digests in any form. The first bytes
// choose the mechanism and whether grantd hashes; the data come in two pieces.
#include <algorithm>

#include "grantd/gate/content.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using grant::Content;
  if (size < 4) return 0;
  const auto mechanisms = grant::cryptoki::SigningMechanisms();
  const auto& facts = mechanisms[data[0] % mechanisms.size()];
  grant::gate::SignMechanism mechanism{facts.type, {}};
  if (data[1] % 2 == 1) {
    mechanism.pss = grant::gate::PssParameters{CKM_SHA256, CKG_MGF1_SHA256, data[1]};
  }
  auto content = Content::Begin(mechanism, data[2] % 2 == 1);
  if (!content) return 0;
  const grant::ByteView rest(data + 4, size - 4);
  const size_t first = std::min<size_t>(data[3], rest.size());
  content->Add(rest.first(first));
  content->Add(rest.subspan(first));
  const auto reduced = content->Finish();
  if (!reduced) return 0;
  for (const grant::Digest& digest : reduced->digests) {
    grant::fuzz::Require(digest.hex.size() >= 40 && !digest.algorithm.empty());
  }
  return 0;
}
