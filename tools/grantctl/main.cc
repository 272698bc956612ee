// grantctl: the command line of grantd.
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <iostream>

#include "tools/grantctl/child.h"
#include "tools/grantctl/command_line.h"
#include "tools/grantctl/doctor_module.h"
#include "tools/grantctl/interrupt.h"
#include "tools/grantctl/stop.h"
#include "tools/grantctl/terminal.h"

int main(int argc, char** argv) {
  grant::ctl::Surroundings around{
      .in = std::cin,
      .out = std::cout,
      .err = std::cerr,
      .in_is_terminal = isatty(STDIN_FILENO) != 0,
      .out_is_terminal = isatty(STDOUT_FILENO) != 0,
      .err_is_terminal = isatty(STDERR_FILENO) != 0,
      .variable =
          [](const std::string& name) {
            const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
            return std::string(value == nullptr ? "" : value);
          },
      .now =
          [] { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); },
      .pause = grant::ctl::PauseUnlessInterrupted,
      .run = grant::ctl::RunChild,
      .registered_module = grant::ctl::RegisteredModule,
      .echo = grant::ctl::SetEcho,
      .rows = grant::ctl::TerminalRows,
      .write_before_stops = grant::ctl::WriteBeforeStops};
  return grant::ctl::RunGrantctl({argv + 1, argv + argc}, around);
}
