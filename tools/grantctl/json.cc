#include "tools/grantctl/json.h"

namespace grant::ctl {
namespace {

const Json* Find(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

}  // namespace

std::string Text(const Json& object, const char* key) {
  const Json* value = Find(object, key);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

int64_t Number(const Json& object, const char* key) {
  const Json* value = Find(object, key);
  return value != nullptr && value->is_number_integer() ? value->get<int64_t>() : 0;
}

bool Flag(const Json& object, const char* key) {
  const Json* value = Find(object, key);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

const Json& Object(const Json& object, const char* key) {
  static const Json* const kEmpty = new Json(Json::object());
  const Json* value = Find(object, key);
  return value != nullptr && value->is_object() ? *value : *kEmpty;
}

const Json& List(const Json& object, const char* key) {
  static const Json* const kEmpty = new Json(Json::array());
  const Json* value = Find(object, key);
  return value != nullptr && value->is_array() ? *value : *kEmpty;
}

std::vector<std::string> Texts(const Json& object, const char* key) {
  std::vector<std::string> texts;
  for (const Json& item : List(object, key)) texts.push_back(Plain(item));
  return texts;
}

std::string Plain(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace grant::ctl
