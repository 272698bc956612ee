// Runs grantctl in the test's process, at a fixed time of day.
#pragma once

#include <string>
#include <vector>

#include "tests/unit/grantctl/fake_grantd.h"
#include "tools/grantctl/output.h"

namespace grant::ctl {

struct Ran {
  int exit = -1;
  std::string out;
  std::string err;
};

// What a test may set about grantctl's surroundings.
struct Setting {
  std::string in;
  bool terminal = false;  // stdin, stdout and stderr together
  std::map<std::string, std::string> variables;
  std::function<bool(std::chrono::milliseconds)> pause = [](std::chrono::milliseconds) {
    return true;
  };
  // The program that `run` starts.
  std::function<Outcome<int>(const std::vector<std::string>&,
                             const std::map<std::string, std::string>&)>
      run = {};
  // Whether the terminal shows what is typed.
  std::function<bool(bool)> echo = {};
  size_t rows = 0;  // of the terminal
  // What would be written before a stop; true where there was one.
  std::function<bool(const char*)> write_before_stops = {};
};

// 2026-11-21T20:10:00Z.
Instant TestNow();

Ran RunAt(const std::string& address, const std::vector<std::string>& arguments,
          const Setting& setting = {});
inline Ran RunAt(const FakeGrantd& grantd, const std::vector<std::string>& arguments,
                 const Setting& setting = {}) {
  return RunAt(grantd.address(), arguments, setting);
}

// Objects as docs/openapi.yaml describes them.
Json SampleRequest();  // req_01JD, open, at step 1 of 2
Json ApprovedRequest();
Json SampleGrant();    // grt_01JD, active, 1 of 3 used
Json SampleRefusal();  // audit entry 41

}  // namespace grant::ctl
