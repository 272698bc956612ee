#include "tests/clients/recipe.h"

#include <glob.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "tests/support/child_process.h"

namespace grant::test {
namespace {

constexpr std::string_view kMarker = "<!-- test:";
constexpr std::string_view kMarkerEnd = "-->";
constexpr std::string_view kFence = "```";
constexpr std::string_view kLabelled = "```sh ";
constexpr const char* kNameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-";
constexpr int kUsesMax = 1000;

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream{std::string(text)};
  for (std::string part; std::getline(stream, part, separator);) {
    if (const std::string_view trimmed = Trimmed(part); !trimmed.empty())
      parts.emplace_back(trimmed);
  }
  return parts;
}

class Parser {
 public:
  std::vector<Recipe> Parse(std::string_view document) {
    std::istringstream stream{std::string(document)};
    for (std::string line; std::getline(stream, line);) {
      ++line_number_;
      if (in_fence_) {
        InFence(line);
      } else {
        OutsideFence(line);
      }
    }
    if (in_fence_) Fail("the code block is not closed");
    EndRecipe();
    return std::move(recipes_);
  }

 private:
  [[noreturn]] void Fail(const std::string& what) const {
    throw std::runtime_error("clients.md:" + std::to_string(line_number_) + ": " + what);
  }

  void OutsideFence(const std::string& line) {
    if (line.starts_with(kFence)) {
      in_fence_ = true;
      block_ = line.starts_with(kLabelled) ? &Block(line.substr(kLabelled.size())) : nullptr;
    } else if (line.starts_with(kMarker)) {
      EndRecipe();
      BeginRecipe(line);
    } else if (line.starts_with("#")) {
      EndRecipe();
    } else if (line.find(kMarker.substr(0, 4)) != std::string::npos) {
      Fail("a comment that begins no recipe; one begins with '<!-- test: NAME; ...'");
    }
  }

  void InFence(const std::string& line) {
    if (line == kFence) {
      in_fence_ = false;
    } else if (block_ != nullptr) {
      block_->append(line).append("\n");
    }
  }

  std::string& Block(std::string_view label) {
    if (!in_recipe_) Fail("a block '" + std::string(label) + "' that belongs to no recipe");
    Recipe& recipe = recipes_.back();
    const std::map<std::string_view, std::string*> blocks = {
        {"prepare", &recipe.prepare},
        {"sign", &recipe.sign},
        {"verify", &recipe.verify},
        {"check-refused", &recipe.check_refused}};
    const auto found = blocks.find(label);
    if (found == blocks.end()) {
      Fail("no block is called '" + std::string(label) + "'; there are prepare, sign, verify, " +
           "check-refused");
    }
    if (!found->second->empty()) Fail("a second block '" + std::string(label) + "'");
    return *found->second;
  }

  void BeginRecipe(std::string_view line) {
    if (!line.ends_with(kMarkerEnd)) Fail("the comment does not end on its line");
    line = line.substr(5, line.size() - 5 - kMarkerEnd.size());
    Recipe recipe;
    std::set<std::string> seen;
    for (const std::string& field : Split(line, ';')) {
      const size_t colon = field.find(':');
      if (colon == std::string::npos) Fail("'" + field + "' is not of the form 'key: value'");
      const std::string key = field.substr(0, colon);
      if (!seen.insert(key).second) Fail("a second '" + key + ":'");
      SetField(recipe, key, std::string(Trimmed(std::string_view(field).substr(colon + 1))));
    }
    if (recipe.uses.empty()) Fail("recipe '" + recipe.name + "' does not say 'uses:'");
    if (!names_.insert(recipe.name).second) Fail("a second recipe '" + recipe.name + "'");
    recipes_.push_back(std::move(recipe));
    in_recipe_ = true;
  }

  void SetField(Recipe& recipe, const std::string& key, const std::string& value) {
    if (value.empty()) Fail("'" + key + ":' has no value");
    if (key == "test") {
      if (value.find_first_not_of(kNameCharacters) != std::string::npos) {
        Fail("the name '" + value + "' has more than lower-case letters, digits and dashes");
      }
      recipe.name = value;
    } else if (key == "needs") {
      recipe.needs = Split(value, ' ');
    } else if (key == "uses") {
      for (const std::string& word : Split(value, ' ')) AddUses(recipe, word);
    } else {
      Fail("unknown '" + key + ":'; there are test, needs, uses");
    }
  }

  void AddUses(Recipe& recipe, const std::string& word) {
    const size_t equals = word.find('=');
    const std::string signer = equals == std::string::npos ? "release" : word.substr(0, equals);
    const std::string number = equals == std::string::npos ? word : word.substr(equals + 1);
    int count = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), count);
    if (error != std::errc() || end != number.data() + number.size() || count < 1 ||
        count > kUsesMax) {
      Fail("'" + word + "' is no number of uses from 1 to " + std::to_string(kUsesMax));
    }
    if (!recipe.uses.emplace(signer, count).second) Fail("uses of '" + signer + "' given twice");
  }

  void EndRecipe() {
    if (!std::exchange(in_recipe_, false)) return;
    const Recipe& recipe = recipes_.back();
    if (recipe.sign.empty()) Fail("recipe '" + recipe.name + "' ends without a block 'sign'");
    if (recipe.verify.empty()) Fail("recipe '" + recipe.name + "' ends without a block 'verify'");
  }

  std::vector<Recipe> recipes_;
  std::set<std::string> names_;
  std::string* block_ = nullptr;
  bool in_recipe_ = false;
  bool in_fence_ = false;
  int line_number_ = 0;
};

bool Matches(const std::string& pattern) {
  glob_t found{};
  const bool matches = glob(pattern.c_str(), 0, nullptr, &found) == 0;
  globfree(&found);
  return matches;
}

bool OnPath(const std::string& program, const std::string& path) {
  return std::ranges::any_of(Split(path, ':'), [&](const std::string& folder) {
    return access((folder + "/" + program).c_str(), X_OK) == 0;
  });
}

}  // namespace

std::vector<Recipe> ParseRecipes(std::string_view document) {
  return Parser().Parse(document);
}

std::string MissingNeed(const Recipe& recipe, const std::string& path, const std::string& clients) {
  for (const std::string& word : recipe.needs) {
    if (word == kOrdinaryUser) continue;
    if (word == kUserNamespaces) {
      if (Run({"unshare", "--user", "true"}).exit_code != 0)
        return "user namespaces are forbidden here";
    } else if (word.find('/') != std::string::npos) {
      const std::string pattern = word.starts_with('/') ? word : clients + "/" + word;
      if (!Matches(pattern)) return pattern + " is not on this machine";
    } else if (!OnPath(word, path)) {
      return "the program " + word + " is not on this machine";
    }
  }
  return {};
}

}  // namespace grant::test
