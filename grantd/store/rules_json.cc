#include "grantd/store/rules_json.h"

#include <fmt/format.h>

#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

namespace grant {
namespace {

using Json = nlohmann::json;

Result<std::string> Dump(const Json& json) {
  try {
    return json.dump();
  } catch (const Json::exception&) {
    return Fail(Code::kInvalid, "a text to be stored is not UTF-8");
  }
}

template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

template <typename T>
Json TextsToJson(const std::vector<T>& values) {
  Json list = Json::array();
  for (const T& value : values) list.push_back(value.text());
  return list;
}

Json ToJson(const std::vector<Principal>& principals) {
  return TextsToJson(principals);
}

Json ToJson(const std::vector<WeeklySpan>& spans) {
  Json list = Json::array();
  for (const WeeklySpan& span : spans) list.push_back(span.text());
  return list;
}

Json ToJson(const User& user);
Json ToJson(const Group& group);
Json ToJson(const Step& step);
Json ToJson(const Policy& policy);
Json ToJson(const Signer& signer);

template <typename T>
Json ListToJson(const std::vector<T>& values) {
  Json list = Json::array();
  for (const T& value : values) list.push_back(ToJson(value));
  return list;
}

Json ToJson(const User& user) {
  return {{"name", user.principal.text()}, {"kind", Name(user.kind)}, {"email", user.email}};
}

Json ToJson(const Group& group) {
  return {{"name", group.name}, {"members", ToJson(group.members)}};
}

Json ToJson(const Step& step) {
  return {{"name", step.name},
          {"approvers", ToJson(step.approvers)},
          {"required", step.required},
          {"notify", step.notify}};
}

Json ToJson(const Policy& policy) {
  const std::optional<int64_t> max_window_ms =
      policy.max_window ? std::optional<int64_t>(policy.max_window->count()) : std::nullopt;
  return {{"name", policy.name},
          {"max_window_ms", OrNull(max_window_ms)},
          {"max_signings", OrNull(policy.max_signings)},
          {"max_request_ttl_ms", policy.max_request_ttl.count()},
          {"self_approval", policy.self_approval},
          {"bypass_machine_identities", policy.bypass_machine_identities},
          {"unbounded", policy.unbounded},
          {"min_justification", policy.min_justification},
          {"hours", ToJson(policy.hours.spans)},
          {"time_zone", policy.hours.time_zone},
          {"requesters", ToJson(policy.requesters)},
          {"steps", ListToJson(policy.steps)}};
}

Json ToJson(const Signer& signer) {
  return {{"name", signer.name},
          {"key", signer.key},
          {"certificate", signer.certificate},
          {"policy", signer.policy},
          {"users", ToJson(signer.users)},
          {"requesters", ToJson(signer.requesters)},
          {"mechanisms", signer.mechanisms},
          {"acknowledged", signer.acknowledged}};
}

Json ToJson(const Rules& rules) {
  return {{"users", ListToJson(rules.users)},
          {"groups", ListToJson(rules.groups)},
          {"policies", ListToJson(rules.policies)},
          {"signers", ListToJson(rules.signers)}};
}

// The first thing in a text that is not as it was written.
using Fault = std::optional<std::string>;

void Note(Fault& fault, std::string what) {
  if (!fault) fault = std::move(what);
}

// Takes the members of one object, each exactly once. After a fault values are defaults, and the
// caller looks at the fault at the end.
class Members {
 public:
  Members(const Json& object, Fault& fault) : object_(object), fault_(fault) {
    if (!object.is_object()) Note(fault_, "not an object");
  }

  std::string Text(const char* name) {
    const Json& member = Take(name);
    if (const auto* text = member.get_ptr<const std::string*>()) return *text;
    Wrong(name);
    return "";
  }
  bool Flag(const char* name) {
    const Json& member = Take(name);
    if (const auto* flag = member.get_ptr<const bool*>()) return *flag;
    Wrong(name);
    return false;
  }
  int64_t Integer(const char* name) { return IntegerIn(Take(name), name); }
  uint32_t Count(const char* name) { return CountIn(Take(name), name); }
  std::optional<int64_t> MaybeInteger(const char* name) {
    const Json& member = Take(name);
    return member.is_null() ? std::nullopt : std::optional(IntegerIn(member, name));
  }
  std::optional<uint32_t> MaybeCount(const char* name) {
    const Json& member = Take(name);
    return member.is_null() ? std::nullopt : std::optional(CountIn(member, name));
  }

