// The one table of what the API answers, and to whom.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "grant/error.h"
#include "grantd/api/entity_tag.h"
#include "grantd/api/http.h"
#include "grantd/backup/backups.h"
#include "grantd/notify/channel.h"
#include "grantd/operations/report.h"

namespace grant {
class KeyDesk;
class Seal;
class Workflow;
}  // namespace grant

namespace grant::api {

struct TokenPresence {
  std::string name;
  bool present = false;
};

// What handlers work with.
struct Services {
  Workflow& workflow;
  KeyDesk& keys;
  std::function<std::vector<TokenPresence>()> tokens;
  std::function<Result<std::vector<ChannelState>>()> channels;  // of notifications
  std::function<std::string()> metrics;  // all of grantd's, as Prometheus reads them
  std::string api_address = {};          // where grantd listens
  std::string gate_address = {};
  std::function<Result<Backup>(const Principal& by)> back_up = {};
  // Why grantd could not sign now, in sentences that anybody may read; none where it could.
  std::function<std::vector<std::string>()> why_not_ready = {};
  std::function<bool()> stalled = {};  // the database takes no writes
  std::function<SystemReport()> system = {};
  Seal* seal = nullptr;
};

// Who gets as far as the handler. The finer rights (whose request, whose policy) are the workflow's
// to check.
enum class Access {
  kEveryone,     // answers hold what concerns the caller alone
  kParticipant,  // changes something: everybody but auditors
  kOverseer,     // shows everything: administrators and auditors
  kAdmin,
};

enum class BodyUse {
  kNone,      // a body is an error
  kOptional,  // none stands for {}
  kRequired,
  kSecret,  // required, and the bytes of a secret in place of JSON: a JSON reader keeps copies
};

// One call, checked against its route.
struct Call {
  const HttpRequest& request;
  std::string name;            // what {id} or {name} stands for
  const nlohmann::json& body;  // an object
  IfMatch if_match = {};

  const Identity& caller() const { return request.peer.identity; }
};

using Handler = Result<HttpResponse> (*)(const Services&, const Call&);

struct Route {
  std::string_view method;
  std::string_view path;  // "/v1/requests/{id}/approve": one variable at most, a whole segment
  Access access;
  BodyUse body;
  std::vector<std::string> query;  // the keys that it takes
  Handler handler;
  bool takes_if_match = false;  // on others that header is an error, for it would not be heeded
};

std::span<const Route> Routes();

struct Match {
  const Route* route = nullptr;  // null where none has this path with this method
  std::string name;
  std::string allowed;  // "GET, HEAD, POST": the methods that the path has; empty where there is no
                        // such path
};

Match FindRoute(std::string_view method, std::string_view path);

}  // namespace grant::api
