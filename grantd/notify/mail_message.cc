#include "grantd/notify/mail_message.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "grantd/domain/audit.h"
#include "grantd/domain/text.h"

namespace grant {
namespace {

constexpr size_t kPlainLineBytesMax = 900;  // RFC 5322 allows 998
constexpr size_t kBase64LineBytes = 57;     // become 76 characters
constexpr size_t kEncodedWordBytes = 45;    // become 60; a word has at most 75

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; });
}

std::string Base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(length));
  return text;
}

// The longest beginning of at most `bytes` that does not cut a character of UTF-8 in two.
std::string_view WholeCharacters(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return text;
  size_t end = bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end == 0 ? bytes : end);
}

// People's own text, set apart so that none of it can pass for grantd's.
std::string Quoted(const std::string& text) {
  std::string quoted = "> ";
  std::string lines = text;
  std::erase(lines, '\r');
  for (const char c : Harmless(lines, '?', true)) {
    quoted += c;
    if (c == '\n') quoted += "> ";
  }
  return quoted + "\n";
}

std::string Line(std::string_view label, std::string_view value) {
  return fmt::format("{:<12} {}\n", fmt::format("{}:", label), value);
}

std::string WindowText(const Window& window) {
  if (window.duration) return FormatDuration(*window.duration) + " from its approval on";
  return fmt::format("{} to {}", window.from ? FormatTime(*window.from) : "now",
                     window.until ? FormatTime(*window.until) : "any time");
}

std::string ContentText(const std::vector<Digest>& digests) {
  if (digests.empty()) return "any";
  std::string text;
  for (const Digest& digest : digests) {
    text += (text.empty() ? "" : "\n" + std::string(13, ' ')) + digest.text();
  }
  return text;
}

std::string SignaturesText(uint32_t signings) {
  return fmt::format("{} signature{}", signings, signings == 1 ? "" : "s");
}

struct Text {
  std::string subject;
  std::string body;
};

Text ForApprover(const Occasion& occasion, const std::string& recipient) {
  const Request& request = occasion.view.request;
  const std::vector<grant::Step>& steps = request.policy.steps;
  const size_t step = std::min<size_t>(*occasion.notification.step, steps.size() - 1);
  Text text;
  text.subject = fmt::format("[grantd] {} asks for {} with {}: {}", request.requester.text(),
                             SignaturesText(request.signings), request.signer, steps[step].name);
  text.body =
      fmt::format(
          "{} asks to sign with {}. Step {} of {}, {}, waits for its approvers, and you "
          "({}) are one.\n\n",
          request.requester.text(), request.signer, step + 1, steps.size(), steps[step].name,
          recipient) +
      Line("Request", request.id) + Line("Signatures", std::to_string(request.signings)) +
      Line("Window", WindowText(request.window)) + Line("Content", ContentText(request.digests)) +
      Line("Expires", FormatTime(request.expires_at)) + "\n" + Quoted(request.justification) +
      fmt::format(
          "\n  grantctl request show {0}\n  grantctl request approve {0}\n"
          "  grantctl request reject {0} --comment 'why'\n",
          request.id);
  return text;
}

std::string HowToAskAgain(const Request& request) {
  return fmt::format(
      "\n  grantctl request show {}\n  grantctl request create {} --signings {} "
      "--window ... --reason '...'\n",
      request.id, request.signer, request.signings);
}

std::string GrantText(const Grant& grant) {
  return Line("Grant", grant.id) +
         Line("Signatures", fmt::format("{} of {} used", grant.used, grant.max_signings)) +
         Line("Valid",
              fmt::format("{} to {}", FormatTime(grant.not_before), FormatTime(grant.not_after))) +
         fmt::format("\n  grantctl grant show {}\n", grant.id);
}

