#include "grantd/notify/webhook_channel.h"

#include <fmt/format.h>

#include "grantd/hsm/pin_file.h"
#include "grantd/notify/transfer.h"

namespace grant {
namespace {

class WebhookChannel : public Channel {
 public:
  WebhookChannel(WebhookSettings settings, std::string receiver, Renderers renderers,
                 const std::atomic<bool>& stop)
      : settings_(std::move(settings)),
        receiver_(std::move(receiver)),
        renderers_(std::move(renderers)),
        stop_(stop) {}

  const std::string& name() const override { return name_; }
  const std::string& receiver() const override { return receiver_; }

  Status Check() const override {
    GRANT_CHECK(ReadSecret());
    return {};
  }

  // One message for everybody: it names them.
  std::vector<Delivery> DeliveriesFor(const Occasion& /*occasion*/) const override {
    return {Delivery()};
  }

  SendResult Send(const Occasion& occasion, const Delivery& /*delivery*/, Time now) override {
    const std::string body = WebhookBody(occasion, renderers_, now);
    const int64_t timestamp = ToMillis(now) / 1000;
    const auto secret = ReadSecret();
    if (!secret) return {SendOutcome::kFailed, secret.error().message};
    const TextList headers{
        "Content-Type: application/json", "Expect:", fmt::format("Grantd-Timestamp: {}", timestamp),
        "Grantd-Signature: " + WebhookSignature(secret->bytes(), timestamp, body)};
    Transfer transfer(settings_.url, "http,https", settings_.ca_file, settings_.timeout, stop_);
    transfer.Set(CURLOPT_USERAGENT, "grantd/" GRANT_VERSION);
    transfer.Set(CURLOPT_HTTPHEADER, headers.get());
    transfer.Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    transfer.Set(CURLOPT_POSTFIELDS, body.data());
    return Judge(transfer.Run());
  }

 private:
  Result<SecretBuffer> ReadSecret() const {
    GRANT_TRY(SecretBuffer secret, ReadPinFile(settings_.secret_file, "webhook secret"));
    if (secret.bytes().size() >= kWebhookSecretBytesMin) return secret;
    return Fail(Code::kInvalid,
                fmt::format("the webhook secret file {} holds fewer than {} bytes",
                            settings_.secret_file, kWebhookSecretBytesMin),
                "openssl rand -hex 32 > " + settings_.secret_file);
  }

  // What is about this very message (RFC 9110 section 15.5). Other statuses, such as 401 or 404,
  // are of a receiver that is set up wrongly just now, and may take the message once that is
  // mended.
  static bool IsRefusal(long status) {
    return status == 400 || status == 413 || status == 415 || status == 422;
  }

  SendResult Judge(const Transfer::Result& result) const {
    if (result.code == CURLE_ABORTED_BY_CALLBACK) return {SendOutcome::kAborted, {}};
    if (result.code != CURLE_OK) return {SendOutcome::kFailed, result.error};
    if (result.status >= 200 && result.status < 300) return {};
    return {
        IsRefusal(result.status) ? SendOutcome::kRefused : SendOutcome::kFailed,
        fmt::format(
            "it answered with status {}{}", result.status,
            result.status >= 300 && result.status < 400 ? ", and redirects are not followed" : "")};
  }

  const std::string name_ = kWebhookChannel;
  const WebhookSettings settings_;
  const std::string receiver_;
  const Renderers renderers_;
  const std::atomic<bool>& stop_;
};

}  // namespace

Result<std::unique_ptr<Channel>> MakeWebhookChannel(const WebhookSettings& settings,
                                                    Renderers renderers,
                                                    const std::atomic<bool>& stop) {
  GRANT_TRY(const NotifyUrl url, ParseWebhookUrl(settings.url));
  return std::make_unique<WebhookChannel>(settings, url.receiver, std::move(renderers), stop);
}

}  // namespace grant
