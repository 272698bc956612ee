#include "tests/torture/long_log.h"

#include <sqlite3.h>

#include <memory>
#include <stdexcept>

namespace grant::test {
namespace {

// From so many pages on grantd moves the log after each commit.
constexpr int kPagesWanted = 8192;

}  // namespace

void LengthenLog(const std::string& state_dir) {
  sqlite3* opened = nullptr;
  const int rc =
      sqlite3_open_v2((state_dir + "/grantd.db").c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr);
  const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> database(opened, sqlite3_close);
  int pages = 0;
  const auto note_pages = [](void* noted, sqlite3*, const char*, int now) {
    *static_cast<int*>(noted) = now;
    return SQLITE_OK;
  };
  const auto run = [&](const char* statement) {
    if (sqlite3_exec(opened, statement, nullptr, nullptr, nullptr) == SQLITE_OK) return;
    throw std::runtime_error(std::string("a long log: ") + sqlite3_errmsg(opened));
  };
  if (rc != SQLITE_OK) throw std::runtime_error("a long log: the database cannot be opened");
  sqlite3_db_config(opened, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_wal_hook(opened, note_pages, &pages);
  run("PRAGMA synchronous = OFF");
  // Each writes a page, and the second one what there was before.
  while (pages < kPagesWanted) {
    const int before = pages;
    run("PRAGMA user_version = 1");
    run("PRAGMA user_version = 0");
    if (pages <= before) throw std::runtime_error("a long log: it does not grow");
  }
}

}  // namespace grant::test
