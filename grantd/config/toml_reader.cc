#include "grantd/config/toml_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "grantd/config/nearest_name.h"

namespace grant {
namespace {

constexpr size_t kNameBytesMax = 64;

bool IsAlphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kNameBytesMax && IsAlphanumeric(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return IsAlphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

// A table without keys stands for one that is not there.
const toml::table& EmptyTable() {
  static const auto& table = *new toml::table;
  return table;
}

const char* TypeName(toml::node_type type) {
  switch (type) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "a whole number";
    case toml::node_type::boolean:
      return "true or false";
    default:
      return "something else";
  }
}

// A key may hold escapes that would reach the terminal.
std::string Printable(std::string_view key) {
  std::string text(key.substr(0, kNameBytesMax));
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c >= 0x7f; }, '?');
  return text;
}

std::string WrongType(const char* wanted, const toml::node& node) {
  return fmt::format("must be {}, not {}", wanted, TypeName(node.type()));
}

}  // namespace

Result<toml::table> ParseToml(const std::string& document, const std::string& source,
                              size_t bytes_max) {
  if (document.size() > bytes_max) {
    return Fail(Code::kTooLarge, fmt::format("{} is {} bytes long; the limit is {}", source,
                                             document.size(), bytes_max));
  }
  try {
    return toml::parse(document, source);
  } catch (const toml::parse_error& error) {
    constexpr std::string_view kPreamble = "Error while parsing ";
    std::string_view what = error.description();
    if (what.starts_with(kPreamble)) what.remove_prefix(kPreamble.size());
    return Fail(Code::kInvalid,
                fmt::format("{}:{}: not TOML: {}", source, error.source().begin.line, what));
  }
}

TomlTable::TomlTable(const toml::table& table, std::string title, const std::string& source)
    : table_(&table), title_(std::move(title)), source_(&source) {}

std::string TomlTable::String(std::string_view key) {
  const toml::node* const node = Need(key);
  if (node == nullptr) return {};
  const auto* const value = node->as_string();
  if (value == nullptr) {
    Reject(key, WrongType("a string", *node));
    return {};
  }
  return CheckText(key, value->get()) ? value->get() : std::string();
}

std::string TomlTable::StringOr(std::string_view key, std::string otherwise) {
  return Find(key) == nullptr ? std::move(otherwise) : String(key);
}

std::string TomlTable::Name(std::string_view key) {
  std::string text = String(key);
  if (!text.empty() && !IsName(text)) {
    Reject(key, fmt::format("is '{}', which is no name", text),
           fmt::format(
               "use up to {} letters, digits, '.', '_' and '-', with a letter or a digit first",
               kNameBytesMax));
  }
  return text;
}

std::string TomlTable::AbsolutePath(std::string_view key) {
  std::string text = String(key);
  if (!text.empty() && !text.starts_with('/')) {
    Reject(key, fmt::format("is '{}', which is no absolute path", text),
           "write it from the root: /...");
  }
  return text;
}

bool TomlTable::BoolOr(std::string_view key, bool otherwise) {
  const toml::node* const node = Find(key);
  if (node == nullptr) return otherwise;
  if (const auto* const value = node->as_boolean()) return value->get();
  Reject(key, WrongType("true or false", *node));
  return otherwise;
}

std::optional<uint32_t> TomlTable::Count(std::string_view key, uint32_t least, uint32_t most) {
  const toml::node* const node = Find(key);
  if (node == nullptr) return std::nullopt;
  const auto* const value = node->as_integer();
  if (value == nullptr) {
    Reject(key, WrongType("a whole number", *node));
    return std::nullopt;
  }
  if (value->get() < least || value->get() > most) {
    Reject(key, fmt::format("must be from {} to {}, not {}", least, most, value->get()));
    return std::nullopt;
  }
  return static_cast<uint32_t>(value->get());
}

std::optional<Duration> TomlTable::Span(std::string_view key) {
  if (Find(key) == nullptr) return std::nullopt;
  const std::string text = String(key);
  if (text.empty()) return std::nullopt;
  const auto span = ParseDuration(text);
  if (span) return *span;
  Reject(key, span.error());
  return std::nullopt;
}

std::vector<std::string> TomlTable::Strings(std::string_view key) {
  const toml::node* const node = Find(key);
  if (node == nullptr) return {};
  const toml::array* const list = node->as_array();
  if (list == nullptr) {
    Reject(key, WrongType("a list of strings", *node));
    return {};
  }
  if (list->empty() || list->size() > kTomlItemsMax) {
    Reject(key, fmt::format("must have 1 to {} items, not {}", kTomlItemsMax, list->size()));
    return {};
  }
  std::vector<std::string> items;
  std::set<std::string> seen;
  for (const toml::node& item : *list) {
    const auto* const value = item.as_string();
    if (value == nullptr) {
      Reject(key,
             fmt::format("must be a list of strings; {} is among them", TypeName(item.type())));
      return {};
    }
    if (!CheckText(key, value->get())) return {};
    if (!seen.insert(value->get()).second) {
      Reject(key, fmt::format("names '{}' twice", value->get()));
      return {};
    }
    items.push_back(value->get());
  }
  return items;
}

