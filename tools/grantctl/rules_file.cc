#include "tools/grantctl/rules_file.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>

namespace grant::ctl {
namespace {

Outcome<std::string> ReadStream(std::istream& in, const std::string& name, size_t bytes_max) {
  std::string content(bytes_max + 1, '\0');
  in.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<size_t>(in.gcount()));
  if (in.bad()) return Failed(Exit::kFailed, fmt::format("cannot read {}", name));
  if (content.size() > bytes_max) {
    return Failed(Exit::kFailed, fmt::format("{} is larger than {} KiB", name, bytes_max / 1024));
  }
  return content;
}

Outcome<std::string> ReadFile(const std::filesystem::path& path, size_t bytes_max,
                              const std::string& hint) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::error_code directory_error;
  const bool is_directory = std::filesystem::is_directory(path, directory_error);
  if (!in || is_directory) {
    const int error = is_directory ? EISDIR : errno;
    return Failed(Exit::kFailed,
                  fmt::format("cannot read {}: {}", path.string(),
                              std::error_code(error, std::generic_category()).message()),
                  hint);
  }
  return ReadStream(in, path.string(), bytes_max);
}

Outcome<std::set<std::string>> CertificateNames(const std::string& document,
                                                const std::string& source) {
  try {
    const toml::table rules = toml::parse(document, source);
    std::set<std::string> names;
    const toml::array* signers = rules["signer"].as_array();
    if (signers == nullptr) return names;
    for (const toml::node& node : *signers) {
      const toml::table* signer = node.as_table();
      if (signer == nullptr) continue;
      const auto name = (*signer)["certificate"].value<std::string>();
      if (name && !name->empty()) names.insert(*name);
    }
    return names;
  } catch (const toml::parse_error& error) {
    return Failed(Exit::kFailed, fmt::format("{}:{}:{}: {}", source, error.source().begin.line,
                                             error.source().begin.column, error.description()));
  }
}

}  // namespace

Outcome<RulesFile> LoadRulesFile(const std::string& path, std::istream& in) {
  RulesFile rules;
  if (path == "-") {
    rules.source = "stdin";
    GRANT_TRY(rules.document, ReadStream(in, rules.source, kRulesFileBytesMax));
  } else {
    rules.source = path;
    GRANT_TRY(rules.document, ReadFile(path, kRulesFileBytesMax, "-f names the rules file"));
  }
  GRANT_TRY(const std::set<std::string> names, CertificateNames(rules.document, rules.source));
  const std::filesystem::path directory =
      path == "-" ? std::filesystem::path() : std::filesystem::path(path).parent_path();
  for (const std::string& name : names) {
    GRANT_TRY(rules.files[name],
              ReadFile(directory / name, kCertificateFileBytesMax,
                       fmt::format("certificate = \"{}\" in {} is relative to the rules file", name,
                                   rules.source)));
  }
  return rules;
}

Outcome<std::string> LoadCertificateFile(const std::string& path) {
  return ReadFile(path, kCertificateFileBytesMax, "--file names a file of certificates in PEM");
}

}  // namespace grant::ctl
