// What clients were told by grantd, in files that outlive every crash: the side that the checker
// holds against the database.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace grant::test {

int64_t MonotonicNanoseconds();

// A signature that a client has in its hands and has verified.
struct Delivered {
  std::string digest;    // of what was signed, different for each: "sha256:..."
  int64_t asked_at = 0;  // before C_Sign was called
};

// A signature that the token refused, as a client was told.
struct GivenBack {
  std::string digest;  // of what was to be signed, as above
};

// An answer to a change of requests, grants or rules.
struct Acknowledged {
  std::string what;    // filed, decided, cancelled, ended (a grant); or rules
  std::string id;      // of the request or grant; the version of the rules
  std::string by;      // the principal
  std::string status;  // that the answer gave the request or grant, or "-"
  int64_t answered_at = 0;
};

// All that clients were told.
struct Testimony {
  std::vector<Delivered> delivered;
  std::vector<GivenBack> given_back;
  std::vector<Acknowledged> acknowledged;
};

// Each record is one line and one write, so that many processes may append and none of it is lost
// when one of them is. All throw std::runtime_error where a file cannot be written or read.
class Records {
 public:
  // In this directory, which need not be writable by those who append.
  explicit Records(const std::string& directory);
  Records(const Records&) = delete;
  Records& operator=(const Records&) = delete;
  ~Records();

  void Append(const Delivered& delivered) const;
  void Append(const GivenBack& given_back) const;
  void Append(const Acknowledged& acknowledged) const;
  // Something that a client must never see.
  void AppendFault(std::string_view what) const;

  Testimony ReadTestimony() const;
  std::vector<std::string> ReadFaults() const;
  void Clear() const;

 private:
  struct File {
    std::string path;
    int fd = -1;
  };

  File delivered_;
  File given_back_;
  File acknowledged_;
  File faults_;
};

}  // namespace grant::test
