#include "grantd/api/strict_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "grantd/config/nearest_name.h"

namespace grant::api {
namespace {

using nlohmann::json;

// Walks the text before a value is made of it, because the value itself would no longer show how
// often a key was given.
class Checker final : public nlohmann::json_sax<json> {
 public:
  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool number_integer(number_integer_t /*value*/) override { return true; }
  bool number_unsigned(number_unsigned_t /*value*/) override { return true; }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return true; }
  bool binary(binary_t& /*value*/) override { return false; }
  bool string(string_t& value) override { return CheckText(value); }
  bool start_object(std::size_t /*elements*/) override { return Open(); }
  bool end_object() override { return Close(); }
  bool start_array(std::size_t /*elements*/) override { return Open(); }
  bool end_array() override { return Close(); }

  bool key(string_t& value) override {
    if (!CheckText(value)) return false;
    return keys_.back().insert(value).second || Refuse("key '" + value + "' is given twice");
  }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const json::exception& /*error*/) override {
    return Refuse("the body is not JSON: see byte " + std::to_string(position));
  }

  const std::optional<Error>& error() const { return error_; }

 private:
  bool CheckText(const std::string& text) {
    return text.find('\0') == std::string::npos || Refuse("the body holds a NUL character");
  }

  bool Open() {
    if (keys_.size() == kJsonDepthMax) {
      return Refuse("the body is nested deeper than " + std::to_string(kJsonDepthMax) + " levels");
    }
    keys_.emplace_back();
    return true;
  }

  bool Close() {
    keys_.pop_back();
    return true;
  }

  bool Refuse(std::string message) {
    error_ = Error{Code::kInvalid, std::move(message), {}};
    return false;
  }

  std::vector<std::set<std::string>> keys_;  // of the objects and arrays that are open
  std::optional<Error> error_;
};

}  // namespace

Error UnknownName(std::string_view what, std::string_view name,
                  const std::vector<std::string>& known) {
  constexpr size_t kShownBytesMax = 128;
  Error error{Code::kInvalid, "unknown ", NearestNameHint(name, known)};
  error.message.append(what).append(" '").append(name.substr(0, kShownBytesMax)).append("'");
  return error;
}

Result<json> ParseObject(std::string_view text) {
  // The parser passes over a byte order mark, which JSON texts must not have (RFC 8259).
  if (text.starts_with("\xef\xbb\xbf")) {
    return Fail(Code::kInvalid, "the body begins with a byte order mark");
  }
  Checker checker;
  if (!json::sax_parse(text.begin(), text.end(), &checker)) {
    return tl::unexpected(
        checker.error().value_or(Error{Code::kInvalid, "the body is not JSON", {}}));
  }
  json value = json::parse(text.begin(), text.end(), nullptr, false);
  if (!value.is_object()) return Fail(Code::kInvalid, "the body is not a JSON object");
  return value;
}

Result<ObjectReader> ObjectReader::Open(const json& object, std::string where,
                                        const std::vector<std::string>& known) {
  if (!object.is_object()) return Fail(Code::kInvalid, "'" + where + "' is not an object");
  ObjectReader reader(object, std::move(where));
  for (const auto& member : object.items()) {
    if (std::find(known.begin(), known.end(), member.key()) == known.end()) {
      Error error = UnknownName("key", member.key(), known);
      if (!reader.where_.empty()) error.message += " in '" + reader.where_ + "'";
      return tl::unexpected(std::move(error));
    }
  }
  return reader;
}

std::string ObjectReader::PathOf(std::string_view key) const {
  return where_.empty() ? std::string(key) : where_ + "." + std::string(key);
}

const json* ObjectReader::Find(std::string_view key) const {
  auto member = object_->find(key);
  return member == object_->end() || member->is_null() ? nullptr : &*member;
}

bool ObjectReader::Names(std::string_view key) const {
  return object_->find(key) != object_->end();
}

Result<const json*> ObjectReader::Member(std::string_view key) const {
  const json* member = Find(key);
  if (member == nullptr) {
    return Fail(Code::kInvalid,
                Names(key) ? "'" + PathOf(key) + "' is null" : "missing key '" + PathOf(key) + "'");
  }
  return member;
}

Result<std::string> ObjectReader::Text(std::string_view key) const {
  GRANT_TRY(const json* member, Member(key));
  if (!member->is_string()) return Fail(Code::kInvalid, "'" + PathOf(key) + "' is not a string");
  return member->get<std::string>();
}

Result<std::vector<std::string>> ObjectReader::Texts(std::string_view key) const {
  GRANT_TRY(const json* member, Member(key));
  if (!member->is_array() || !std::all_of(member->begin(), member->end(),
                                          [](const json& each) { return each.is_string(); })) {
    return Fail(Code::kInvalid, "'" + PathOf(key) + "' is not a list of strings");
  }
  return member->get<std::vector<std::string>>();
}

Result<int64_t> ObjectReader::Integer(std::string_view key, int64_t least, int64_t most) const {
  GRANT_TRY(const json* member, Member(key));
  bool fits = member->is_number_unsigned()
                  ? member->get<uint64_t>() <= static_cast<uint64_t>(std::max<int64_t>(most, 0))
                  : member->is_number_integer() && member->get<int64_t>() <= most;
  if (!fits || member->get<int64_t>() < least) {
    return Fail(Code::kInvalid, "'" + PathOf(key) + "' is not a whole number from " +
                                    std::to_string(least) + " to " + std::to_string(most));
  }
  return member->get<int64_t>();
}

Result<bool> ObjectReader::Bool(std::string_view key) const {
  GRANT_TRY(const json* member, Member(key));
  if (!member->is_boolean()) {
    return Fail(Code::kInvalid, "'" + PathOf(key) + "' is not true or false");
  }
  return member->get<bool>();
}

Result<const json*> ObjectReader::Object(std::string_view key) const {
  GRANT_TRY(const json* member, Member(key));
  if (!member->is_object()) return Fail(Code::kInvalid, "'" + PathOf(key) + "' is not an object");
  return member;
}

Result<std::vector<const json*>> ObjectReader::Objects(std::string_view key) const {
  GRANT_TRY(const json* member, Member(key));
  if (!member->is_array() || !std::all_of(member->begin(), member->end(),
                                          [](const json& each) { return each.is_object(); })) {
    return Fail(Code::kInvalid, "'" + PathOf(key) + "' is not a list of objects");
  }
  std::vector<const json*> objects;
  for (const json& each : *member) objects.push_back(&each);
  return objects;
}

}  // namespace grant::api
