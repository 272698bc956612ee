#include "tests/e2e/host.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace grant::test {

Host::Host(const Environment& environment, uid_t uid, const std::string& errors_file)
    : Host({SIGNING_HOST_PROGRAM, GRANT_PKCS11_MODULE}, environment, uid, errors_file) {}

Host::Host(std::vector<std::string> command, const Environment& environment, uid_t uid,
           const std::string& errors_file)
    : errors_file_(errors_file) {
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::array<int, 2> commands{};
  std::array<int, 2> answers{};
  if (pipe2(commands.data(), O_CLOEXEC) != 0 || pipe2(answers.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error("no pipe");
  }
  pid_ = fork();
  if (pid_ == 0) {
    const int errors = open(errors_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
    dup2(commands[0], STDIN_FILENO);
    dup2(answers[1], STDOUT_FILENO);
    dup2(errors, STDERR_FILENO);
    for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
    if (uid != 0 && (setgroups(0, nullptr) != 0 || setgid(uid) != 0 || setuid(uid) != 0))
      _exit(126);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  close(commands[0]);
  close(answers[1]);
  to_ = fdopen(commands[1], "w");
  from_ = fdopen(answers[0], "r");
  std::array<char, 256> line{};
  if (fgets(line.data(), line.size(), from_) == nullptr || std::string(line.data()) != "CKR_OK\n") {
    throw std::runtime_error("the host did not start: " + std::string(line.data()) + Errors());
  }
}

Host::~Host() {
  fclose(to_);
  fclose(from_);
  waitpid(pid_, nullptr, 0);
}

std::string Host::Do(const std::string& command) {
  std::fprintf(to_, "%s\n", command.c_str());
  std::fflush(to_);
  std::string answer;
  for (int c = fgetc(from_); c != '\n'; c = fgetc(from_)) {
    if (c == EOF) return "gone";
    answer += static_cast<char>(c);
  }
  return answer;
}

std::string Host::Errors() const {
  std::ostringstream text;
  text << std::ifstream(errors_file_).rdbuf();
  return text.str();
}

}  // namespace grant::test
