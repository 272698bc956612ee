#include "grantd/notify/mail_channel.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "grant/wipe.h"
#include "grantd/hsm/pin_file.h"
#include "grantd/notify/mail_message.h"
#include "grantd/notify/transfer.h"

namespace grant {
namespace {

size_t Feed(char* buffer, size_t size, size_t count, void* text) {
  auto* const rest = static_cast<std::string_view*>(text);
  const size_t taken = std::min(size * count, rest->size());
  std::memcpy(buffer, rest->data(), taken);
  rest->remove_prefix(taken);
  return taken;
}

class MailChannel : public Channel {
 public:
  MailChannel(MailSettings settings, std::string receiver, const std::atomic<bool>& stop)
      : settings_(std::move(settings)), receiver_(std::move(receiver)), stop_(stop) {}

  const std::string& name() const override { return name_; }
  const std::string& receiver() const override { return receiver_; }

  Status Check() const override {
    if (settings_.password_file.empty()) return {};
    GRANT_CHECK(ReadPinFile(settings_.password_file, "SMTP password"));
    return {};
  }

  // One mail for each recipient whose address the rules know.
  std::vector<Delivery> DeliveriesFor(const Occasion& occasion) const override {
    std::vector<Delivery> deliveries;
    for (const Principal& recipient : occasion.recipients()) {
      const User* const user = occasion.rules.FindUser(recipient);
      if (user == nullptr || user->email.empty()) continue;
      Delivery delivery;
      delivery.recipient = recipient.text();
      delivery.address = user->email;
      deliveries.push_back(std::move(delivery));
    }
    return deliveries;
  }

  SendResult Send(const Occasion& occasion, const Delivery& delivery, Time now) override {
    const std::string message = MailMessage(occasion, settings_.from, delivery, now);
    std::string_view rest = message;
    const std::string from = "<" + settings_.from + ">";
    const TextList recipients{"<" + delivery.address + ">"};
    Transfer transfer(settings_.url, "smtp,smtps", settings_.ca_file, settings_.timeout, stop_);
    std::string password;
    const WipeAtEnd<std::string> wipe(password);
    if (const Status ready = Authenticate(transfer, password); !ready) {
      return {SendOutcome::kFailed, ready.error().message};
    }
    transfer.Set(CURLOPT_USE_SSL,
                 static_cast<long>(settings_.starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    transfer.Set(CURLOPT_MAIL_FROM, from.c_str());
    transfer.Set(CURLOPT_MAIL_RCPT, recipients.get());
    transfer.Set(CURLOPT_UPLOAD, 1L);
    transfer.Set(CURLOPT_READFUNCTION, &Feed);
    transfer.Set(CURLOPT_READDATA, &rest);
    return Judge(transfer.Run());
  }

 private:
  Status Authenticate(Transfer& transfer, std::string& password) const {
    if (settings_.username.empty()) return {};
    GRANT_TRY(const SecretBuffer secret, ReadPinFile(settings_.password_file, "SMTP password"));
    password.assign(secret.bytes().begin(), secret.bytes().end());
    transfer.Set(CURLOPT_USERNAME, settings_.username.c_str());
    transfer.Set(CURLOPT_PASSWORD, password.c_str());
    return {};
  }

  // 550 to 559 are about this mail or its recipient; another one may well be taken.
  static SendResult Judge(const Transfer::Result& result) {
    if (result.code == CURLE_OK) return {};
    if (result.code == CURLE_ABORTED_BY_CALLBACK) return {SendOutcome::kAborted, {}};
    const bool refused =
        result.code != CURLE_LOGIN_DENIED && result.status >= 550 && result.status < 560;
    return {refused ? SendOutcome::kRefused : SendOutcome::kFailed,
            result.status > 0 ? fmt::format("{} (status {})", result.error, result.status)
                              : result.error};
  }

  const std::string name_ = kMailChannel;
  const MailSettings settings_;
  const std::string receiver_;
  const std::atomic<bool>& stop_;
};

}  // namespace

Result<std::unique_ptr<Channel>> MakeMailChannel(const MailSettings& settings,
                                                 const std::atomic<bool>& stop) {
  GRANT_TRY(const NotifyUrl url, ParseMailUrl(settings.url));
  return std::make_unique<MailChannel>(settings, url.receiver, stop);
}

}  // namespace grant
