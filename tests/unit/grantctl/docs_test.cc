// docs/cli.md against the commands and options that there are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "tests/unit/grantctl/harness.h"

namespace grant::ctl {
namespace {

using Names = std::set<std::string>;

std::string ReadDocument() {
  std::ifstream file(CLI_DOCUMENT);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty()) << CLI_DOCUMENT;
  return text.str();
}

std::vector<std::string> Split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, at);) parts.push_back(part);
  return parts;
}

// What grantctl itself says may follow these words.
std::vector<std::string> Following(const FakeGrantd& grantd, std::vector<std::string> words,
                                   const std::string& begun) {
  words.insert(words.begin(), {"__complete", "--"});
  words.push_back(begun);
  return Split(RunAt(grantd, words).out, '\n');
}

class CliDocument : public testing::Test {
 protected:
  CliDocument() {
    for (const std::string& option : Following(grantd_, {}, "--")) global_.insert(option);
    Collect({});
    std::string section;
    for (const std::string& line : Split(document_, '\n')) {
      if (line.starts_with("## ")) sections_.push_back(std::exchange(section, {}));
      section += line + "\n";
    }
    sections_.push_back(section);
  }

  // Every command with the options that it has beside the global ones.
  void Collect(const std::vector<std::string>& words) {
    const auto more = Following(grantd_, words, "");
    if (more.empty() || words == std::vector<std::string>{"completion"}) {
      const std::string name = Joined(words);
      for (const std::string& option : Following(grantd_, words, "--")) {
        if (!global_.contains(option)) commands_[name].insert(option);
      }
      commands_[name];
      return;
    }
    for (const std::string& word : more) {
      std::vector<std::string> longer = words;
      longer.push_back(word);
      Collect(longer);
    }
  }

  static std::string Joined(const std::vector<std::string>& words) { return Join(words, " "); }

  // Whether a text has the word, as a whole.
  static bool Has(const std::string& text, const std::string& word) {
    for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
      const char after = at + word.size() < text.size() ? text[at + word.size()] : ' ';
      if (std::isalnum(static_cast<unsigned char>(after)) == 0 && after != '-') return true;
    }
    return false;
  }

  // Whether a text is about the command: as code, or as a line of a console. `a`, `b` and the like
  // after a subject name its commands too.
  static bool IsAbout(const std::string& text, const std::string& command) {
    return Has(text, "`" + command) || Has(text, "grantctl " + command);
  }

  FakeGrantd grantd_{Items(Json::array())};
  const std::string document_ = ReadDocument();
  Names global_;
  std::map<std::string, Names> commands_;
  std::vector<std::string> sections_;
};

TEST_F(CliDocument, NamesEveryCommandAndEveryOptionOfIt) {
  ASSERT_TRUE(commands_.contains("request create")) << "the commands were not found";
  const std::string& everywhere = sections_.at(2);
  ASSERT_TRUE(everywhere.starts_with("## Options of every command"));
  for (const std::string& option : global_) EXPECT_TRUE(Has(document_, option)) << option;
  for (const auto& [command, options] : commands_) {
    std::string about;
    for (const std::string& section : sections_) {
      if (IsAbout(section, command)) about += section;
    }
    EXPECT_FALSE(about.empty()) << command << " is not documented";
    for (const std::string& option : options) {
      EXPECT_TRUE(Has(about, option) || Has(everywhere, option))
          << command << " " << option << " is not documented";
    }
  }
}

TEST_F(CliDocument, ShowsNoOptionThatIsNotThere) {
  std::string joined = std::regex_replace(document_, std::regex(R"(\\\n\s*)"), " ");
  const std::regex line(R"((?:grantctl |`)([a-z][a-z ]*[a-z])\b([^`\n]*))");
  const std::regex option(R"((?:^|[\s(])(--[a-z][a-z-]*))");
  size_t looked_at = 0;
  for (std::sregex_iterator at(joined.begin(), joined.end(), line), end; at != end; ++at) {
    std::string command = (*at)[1];
    while (!command.empty() && !commands_.contains(command)) {
      command.resize(command.find_last_of(' ') == std::string::npos ? 0
                                                                    : command.find_last_of(' '));
    }
    if (command.empty()) continue;
    std::string rest = (*at)[2];
    rest.resize(std::min(rest.find(" -- "), rest.size()));
    for (std::sregex_iterator given(rest.begin(), rest.end(), option); given != end; ++given) {
      const std::string name = (*given)[1];
      EXPECT_TRUE(commands_[command].contains(name) || global_.contains(name))
          << "grantctl " << command << " has no " << name << ", as in: " << at->str();
      ++looked_at;
    }
  }
  EXPECT_GT(looked_at, 20U) << "the options of the document were not found";
}

}  // namespace
}  // namespace grant::ctl