  // An array, each element made into a T by `read`.
  template <typename T, typename Read>
  std::vector<T> List(const char* name, Read&& read) {
    const Json& member = Take(name);
    if (!member.is_array()) Wrong(name);
    std::vector<T> values;
    if (!member.is_array()) return values;
    for (const Json& element : member) values.push_back(read(element, fault_));
    return values;
  }

  // For members that earlier versions did not write.
  bool Has(const char* name) const { return object_.is_object() && object_.contains(name); }

  // Whatever is still there is unknown.
  void Finish() {
    if (object_.is_object() && object_.size() != taken_) Note(fault_, "unknown members");
  }

 private:
  const Json& Take(const char* name) {
    static const Json kMissing = Json::value_t::discarded;
    if (!object_.is_object()) return kMissing;
    const auto member = object_.find(name);
    if (member == object_.end()) return kMissing;
    ++taken_;
    return *member;
  }
  void Wrong(const char* name) { Note(fault_, fmt::format("member {} is missing or wrong", name)); }
  int64_t IntegerIn(const Json& member, const char* name) {
    const bool fits = member.is_number_integer() &&
                      (!member.is_number_unsigned() ||
                       member.get<uint64_t>() <= std::numeric_limits<int64_t>::max());
    if (fits) return member.get<int64_t>();
    Wrong(name);
    return 0;
  }
  uint32_t CountIn(const Json& member, const char* name) {
    const int64_t value = IntegerIn(member, name);
    if (value >= 0 && value <= std::numeric_limits<uint32_t>::max()) {
      return static_cast<uint32_t>(value);
    }
    Wrong(name);
    return 0;
  }

