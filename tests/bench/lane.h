// One module in a process of its own. Lanes run in turn, a slice each, so that whatever else the
// machine does meets them alike.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/site.h"
#include "tests/e2e/host.h"

namespace grant::bench {

// How a module is loaded.
struct Module {
  std::string name;  // as the tables show it
  std::string path;
  std::string pin;  // empty: no login
  test::Environment environment;
};

inline constexpr char kPlain[] = "SoftHSM2";
inline constexpr char kP11Kit[] = "p11-kit remoting";
inline constexpr char kBroker[] = "broker";
inline constexpr char kWrap[] = "wrap";
// What a broker costs that does nothing but record 4 KiB, for the two placements.
inline constexpr char kBareBroker[] = "bare broker";
inline constexpr char kBareWrap[] = "bare wrap";

Module PlainModule(Site& site);
Module BrokerModule(Site& site);
Module WrapModule(Site& site);

// `p11-kit server` for the site's token, until it is destroyed.
class P11KitServer {
 public:
  explicit P11KitServer(Site& site);
  P11KitServer(const P11KitServer&) = delete;
  P11KitServer& operator=(const P11KitServer&) = delete;
  ~P11KitServer();

  // Its client; nothing where this machine has none.
  std::optional<Module> module() const { return module_; }

 private:
  std::optional<Module> module_;
  pid_t process_ = -1;
};

// The bare broker with the site's token, until it is destroyed.
class BareBroker {
 public:
  explicit BareBroker(Site& site);
  BareBroker(const BareBroker&) = delete;
  BareBroker& operator=(const BareBroker&) = delete;
  ~BareBroker();

  const Module& signing_there() const { return signing_there_; }
  const Module& signing_here() const { return signing_here_; }

 private:
  Module signing_there_;
  Module signing_here_;
  pid_t process_ = -1;
};

struct Slice {
  double seconds = 0;
  std::vector<double> taken_us;  // one a signature
  // The signatures before the slice, one a thread: how many, and what they took together.
  int first = 0;
  double first_us = 0;

  double per_second() const { return static_cast<double>(taken_us.size()) / seconds; }
};

class Lane {
 public:
  explicit Lane(Module module, const std::string& directory);

  const std::string& name() const { return module_.name; }
  // Signs in so many threads for about `ms`. Nothing where the module does not have the mechanism;
  // throws where it fails.
  std::optional<Slice> Run(const Key& key, int threads, int ms);
  // How many signatures there were in all, those before slices included.
  int signatures() const { return signatures_; }

 private:
  Module module_;
  std::unique_ptr<test::Host> host_;
  int signatures_ = 0;
};

struct StartUpTimes {
  double load_us = 0;
  double first_signature_us = 0;  // from C_Initialize
};
// In a process that is new.
StartUpTimes StartUp(const Module& module, const Key& key, const std::string& directory);

}  // namespace grant::bench
