#include "grantd/store/row_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "grantd/store/tables.h"

namespace grant {
namespace {

// The first text after all that begin with `prefix`; nothing where there is none.
std::optional<std::string> EndOfPrefix(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
  if (prefix.empty()) return std::nullopt;
  prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

}  // namespace

int64_t RowReader::Integer() {
  const std::optional<int64_t> value = row_.maybe_integer(next_++);
  if (!value) Fault();
  return value.value_or(0);
}

uint32_t RowReader::Count() {
  const int64_t value = Integer();
  if (value >= 0 && value <= std::numeric_limits<uint32_t>::max()) {
    return static_cast<uint32_t>(value);
  }
  Fault();
  return 0;
}

std::string RowReader::Text() {
  std::optional<std::string> value = row_.maybe_text(next_++);
  if (!value) Fault();
  return std::move(value).value_or("");
}

Principal RowReader::Who() {
  return Parsed<Principal>(Principal::Parse);
}

std::optional<int64_t> RowReader::MaybeInteger() {
  if (!row_.is_null(next_)) return Integer();
  ++next_;
  return std::nullopt;
}

std::optional<uint32_t> RowReader::MaybeCount() {
  if (!row_.is_null(next_)) return Count();
  ++next_;
  return std::nullopt;
}

std::optional<std::string> RowReader::MaybeText() {
  if (!row_.is_null(next_)) return Text();
  ++next_;
  return std::nullopt;
}

std::optional<Time> RowReader::MaybeInstant() {
  const std::optional<int64_t> millis = MaybeInteger();
  return millis ? std::optional<Time>(FromMillis(*millis)) : std::nullopt;
}

void RowReader::Fault() {
  if (!faulty_column_) faulty_column_ = next_;
}

Status RowReader::status() const {
  if (!faulty_column_) return {};
  return Fail(Code::kInternal,
              fmt::format("the database is damaged: value {} of a stored {} is not valid",
                          *faulty_column_, what_),
              "put a backup in its place: grantctl restore FILE --reason TEXT");
}

ListQuery& ListQuery::Where(std::string_view condition) {
  text_ += fmt::format(" {} {}", std::exchange(has_condition_, true) ? "AND" : "WHERE", condition);
  return *this;
}

ListQuery& ListQuery::Where(std::string_view comparison, sql::Value value) {
  values_.push_back(std::move(value));
  return Where(fmt::format("{} ${}", comparison, values_.size()));
}

ListQuery& ListQuery::WhereNullOr(std::string_view column, sql::Value value) {
  Where(fmt::format("({} IS NULL OR {} =", column, column), std::move(value));
  text_ += ")";
  return *this;
}

ListQuery& ListQuery::WherePrefix(std::string_view column, const std::string& prefix) {
  Where(fmt::format("{} >=", column), prefix);
  if (auto end = EndOfPrefix(prefix)) Where(fmt::format("{} <", column), *std::move(end));
  return *this;
}

Result<std::vector<sql::Row>> ListQuery::Run(sql::Connection& connection, std::string_view order,
                                             size_t limit) {
  values_.push_back(Limit(limit));
  text_ += fmt::format(" ORDER BY {} LIMIT ${}", order, values_.size());
  return connection.Query(text_, values_);
}

sql::Value Limit(size_t limit) {
  return static_cast<int64_t>(std::min(limit, kRowsMax));
}

sql::Value MaybeMillis(const std::optional<Time>& time) {
  return time ? sql::Value(ToMillis(*time)) : sql::Null();
}

Status ExpectOne(const Result<int64_t>& changed, Error otherwise) {
  GRANT_CHECK(changed);
  if (*changed == 1) return {};
  return tl::make_unexpected(std::move(otherwise));
}

Result<int64_t> ReadNumber(const sql::Row& row) {
  RowReader reader(row, "number");
  return reader.Finish(reader.Integer());
}

}  // namespace grant
