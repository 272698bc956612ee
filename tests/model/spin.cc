#include "tests/model/spin.h"

#include <filesystem>
#include <stdexcept>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace grant::test {
namespace {

std::string RunIn(const TempDir& directory, const std::string& command) {
  const Outcome outcome = Run({"sh", "-c", "cd '" + directory.path() + "' && " + command});
  if (outcome.exit_code != 0) {
    throw std::runtime_error(command + " failed: " + outcome.output);
  }
  return outcome.output;
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string AssertionIn(const std::string& output) {
  static const std::string kBefore = "assertion violated ";
  const size_t start = output.find(kBefore);
  if (start == std::string::npos) return "";
  const size_t end = output.find(" (at depth", start);
  return output.substr(start + kBefore.size(), end - start - kBefore.size());
}

}  // namespace

bool HasSpin() {
  return Run({"sh", "-c", "command -v spin && command -v cc"}).exit_code == 0;
}

Verdict Search(const std::map<std::string, std::string>& definitions, const std::string& trace) {
  const TempDir directory;
  std::filesystem::copy_file(SIGNATURE_MODEL, directory / "signature.pml");
  std::string arguments;
  for (const auto& [name, value] : definitions) {
    arguments += " -D" + name + (value.empty() ? value : "=" + value);
  }
  if (!trace.empty()) {
    directory.Write("trace.pml", trace);
    arguments += " -DREPLAY";
  }
  RunIn(directory, "spin -a" + arguments + " signature.pml");
  RunIn(directory, "cc -O1 -w -DSAFETY -DCOLLAPSE -DVECTORSZ=32768 -o pan pan.c");
  Verdict verdict;
  // Where the trace and the search part ways, there is no next step: that is no error yet.
  verdict.output = RunIn(directory, trace.empty() ? "./pan -m1000000 -w22" : "./pan -E -m1000000");
  verdict.violated = Has(verdict.output, "errors: 1");
  verdict.assertion = AssertionIn(verdict.output);
  const bool exhaustive =
      Has(verdict.output, "errors: 0") && !Has(verdict.output, "max search depth too small");
  if (!verdict.violated && !exhaustive) {
    throw std::runtime_error("the search is not exhaustive: " + verdict.output);
  }
  return verdict;
}

}  // namespace grant::test
