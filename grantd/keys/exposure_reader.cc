#include "grantd/keys/exposure_reader.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string_view>

namespace grant {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLinesMax = 1000;

std::optional<PathPart> PartAt(const fs::path& path) {
  struct stat file {};
  if (stat(path.c_str(), &file) != 0) return std::nullopt;
  return PathPart{path.string(), file.st_uid, file.st_gid, file.st_mode & 07777,
                  S_ISDIR(file.st_mode)};
}

// Empty where the path, or a folder on the way, cannot be looked at.
PathChain ChainTo(const fs::path& path) {
  std::error_code error;
  const fs::path canonical = fs::canonical(path, error);
  if (error) return {};
  PathChain chain;
  fs::path upto;
  for (const fs::path& step : canonical) {
    upto /= step;
    auto part = PartAt(upto);
    if (!part) return {};
    chain.push_back(*std::move(part));
  }
  return chain;
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

// The first value of `key` in a file of lines "key: value" or "key = value"; nothing where there is
// none.
std::optional<std::string> ValueIn(const fs::path& file, std::string_view key, char separator) {
  std::ifstream in(file);
  std::string line;
  for (size_t i = 0; i < kLinesMax && std::getline(in, line); ++i) {
    const size_t at = line.find(separator);
    if (at == std::string::npos || Trimmed(std::string_view(line).substr(0, at)) != key) continue;
    return std::string(Trimmed(std::string_view(line).substr(at + 1)));
  }
  return std::nullopt;
}

std::string Variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets any
  return value == nullptr ? "" : value;
}

// Where SoftHSM finds its configuration.
std::string SoftHsmConf(const ExposureSources& sources) {
  if (!sources.softhsm_conf.empty()) return sources.softhsm_conf;
  if (std::string named = Variable("SOFTHSM2_CONF"); !named.empty()) return named;
  const std::string own = Variable("HOME") + "/.config/softhsm2/softhsm2.conf";
  std::error_code error;
  return fs::exists(own, error) ? own : "/etc/softhsm/softhsm2.conf";
}

std::vector<PathChain> TokenFiles(const TokenSettings& token, const ExposureSources& sources) {
  std::vector<PathChain> chains;
  if (fs::path(token.module).filename().string().find("softhsm") == std::string::npos) {
    return chains;
  }
  const std::string folder =
      ValueIn(SoftHsmConf(sources), "directories.tokendir", '=').value_or("");
  PathChain root = folder.empty() ? PathChain() : ChainTo(folder);
  if (root.empty()) return chains;
  chains.push_back(root);
  std::error_code error;
  fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, error);
  const fs::recursive_directory_iterator end;
  while (!error && at != end && chains.size() < kTokenFilesMax) {
    if (PathChain chain = ChainTo(at->path()); !chain.empty()) chains.push_back(std::move(chain));
    at.increment(error);
  }
  return chains;
}

// Whether what a registration says is the token's module. p11-kit looks for a name without a folder
// in a folder of its own.
bool IsSameModule(const std::string& registered, const std::string& module) {
  if (!fs::path(registered).is_absolute()) {
    return fs::path(registered).filename() == fs::path(module).filename();
  }
  std::error_code error;
  return registered == module || fs::equivalent(registered, module, error);
}

// Whether a registration is for no program that there is: its list of programs names none. Where it
// has no list, or one of those that it is not for, it is for some.
bool IsShut(const fs::path& registration, const std::vector<std::string>& program_folders) {
  constexpr const char* kBlanks = " \t,";
  const auto programs = ValueIn(registration, "enable-in", ':');
  if (!programs) return false;
  size_t end = 0;
  for (size_t start = programs->find_first_not_of(kBlanks); start != std::string::npos;
       start = programs->find_first_not_of(kBlanks, end)) {
    end = std::min(programs->find_first_of(kBlanks, start), programs->size());
    const std::string program = programs->substr(start, end - start);
    const auto is_there = [&](const std::string& folder) {
      std::error_code error;
      return fs::exists(fs::path(folder) / program, error);
    };
    if (std::any_of(program_folders.begin(), program_folders.end(), is_there)) return false;
  }
  return true;
}

std::vector<OtherModule> OtherModules(const std::string& module, const ExposureSources& sources) {
  std::vector<OtherModule> others;
  std::set<std::string> seen;
  for (const std::string& folder : sources.module_folders) {
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
      const fs::path& file = at->path();
      if (file.extension() != ".module" || !seen.insert(file.filename()).second) continue;
      const std::string registered = ValueIn(file, "module", ':').value_or("");
      if (registered.empty() || !IsSameModule(registered, module)) continue;
      if (IsShut(file, sources.program_folders)) continue;
      others.push_back({file.string(), registered});
    }
  }
  std::sort(others.begin(), others.end(), [](const OtherModule& a, const OtherModule& b) {
    return a.registration < b.registration;
  });
  return others;
}

}  // namespace

TokenExposure ReadExposure(const TokenSettings& token, const ExposureSources& sources) {
  return {TokenFiles(token, sources), ChainTo(token.pin_file), OtherModules(token.module, sources)};
}

}  // namespace grant
