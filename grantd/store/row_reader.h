// From rows to the domain's types, and the texts of queries that list rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "grantd/domain/principal.h"
#include "grantd/domain/time.h"
#include "grantd/store/sql.h"

namespace grant {

// Takes the columns of one row from left to right. The first value that is not what the schema
// promises is kept as the fault, so that a damaged database is an error and never an exception.
class RowReader {
 public:
  // `what` names the row in the error: "grant".
  RowReader(const sql::Row& row, std::string_view what) : row_(row), what_(what) {}

  int64_t Integer();
  uint32_t Count();
  std::string Text();
  Time Instant() { return FromMillis(Integer()); }
  Principal Who();
  std::optional<int64_t> MaybeInteger();
  std::optional<uint32_t> MaybeCount();
  std::optional<std::string> MaybeText();
  std::optional<Time> MaybeInstant();
  // The value that `parse` makes of a text; for what is stored by name or as JSON.
  template <typename T, typename Parse>
  T Parsed(Parse&& parse) {
    auto value = parse(Text());
    if (value) return *std::move(value);
    Fault();
    return T();
  }

  // The value read, or kInternal where the row is damaged.
  template <typename T>
  Result<T> Finish(T value) const {
    GRANT_CHECK(status());
    return value;
  }

 private:
  void Fault();
  Status status() const;

  const sql::Row& row_;
  std::string_view what_;
  size_t next_ = 0;
  std::optional<size_t> faulty_column_;
};

// The rows of a result, each made into a T by `read`.
template <typename T>
Result<std::vector<T>> ReadAll(const Result<std::vector<sql::Row>>& rows,
                               Result<T> (*read)(const sql::Row&)) {
  GRANT_CHECK(rows);
  std::vector<T> values;
  values.reserve(rows->size());
  for (const sql::Row& row : *rows) {
    GRANT_TRY(T value, read(row));
    values.push_back(std::move(value));
  }
  return values;
}

// The first row, if there is one.
template <typename T>
Result<std::optional<T>> ReadFirst(const Result<std::vector<sql::Row>>& rows,
                                   Result<T> (*read)(const sql::Row&)) {
  GRANT_CHECK(rows);
  if (rows->empty()) return std::optional<T>();
  GRANT_TRY(T value, read(rows->front()));
  return std::optional<T>(std::move(value));
}

// A query and its parameters, put together condition by condition.
class ListQuery {
 public:
  // "SELECT ... FROM ...".
  explicit ListQuery(std::string_view select) : text_(select) {}

  // One without a parameter.
  ListQuery& Where(std::string_view condition);
  // `comparison` lacks its right side: "signer =".
  ListQuery& Where(std::string_view comparison, sql::Value value);
  template <typename T>
  ListQuery& WhereIf(std::string_view comparison, const std::optional<T>& value) {
    return value ? Where(comparison, sql::Value(*value)) : *this;
  }
  ListQuery& WhereIf(std::string_view comparison, const std::optional<Principal>& value) {
    return value ? Where(comparison, value->text()) : *this;
  }
  // A column that is null or `value`.
  ListQuery& WhereNullOr(std::string_view column, sql::Value value);
  // A column whose text begins with `prefix`; without the wildcards of LIKE, and over an index.
  ListQuery& WherePrefix(std::string_view column, const std::string& prefix);

  // Comes last. `limit` is cut to kRowsMax.
  Result<std::vector<sql::Row>> Run(sql::Connection& connection, std::string_view order,
                                    size_t limit);

 private:
  std::string text_;
  bool has_condition_ = false;
  std::vector<sql::Value> values_;
};

// A limit as a parameter, cut to kRowsMax.
sql::Value Limit(size_t limit);

template <typename T>
sql::Value Maybe(const std::optional<T>& value) {
  return value ? sql::Value(*value) : sql::Null();
}
sql::Value MaybeMillis(const std::optional<Time>& time);

// The one number of a row, such as a count.
Result<int64_t> ReadNumber(const sql::Row& row);

// An error unless exactly one row changed.
Status ExpectOne(const Result<int64_t>& changed, Error otherwise);

}  // namespace grant
