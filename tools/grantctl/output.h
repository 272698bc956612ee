// What a command works with, and how it shows what grantd answered.
#pragma once

#include <chrono>
#include <functional>
#include <istream>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "tools/grantctl/client.h"
#include "tools/grantctl/failure.h"
#include "tools/grantctl/humanize.h"
#include "tools/grantctl/json.h"

namespace grant::ctl {

// The process around the command line: real in main.cc, made up in tests.
struct Surroundings {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  std::function<std::string(const std::string& name)> variable;  // empty where it is not set
  std::function<Instant()> now;
  // Waits that long; false if the user interrupted it, then or since it was last called.
  std::function<bool(std::chrono::milliseconds)> pause;
  // Runs a program with these variables added to the environment (child.h).
  std::function<Outcome<int>(const std::vector<std::string>& command,
                             const std::map<std::string, std::string>& variables)>
      run = {};
  // The module that p11-kit knows (doctor_module.h); nothing where it knows none.
  std::function<std::optional<std::string>()> registered_module = {};
  // Whether the terminal shows what is typed; false where that cannot be changed.
  std::function<bool(bool on)> echo = {};
  // How many rows the terminal has that stdout is; 0 where it does not say.
  std::function<size_t()> rows = {};
  // Writes this to stdout before the user stops the process (stop.h).
  std::function<bool(const char* parting)> write_before_stops = {};
};

enum class Format { kTable, kWide, kJson, kName };

struct Context {
  Client& client;
  Surroundings& around;
  Format format = Format::kTable;
  bool no_color = false;
  Instant now;
  std::vector<std::string> words = {};  // see TakesWords()

  bool ForPeople() const { return format == Format::kTable || format == Format::kWide; }
  bool ColourOut() const { return !no_color && around.out_is_terminal; }
  bool ColourErr() const { return !no_color && around.err_is_terminal; }
};

// Writes to stdout: the object itself as JSON, the text of its `name_key` as its name, and `text`
// for people.
void PrintObject(Context& context, const Json& object, const char* name_key,
                 const std::function<std::string()>& text);

// The same for a list object: the names of its items one per line, `text` only where there are any.
// Says on stderr that there are none of `things`.
void PrintList(Context& context, const Json& list, const char* name_key, const std::string& things,
               const std::function<std::string()>& text);

// A line for people on stderr, sanitised.
void Note(Context& context, const std::string& line);

// "grantctl: <message>" and "hint: <hint>", sanitised.
void PrintFailure(std::ostream& err, const Failure& failure, bool colour);

}  // namespace grant::ctl
