// A host of one module that signs as fast as it can when it is told to, one command a line.
//
//   usage: bench_host MODULE [PIN]
//   startup LABEL MECHANISM HEX            CKR_OK and the nanoseconds of loading the module, and
//                                          from C_Initialize to the first signature
//   slice LABEL MECHANISM HEX THREADS MS   each thread signs the bytes for that long: CKR_OK, the
//                                          nanoseconds of the slice, those of all first signatures
//                                          together, and those of each later one
// A first signature of each thread goes before a slice, so that it is warm.
#include <dlfcn.h>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "grant/bytes.h"
#include "grant/cryptoki/cryptoki.h"
#include "grant/cryptoki/names.h"

namespace grant {
namespace {

using Clock = std::chrono::steady_clock;

int64_t Nanoseconds(Clock::duration duration) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count();
}

Bytes FromHex(const std::string& text) {
  Bytes data;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    data.push_back(static_cast<uint8_t>(std::stoi(text.substr(i, 2), nullptr, 16)));
  }
  return data;
}

// What is signed, with which key.
struct Task {
  CK_OBJECT_HANDLE key = 0;
  CK_MECHANISM mechanism{};
  Bytes data;
};

// What one thread did.
struct Record {
  CK_RV rv = CKR_OK;
  int64_t first_ns = 0;
  std::vector<int64_t> taken_ns;
  Clock::time_point ended;
};

class BenchHost {
 public:
  BenchHost(std::string module, std::string pin)
      : module_(std::move(module)), pin_(std::move(pin)) {}

  std::string Handle(const std::string& line) {
    std::istringstream words(line);
    std::string command;
    std::string label;
    std::string mechanism;
    std::string hex;
    words >> command >> label >> mechanism >> hex;
    if (command == "startup") return StartUp(label, mechanism, hex);
    int threads = 0;
    int ms = 0;
    words >> threads >> ms;
    if (command == "slice" && words) return Slice(label, mechanism, hex, threads, ms);
    return "unknown command";
  }

 private:
  std::string StartUp(const std::string& label, const std::string& mechanism,
                      const std::string& hex) {
    const auto start = Clock::now();
    if (!Load()) return "cannot load";
    const auto loaded = Clock::now();
    Task task;
    if (CK_RV rv = Begin(label, mechanism, hex, task); rv != CKR_OK) {
      return cryptoki::ReturnValueName(rv);
    }
    if (const CK_RV rv = SignOnce(sessions_.front(), task); rv != CKR_OK) {
      return cryptoki::ReturnValueName(rv);
    }
    return "CKR_OK " + std::to_string(Nanoseconds(loaded - start)) + " " +
           std::to_string(Nanoseconds(Clock::now() - loaded));
  }

  std::string Slice(const std::string& label, const std::string& mechanism, const std::string& hex,
                    int threads, int ms) {
    if (p11_ == nullptr && !Load()) return "cannot load";
    Task task;
    CK_RV rv = Begin(label, mechanism, hex, task);
    while (rv == CKR_OK && sessions_.size() < static_cast<size_t>(threads)) rv = OpenSession();
    if (rv != CKR_OK) return cryptoki::ReturnValueName(rv);
    return Report(RunThreads(task, threads, std::chrono::milliseconds(ms)));
  }

  bool Load() {
    void* const library = dlopen(module_.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      std::cerr << dlerror() << '\n';
      return false;
    }
    const auto get = reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"));
    return get != nullptr && get(&p11_) == CKR_OK;
  }

  // A session and the key; the first time with all that goes before.
  CK_RV Begin(const std::string& label, const std::string& mechanism, const std::string& hex,
              Task& task) {
    if (sessions_.empty()) {
      CK_C_INITIALIZE_ARGS arguments{};
      arguments.flags = CKF_OS_LOCKING_OK;
      if (const CK_RV rv = p11_->C_Initialize(&arguments); rv != CKR_OK) return rv;
      if (const CK_RV rv = OpenSession(); rv != CKR_OK) return rv;
      if (const CK_RV rv = LogIn(); rv != CKR_OK) return rv;
    }
    const auto type = cryptoki::MechanismByName(mechanism);
    if (!type) return CKR_MECHANISM_INVALID;
    task.mechanism.mechanism = *type;
    task.data = FromHex(hex);
    return Find(label, task.key);
  }

