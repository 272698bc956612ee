// A thin layer over one SQL connection. The text given to it runs on SQLite and on PostgreSQL
// alike: parameters are $1, $2, ...; integers are BIGINT; everything else is TEXT or BYTEA-free
// hex.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "grant/error.h"

namespace grant::sql {

using Value = std::variant<std::monostate, int64_t, std::string>;

inline Value Null() {
  return std::monostate{};
}

// One row of a result.
class Row {
 public:
  explicit Row(std::vector<Value> values) : values_(std::move(values)) {}
  bool is_null(size_t column) const {
    return std::holds_alternative<std::monostate>(values_[column]);
  }
  int64_t integer(size_t column) const { return std::get<int64_t>(values_[column]); }
  const std::string& text(size_t column) const { return std::get<std::string>(values_[column]); }
  // Nothing where the column is null or of the other type.
  std::optional<int64_t> maybe_integer(size_t column) const { return Maybe<int64_t>(column); }
  std::optional<std::string> maybe_text(size_t column) const { return Maybe<std::string>(column); }

 private:
  template <typename T>
  std::optional<T> Maybe(size_t column) const {
    const T* value = std::get_if<T>(&values_[column]);
    return value == nullptr ? std::nullopt : std::optional<T>(*value);
  }

  std::vector<Value> values_;
};

// Not for use by two threads at once. Errors are kUnavailable (the database cannot serve: disk
// full, locked, I/O error), kConflict (a unique or foreign key constraint) or kInternal (a fault in
// the SQL).
class Connection {
 public:
  virtual ~Connection() = default;

  // Runs one statement and returns all of its rows; statements are prepared once and kept.
  virtual Result<std::vector<Row>> Query(std::string_view text,
                                         const std::vector<Value>& values) = 0;
  // Runs one statement and returns how many rows it changed.
  virtual Result<int64_t> Execute(std::string_view text, const std::vector<Value>& values) = 0;
  // Runs statements without parameters, separated by semicolons.
  virtual Status Script(std::string_view text) = 0;
  // Whether a transaction is open that can still commit: a failure may have undone it.
  virtual bool InTransaction() const = 0;
  // Whether a failure left it open what of the database, or of what was committed to it, is still
  // on the disk. It stays so.
  virtual bool InDoubt() const { return false; }
  // Told that what is written changes who may sign: see Store::generation().
  virtual void NoteRightsChanged() {}
};

}  // namespace grant::sql
