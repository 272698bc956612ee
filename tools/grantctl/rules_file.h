// A rules file and the certificate files it names, as POST /v1/rules takes them.
#pragma once

#include <istream>
#include <map>
#include <string>

#include "tools/grantctl/failure.h"

namespace grant::ctl {

inline constexpr size_t kRulesFileBytesMax = size_t{512} * 1024;
inline constexpr size_t kCertificateFileBytesMax = size_t{64} * 1024;

struct RulesFile {
  std::string document;
  std::string source;  // names the document in grantd's errors
  std::map<std::string, std::string>
      files;  // certificate files by the name the document gives them
};

// Reads the file at `path`, or `in` where the path is "-". Certificate names are relative to the
// file's directory, or to the working directory for "-". Only grantd checks what the document says.
Outcome<RulesFile> LoadRulesFile(const std::string& path, std::istream& in);

// A certificate file, as grantd takes it.
Outcome<std::string> LoadCertificateFile(const std::string& path);

}  // namespace grant::ctl
