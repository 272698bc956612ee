#include "grantd/api/http_wire.h"

#include <fmt/format.h>

#include <array>
#include <ctime>

#include "grantd/api/response.h"

namespace grant::api {
namespace {

// RFC 9110 wants the date of every answer. Its names are English whatever the locale.
std::string HttpDate(std::time_t now) {
  static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  gmtime_r(&now, &utc);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays.at(utc.tm_wday), utc.tm_mday,
                     kMonths.at(utc.tm_mon), utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
                     utc.tm_sec);
}

}  // namespace

std::string WireText(const HttpResponse& response, Framing framing) {
  std::string text = fmt::format(
      "HTTP/1.1 {} {}\r\nDate: {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n"
      "Cache-Control: no-store\r\nConnection: {}\r\n",
      response.status, Reason(response.status), HttpDate(std::time(nullptr)), response.content_type,
      response.body.size(), framing.keep_alive ? "keep-alive" : "close");
  if (!response.allow.empty()) text += "Allow: " + response.allow + "\r\n";
  if (!response.etag.empty()) text += "ETag: " + response.etag + "\r\n";
  text += "\r\n";
  if (!framing.head_only) text += response.body;
  return text;
}

}  // namespace grant::api