  const Json& object_;
  Fault& fault_;
  size_t taken_ = 0;
};

std::string ReadText(const Json& json, Fault& fault) {
  if (const auto* text = json.get_ptr<const std::string*>()) return *text;
  Note(fault, "an element that is not a text");
  return "";
}

template <typename T>
T ReadParsed(const Json& json, Fault& fault) {
  auto value = T::Parse(ReadText(json, fault));
  if (value) return *std::move(value);
  Note(fault, value.error().message);
  return T();
}

std::optional<UserKind> ReadKind(const std::string& name, Fault& fault) {
  const auto kind = UserKindByName(name);
  if (!kind) Note(fault, "a kind of user that is not known");
  return kind;
}

User ReadUser(const Json& json, Fault& fault) {
  Members members(json, fault);
  User user;
  user.principal = ReadParsed<Principal>(Json(members.Text("name")), fault);
  user.kind = ReadKind(members.Text("kind"), fault).value_or(UserKind::kPerson);
  user.email = members.Text("email");
  members.Finish();
  return user;
}

Group ReadGroup(const Json& json, Fault& fault) {
  Members members(json, fault);
  Group group;
  group.name = members.Text("name");
  group.members = members.List<Principal>("members", ReadParsed<Principal>);
  members.Finish();
  return group;
}

Step ReadStep(const Json& json, Fault& fault) {
  Members members(json, fault);
  Step step;
  step.name = members.Text("name");
  step.approvers = members.List<Principal>("approvers", ReadParsed<Principal>);
  step.required = members.Count("required");
  step.notify = members.Flag("notify");
  members.Finish();
  return step;
}

// What earlier versions did not write; all of it or nothing is there.
void ReadNewerPolicy(Members& members, Policy& policy) {
  policy.unbounded = members.Flag("unbounded");
  policy.min_justification = members.Count("min_justification");
  policy.hours.spans = members.List<WeeklySpan>("hours", ReadParsed<WeeklySpan>);
  policy.hours.time_zone = members.Text("time_zone");
  policy.requesters = members.List<Principal>("requesters", ReadParsed<Principal>);
}

Policy ReadPolicy(const Json& json, Fault& fault) {
  Members members(json, fault);
  Policy policy;
  policy.name = members.Text("name");
  if (const auto millis = members.MaybeInteger("max_window_ms")) {
    policy.max_window = Duration(*millis);
  }
  policy.max_signings = members.MaybeCount("max_signings");
  policy.max_request_ttl = Duration(members.Integer("max_request_ttl_ms"));
  policy.self_approval = members.Flag("self_approval");
  policy.bypass_machine_identities = members.Flag("bypass_machine_identities");
  if (members.Has("unbounded")) ReadNewerPolicy(members, policy);
  policy.steps = members.List<Step>("steps", ReadStep);
  members.Finish();
  return policy;
}

Signer ReadSigner(const Json& json, Fault& fault) {
  Members members(json, fault);
  Signer signer;
  signer.name = members.Text("name");
  signer.key = members.Text("key");
  signer.certificate = members.Text("certificate");
  signer.policy = members.Text("policy");
  signer.users = members.List<Principal>("users", ReadParsed<Principal>);
  if (members.Has("requesters")) {
    signer.requesters = members.List<Principal>("requesters", ReadParsed<Principal>);
  }
  signer.mechanisms = members.List<std::string>("mechanisms", ReadText);
  signer.acknowledged = members.List<std::string>("acknowledged", ReadText);
  members.Finish();
  return signer;
}

Rules ReadRules(const Json& json, Fault& fault) {
  Members members(json, fault);
  Rules rules;
  if (members.Has("users")) rules.users = members.List<User>("users", ReadUser);
  rules.groups = members.List<Group>("groups", ReadGroup);
  rules.policies = members.List<Policy>("policies", ReadPolicy);
  rules.signers = members.List<Signer>("signers", ReadSigner);
  members.Finish();
  return rules;
}

template <typename T, T (*ReadOne)(const Json&, Fault&)>
std::vector<T> ReadList(const Json& json, Fault& fault) {
  std::vector<T> values;
  if (!json.is_array()) Note(fault, "not an array");
  for (const Json& element : json) values.push_back(ReadOne(element, fault));
  return values;
}

NamedFile ReadFile(const Json& json, Fault& fault) {
  Members members(json, fault);
  NamedFile file;
  file.name = members.Text("name");
  file.digest = ReadParsed<Digest>(Json(members.Text("digest")), fault);
  members.Finish();
  return file;
}

template <typename T>
Result<T> Read(std::string_view text, const char* what, T (*read)(const Json&, Fault&)) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  Fault fault;
  if (json.is_discarded()) Note(fault, "not JSON");
  T value = fault ? T() : read(json, fault);
  if (!fault) return value;
  return Fail(Code::kInternal, fmt::format("the stored {} cannot be read: {}", what, *fault),
              "put a backup in its place: grantctl restore FILE --reason TEXT");
}

}  // namespace

Result<std::string> RulesToJson(const Rules& rules) {
  return Dump(ToJson(rules));
}

Result<std::string> PolicyToJson(const Policy& policy) {
  return Dump(ToJson(policy));
}

Result<std::string> DigestsToJson(const std::vector<Digest>& digests) {
  return Dump(TextsToJson(digests));
}

Result<std::string> FilesToJson(const std::vector<NamedFile>& files) {
  Json list = Json::array();
  for (const NamedFile& file : files) {
    list.push_back({{"name", file.name}, {"digest", file.digest.text()}});
  }
  return Dump(list);
}

Result<std::string> ScopesToJson(const std::vector<Scope>& scopes) {
  return Dump(TextsToJson(scopes));
}

Result<Rules> RulesFromJson(std::string_view text) {
  return Read<Rules>(text, "rules", ReadRules);
}

Result<Policy> PolicyFromJson(std::string_view text) {
  return Read<Policy>(text, "policy", ReadPolicy);
}

Result<std::vector<Digest>> DigestsFromJson(std::string_view text) {
  return Read<std::vector<Digest>>(text, "digests", ReadList<Digest, ReadParsed<Digest>>);
}

Result<std::vector<NamedFile>> FilesFromJson(std::string_view text) {
  return Read<std::vector<NamedFile>>(text, "files", ReadList<NamedFile, ReadFile>);
}

Result<std::vector<Scope>> ScopesFromJson(std::string_view text) {
  return Read<std::vector<Scope>>(text, "scopes", ReadList<Scope, ReadParsed<Scope>>);
}

}  // namespace grant
