// The certificate files that rules name.
#pragma once

#include <string>

#include "grant/error.h"

namespace grant {

inline constexpr size_t kCertificatesMax = 32;  // of one file

// The certificates of a PEM file, in PEM and in their order, without anything else that the file
// may hold. Fails where there is none, where there are more than kCertificatesMax, where one is
// damaged, and where there is a private key among them: such a file was meant for other eyes.
Result<std::string> ReadCertificates(const std::string& pem);

}  // namespace grant