std::vector<Principal> TomlTable::Principals(std::string_view key) {
  std::vector<Principal> principals;
  for (const std::string& text : Strings(key)) {
    auto principal = Principal::Parse(text);
    if (!principal) {
      Reject(key, principal.error());
      return {};
    }
    principals.push_back(*std::move(principal));
  }
  return principals;
}

TomlTable TomlTable::Table(std::string_view key) {
  // [webhook] within [notify] is written [notify.webhook].
  const std::string outer =
      title_.empty() ? std::string() : title_.substr(1, title_.size() - 2) + ".";
  const std::string title = fmt::format("[{}{}]", outer, key);
  const toml::node* const node = Find(key);
  if (node == nullptr) return {EmptyTable(), title, *source_};
  if (const toml::table* const table = node->as_table()) return {*table, title, *source_};
  Reject(key, "must be the table " + title);
  return {EmptyTable(), title, *source_};
}

std::vector<TomlTable> TomlTable::Tables(std::string_view key) {
  // [[step]] within [[policy]] is written [[policy.step]].
  const std::string outer =
      title_.empty() ? std::string() : title_.substr(2, title_.size() - 4) + ".";
  const std::string title = fmt::format("[[{}{}]]", outer, key);
  const toml::node* const node = Find(key);
  if (node == nullptr) return {};
  const toml::array* const list = node->as_array();
  if (list == nullptr || !list->is_array_of_tables()) {
    Reject(key, fmt::format("must be written as {}", title));
    return {};
  }
  if (list->size() > kTomlItemsMax) {
    Reject(key, fmt::format("has {} tables; the limit is {}", list->size(), kTomlItemsMax));
    return {};
  }
  std::vector<TomlTable> tables;
  for (const toml::node& item : *list) tables.emplace_back(*item.as_table(), title, *source_);
  return tables;
}

void TomlTable::Reject(std::string_view key, const std::string& message, std::string hint) {
  if (error_) return;
  const toml::node* const node = table_->get(key);
  error_ = Error{Code::kInvalid, fmt::format("{}: '{}' {}", At(node ? node : table_), key, message),
                 std::move(hint)};
}

void TomlTable::Reject(std::string_view key, const Error& error) {
  Reject(key, "is wrong: " + error.message, error.hint);
}

Status TomlTable::Finish() const {
  if (auto unknown = UnknownKey()) return tl::make_unexpected(*std::move(unknown));
  if (error_) return tl::make_unexpected(*error_);
  return {};
}

const toml::node* TomlTable::Find(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
  return table_->get(key);
}

const toml::node* TomlTable::Need(std::string_view key) {
  const toml::node* const node = Find(key);
  if (node == nullptr && !error_) {
    error_ = Error{
        Code::kInvalid,
        fmt::format("{}: {}{}'{}' is missing", At(table_), title_, title_.empty() ? "" : ": ", key),
        {}};
  }
  return node;
}

bool TomlTable::CheckText(std::string_view key, const std::string& text) {
  if (text.empty()) {
    Reject(key, "must not be empty");
  } else if (text.size() > kTomlStringBytesMax) {
    Reject(key, fmt::format("is longer than {} bytes", kTomlStringBytesMax));
  } else if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < ' '; })) {
    Reject(key, "must not have control characters");
  } else {
    return true;
  }
  return false;
}

std::string TomlTable::At(const toml::node* node) const {
  // The document itself, and a table that is not there, have no line.
  const auto line = node->source().begin.line;
  if (line == 0 || (node == table_ && title_.empty())) return *source_;
  return fmt::format("{}:{}", *source_, line);
}

std::optional<Error> TomlTable::UnknownKey() const {
  // The table sorts its keys; people read from the top.
  const toml::node* first = nullptr;
  std::string_view name;
  for (const auto& [key, node] : *table_) {
    if (std::find(known_.begin(), known_.end(), key.str()) != known_.end()) continue;
    if (first != nullptr && first->source().begin.line <= node.source().begin.line) continue;
    first = &node;
    name = key.str();
  }
  if (first == nullptr) return std::nullopt;
  return Error{Code::kInvalid,
               fmt::format("{}: unknown key '{}'{}{}", At(first), Printable(name),
                           title_.empty() ? "" : " in ", title_),
               NearestNameHint(name, known_)};
}

}  // namespace grant