Text ForRequester(const Occasion& occasion) {
  const Request& request = occasion.view.request;
  const std::string& event = occasion.notification.event;
  const std::string by = occasion.notification.actor.text();
  const std::string yours = "Your request to sign with " + request.signer;
  const std::string reason = request.closed_reason.value_or("");
  if (event == event::kGrantRevoked && occasion.grant) {
    const auto& revocation = occasion.grant->revocation;
    return {"grant revoked",
            fmt::format("Your grant to sign with {} was revoked by {}.\n\n", request.signer, by) +
                Quoted(revocation ? revocation->reason : "") + "\n" + GrantText(*occasion.grant)};
  }
  if (event == event::kRequestApproved && occasion.grant) {
    const auto usable = occasion.view.usable_from;
    return {"approved", fmt::format("{} is approved, lastly by {}.\n\n", yours, by) +
                            (usable ? Line("Usable from", FormatTime(*usable)) : "") +
                            GrantText(*occasion.grant)};
  }
  if (event == event::kRequestExpired) {
    return {"expired", fmt::format("{} expired: it was not decided by {}.\n", yours,
                                   FormatTime(request.expires_at)) +
                           HowToAskAgain(request)};
  }
  const char* const what = event == event::kRequestRejected ? "rejected" : "cancelled";
  return {what, fmt::format("{} was {} by {}.\n\n", yours, what, by) + Quoted(reason) +
                    HowToAskAgain(request)};
}

Text TextFor(const Occasion& occasion, const std::string& recipient) {
  if (occasion.notification.step) return ForApprover(occasion, recipient);
  Text text = ForRequester(occasion);
  text.subject = fmt::format("[grantd] {}: {}, {}", text.subject, occasion.view.request.signer,
                             occasion.view.request.id);
  return text;
}

bool HasLongLine(std::string_view text) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (end > kPlainLineBytesMax) return true;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return false;
}

std::string WithCrlf(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}

// The last header, which says how the body is encoded, the empty line, and the body.
std::string EncodedBody(const std::string& body) {
  const std::string text = WithCrlf(body);
  if (IsAscii(body) && !HasLongLine(body)) {
    return "Content-Transfer-Encoding: 7bit\r\n\r\n" + text;
  }
  std::string out = "Content-Transfer-Encoding: base64\r\n\r\n";
  for (size_t at = 0; at < text.size(); at += kBase64LineBytes) {
    out += Base64(std::string_view(text).substr(at, kBase64LineBytes)) + "\r\n";
  }
  return out;
}

// Headers are in English whatever the locale, which fmt keeps to.
std::string MailDate(Time time) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} +0000",
                     fmt::gmtime(static_cast<std::time_t>(ToMillis(time) / 1000)));
}

// Letters and digits stay; a recipient may have anything else in its name.
std::string IdPart(const std::string& text) {
  std::string part;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    part += plain ? std::string(1, c) : fmt::format("-{:02x}", static_cast<unsigned char>(c));
  }
  return part;
}

}  // namespace

std::string HeaderText(const std::string& text) {
  std::string clean = Harmless(text, '?', false);
  if (IsAscii(clean)) return clean;
  std::string encoded;
  for (std::string_view rest = clean; !rest.empty();) {
    const std::string_view part = WholeCharacters(rest, kEncodedWordBytes);
    encoded += (encoded.empty() ? "=?utf-8?B?" : "\r\n =?utf-8?B?") + Base64(part) + "?=";
    rest.remove_prefix(part.size());
  }
  return encoded;
}

std::string MailMessage(const Occasion& occasion, const std::string& from, const Delivery& delivery,
                        Time now) {
  const Text text = TextFor(occasion, delivery.recipient);
  const std::string domain = from.substr(from.find('@') + 1);
  return "Date: " + MailDate(now) + "\r\nFrom: " + HeaderText(from) +
         "\r\nTo: " + HeaderText(delivery.address) + "\r\nSubject: " + HeaderText(text.subject) +
         fmt::format("\r\nMessage-ID: <{}.{}@{}>", occasion.notification.id,
                     IdPart(delivery.recipient), domain) +
         fmt::format("\r\nReferences: <{}@{}>", occasion.view.request.id, domain) +
         "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
         "Content-Type: text/plain; charset=utf-8\r\n" +
         EncodedBody(text.body);
}

}  // namespace grant
