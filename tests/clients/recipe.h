// The recipes of docs/clients.md, as the tests read them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace grant::test {

// One "<!-- test: NAME; needs: WORD...; uses: COUNT -->" with the labelled code blocks below it, up
// to the next heading.
struct Recipe {
  std::string name;                 // lower-case letters, digits and dashes
  std::vector<std::string> needs;   // see MissingNeed()
  std::map<std::string, int> uses;  // signatures that `sign` makes, by signer
  std::string prepare;              // bash; empty where there is nothing to prepare
  std::string sign;
  std::string verify;
  std::string check_refused;  // empty where the output of `sign` shows the refusal
};

// Throws std::runtime_error, which names the line, where the document is not well-formed: what
// looks like a recipe must never be passed over in silence.
std::vector<Recipe> ParseRecipes(std::string_view document);

// Words of `needs` beside programs and files.
inline constexpr const char* kOrdinaryUser = "ordinary-user";  // runs as one, also in root's tests
inline constexpr const char* kUserNamespaces = "user-namespaces";  // unshare --user works

// Why this machine cannot run the recipe; empty where it can. A word of `needs` is a program, found
// by `path` (colon-separated folders); a file or a glob pattern, where it holds a slash, relative
// to `clients` unless absolute; or one of the above.
std::string MissingNeed(const Recipe& recipe, const std::string& path, const std::string& clients);

}  // namespace grant::test
