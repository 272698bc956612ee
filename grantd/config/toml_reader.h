// Strict reading of TOML: every key is known, every value has its type and keeps to its bounds, and
// every error names file and line.
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grant/error.h"
#include "grantd/domain/principal.h"
#include "grantd/domain/time.h"

namespace grant {

inline constexpr size_t kTomlStringBytesMax = 1024;
inline constexpr size_t kTomlItemsMax = 1024;  // of one list

// Parses a document of at most `bytes_max`. `source` names it in errors.
Result<toml::table> ParseToml(const std::string& document, const std::string& source,
                              size_t bytes_max);

// Reads the keys of one table. A reader of a key gives an empty or default value where the key is
// wrong; Finish() tells the first thing that was. Only then are the values good. An unknown key
// comes first among the errors, because a misspelt key is also a missing one. Not for several
// threads.
class TomlTable {
 public:
  // `title` is how people write the table: "[[group]]", or empty for the document itself. Both the
  // table and `source` must outlive this.
  TomlTable(const toml::table& table, std::string title, const std::string& source);

  // Strings are 1 to kTomlStringBytesMax bytes, without control characters.
  std::string String(std::string_view key);  // the key must be there
  std::string StringOr(std::string_view key, std::string otherwise);
  std::string Name(std::string_view key);          // [A-Za-z0-9][A-Za-z0-9._-]{0,63}; must be there
  std::string AbsolutePath(std::string_view key);  // must be there
  bool BoolOr(std::string_view key, bool otherwise);
  std::optional<uint32_t> Count(std::string_view key, uint32_t least, uint32_t most);
  std::optional<Duration> Span(std::string_view key);  // "1h30m"
  // Lists name nothing twice. A missing key is an empty list; a list that is there has an item.
  std::vector<std::string> Strings(std::string_view key);
  std::vector<Principal> Principals(std::string_view key);

  // The table at `key` (an empty one if there is none), and the tables [[key]].
  TomlTable Table(std::string_view key);
  std::vector<TomlTable> Tables(std::string_view key);

  int64_t line() const { return table_->source().begin.line; }  // 0: none
  bool Has(std::string_view key) const { return table_->contains(key); }
  // Reports that the value at `key` is wrong: "FILE:LINE: 'key' MESSAGE". Later reports are
  // dropped.
  void Reject(std::string_view key, const std::string& message, std::string hint = {});
  void Reject(std::string_view key, const Error& error);

  Status Finish() const;

 private:
  const toml::node* Find(std::string_view key);
  const toml::node* Need(std::string_view key);
  bool CheckText(std::string_view key, const std::string& text);
  std::string At(const toml::node* node) const;
  std::optional<Error> UnknownKey() const;

  const toml::table* table_;
  std::string title_;
  const std::string* source_;
  std::vector<std::string> known_;
  std::optional<Error> error_;
};

}  // namespace grant