  CK_RV OpenSession() {
    CK_SLOT_ID slots[8];
    CK_ULONG count = 8;
    if (const CK_RV rv = p11_->C_GetSlotList(CK_TRUE, slots, &count); rv != CKR_OK) return rv;
    if (count == 0) return CKR_TOKEN_NOT_PRESENT;
    CK_SESSION_HANDLE session = 0;
    const CK_RV rv = p11_->C_OpenSession(slots[0], CKF_SERIAL_SESSION, nullptr, nullptr, &session);
    if (rv == CKR_OK) sessions_.push_back(session);
    return rv;
  }

  CK_RV LogIn() {
    if (pin_.empty()) return CKR_OK;
    auto* const pin = reinterpret_cast<CK_UTF8CHAR_PTR>(pin_.data());
    return p11_->C_Login(sessions_.front(), CKU_USER, pin, pin_.size());
  }

  CK_RV Find(const std::string& label, CK_OBJECT_HANDLE& key) {
    if (const auto known = keys_.find(label); known != keys_.end()) {
      key = known->second;
      return CKR_OK;
    }
    CK_OBJECT_CLASS private_key = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &private_key, sizeof private_key},
                             {CKA_LABEL, const_cast<char*>(label.data()), label.size()}};
    const CK_SESSION_HANDLE session = sessions_.front();
    CK_RV rv = p11_->C_FindObjectsInit(session, wanted, 2);
    if (rv != CKR_OK) return rv;
    CK_ULONG found = 0;
    rv = p11_->C_FindObjects(session, &key, 1, &found);
    p11_->C_FindObjectsFinal(session);
    if (rv != CKR_OK) return rv;
    if (found == 0) return CKR_OBJECT_HANDLE_INVALID;
    keys_[label] = key;
    return CKR_OK;
  }

  CK_RV SignOnce(CK_SESSION_HANDLE session, const Task& task) const {
    CK_MECHANISM mechanism = task.mechanism;
    Bytes data = task.data;
    uint8_t signature[1024];
    CK_ULONG bytes = sizeof signature;
    const CK_RV rv = p11_->C_SignInit(session, &mechanism, task.key);
    return rv != CKR_OK ? rv : p11_->C_Sign(session, data.data(), data.size(), signature, &bytes);
  }

  struct Run {
    std::vector<Record> records;
    Clock::time_point start;
  };

  Run RunThreads(const Task& task, int count, Clock::duration length) {
    Run run;
    run.records.resize(static_cast<size_t>(count));
    const auto begin = [&run]() noexcept { run.start = Clock::now(); };
    std::barrier ready(count, begin);
    std::vector<std::thread> threads;
    for (size_t i = 0; i < run.records.size(); ++i) {
      threads.emplace_back([&, i] {
        Record& record = run.records[i];
        record.taken_ns.reserve(1 << 14);
        const auto before = Clock::now();
        record.rv = SignOnce(sessions_[i], task);
        record.first_ns = Nanoseconds(Clock::now() - before);
        ready.arrive_and_wait();
        SignUntil(run.start + length, sessions_[i], task, record);
      });
    }
    for (std::thread& thread : threads) thread.join();
    return run;
  }

  void SignUntil(Clock::time_point end, CK_SESSION_HANDLE session, const Task& task,
                 Record& record) const {
    auto now = Clock::now();
    while (record.rv == CKR_OK && now < end) {
      record.rv = SignOnce(session, task);
      const auto then = std::exchange(now, Clock::now());
      record.taken_ns.push_back(Nanoseconds(now - then));
    }
    record.ended = now;
  }

  static std::string Report(const Run& run) {
    Clock::time_point end = run.start;
    int64_t first_ns = 0;
    std::string list;
    for (const Record& record : run.records) {
      if (record.rv != CKR_OK) return cryptoki::ReturnValueName(record.rv);
      end = std::max(end, record.ended);
      first_ns += record.first_ns;
      for (const int64_t taken : record.taken_ns) list += " " + std::to_string(taken);
    }
    return "CKR_OK " + std::to_string(Nanoseconds(end - run.start)) + " " +
           std::to_string(first_ns) + list;
  }

  const std::string module_;
  std::string pin_;
  CK_FUNCTION_LIST* p11_ = nullptr;
  std::vector<CK_SESSION_HANDLE> sessions_;
  std::map<std::string, CK_OBJECT_HANDLE> keys_;
};

}  // namespace
}  // namespace grant

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::cerr << "usage: bench_host MODULE [PIN]\n";
    return 2;
  }
  grant::BenchHost host(argv[1], argc > 2 ? argv[2] : "");
  std::cout << "CKR_OK" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << host.Handle(line) << std::endl;
  }
  return 0;
}
