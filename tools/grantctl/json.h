// The API's objects as they came: keys keep their order, so that -o json can pass them on
// unchanged.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace grant::ctl {

using Json = nlohmann::ordered_json;

// Fields of an object. One that is missing or of another type is empty, 0, false or an empty list:
// a newer or older grantd must not crash a table.
std::string Text(const Json& object, const char* key);
int64_t Number(const Json& object, const char* key);
bool Flag(const Json& object, const char* key);
const Json& Object(const Json& object, const char* key);  // an empty object where there is none
const Json& List(const Json& object, const char* key);    // lives as long as `object`
std::vector<std::string> Texts(const Json& object, const char* key);

// A text as it is, anything else as compact JSON.
std::string Plain(const Json& value);

}  // namespace grant::ctl
