#include "store_testing.h"

namespace grant {
namespace {

using testing::ElementsAre;
using testing::Pair;

Notification SomeNotification(int number) {
  Notification notification;
  notification.id = "ntf_" + std::to_string(number);
  notification.event = event::kRequestFiled;
  notification.request_id = RequestId(1);
  notification.step = 0;
  notification.actor = Who("unix:alice");
  notification.at = At(100);
  return notification;
}

Delivery SomeDelivery(int number, const std::string& channel, const std::string& recipient,
                      Time due_at = At(100)) {
  return {"ntf_" + std::to_string(number), channel, recipient, recipient, 0, At(100), due_at};
}

class TablesNotifications : public testing::Test {
 protected:
  TablesNotifications() { Must(tables().InsertRequest(SomeRequest(1))); }

  Tables& tables() { return database_.tables(); }
  void Queue(int number, const std::vector<Delivery>& deliveries) {
    Must(tables().InsertNotification(SomeNotification(number)));
    Must(tables().PrepareNotification("ntf_" + std::to_string(number), deliveries));
  }

  Database database_;
};

TEST_F(TablesNotifications, AreFoundAsTheyWereStored) {
  Notification outcome = SomeNotification(2);
  outcome.step.reset();
  Must(tables().InsertNotification(SomeNotification(1)));
  Must(tables().InsertNotification(outcome));
  EXPECT_EQ(Must(tables().FindNotification("ntf_1")), SomeNotification(1));
  EXPECT_EQ(Must(tables().FindNotification("ntf_2")), outcome);
  EXPECT_EQ(Must(tables().FindNotification("ntf_3")), std::nullopt);
  EXPECT_THAT(Must(tables().UnpreparedNotifications(10)),
              ElementsAre(SomeNotification(1), outcome));
  EXPECT_THAT(Must(tables().UnpreparedNotifications(1)), ElementsAre(SomeNotification(1)));
}

TEST_F(TablesNotifications, ArePreparedOnce) {
  Queue(1, {SomeDelivery(1, "smtp", "a")});
  EXPECT_TRUE(Must(tables().UnpreparedNotifications(10)).empty());
  EXPECT_THAT(tables().PrepareNotification("ntf_1", {}), FailsWith(Code::kConflict));
}

TEST_F(TablesNotifications, TheDeliveryThatIsDueFirstComesNext) {
  Queue(1, {SomeDelivery(1, "smtp", "a", At(300)), SomeDelivery(1, "smtp", "b", At(200)),
            SomeDelivery(1, "webhook", "", At(100))});
  EXPECT_EQ(Must(tables().NextDelivery("smtp")), SomeDelivery(1, "smtp", "b", At(200)));
  Delivery failed = SomeDelivery(1, "smtp", "b", At(400));
  failed.attempts = 1;
  Must(tables().PostponeDelivery(failed));
  EXPECT_EQ(Must(tables().NextDelivery("smtp")), SomeDelivery(1, "smtp", "a", At(300)));
  Must(tables().HastenDeliveries("smtp", At(250)));
  EXPECT_EQ(Must(tables().NextDelivery("smtp"))->due_at, At(250));
  EXPECT_EQ(Must(tables().NextDelivery("webhook"))->due_at, At(100)) << "only of that channel";
  EXPECT_EQ(Must(tables().NextDelivery("pigeon")), std::nullopt);
}

TEST_F(TablesNotifications, WhatIsSettledOrRemovedWaitsNoMore) {
  Queue(1, {SomeDelivery(1, "smtp", "a"), SomeDelivery(1, "smtp", "b"),
            SomeDelivery(1, "webhook", "")});
  EXPECT_THAT(Must(tables().WaitingByChannel()), ElementsAre(Pair("smtp", 2), Pair("webhook", 1)));
  const Time queued = SomeDelivery(1, "smtp", "a").queued_at;
  EXPECT_THAT(Must(tables().LongestWaitingByChannel()),
              ElementsAre(Pair("smtp", queued), Pair("webhook", queued)));
  Must(tables().SettleDelivery(SomeDelivery(1, "smtp", "a"), At(500)));
  Must(tables().RemoveDelivery(SomeDelivery(1, "webhook", "")));
  EXPECT_THAT(Must(tables().WaitingByChannel()), ElementsAre(Pair("smtp", 1)));
  EXPECT_EQ(Must(tables().NextDelivery("smtp"))->recipient, "b");
  EXPECT_THAT(tables().SettleDelivery(SomeDelivery(1, "smtp", "a"), At(500)),
              FailsWith(Code::kConflict));
  EXPECT_THAT(tables().RemoveDelivery(SomeDelivery(1, "smtp", "a")), FailsWith(Code::kConflict));
}

TEST_F(TablesNotifications, TheOldestComeFirstWhateverIsDue) {
  Queue(1, {SomeDelivery(1, "smtp", "a", At(900))});
  Queue(2, {SomeDelivery(2, "webhook", "", At(100))});
  EXPECT_THAT(Must(tables().OldestDeliveries(1)),
              ElementsAre(SomeDelivery(1, "smtp", "a", At(900))));
  EXPECT_EQ(Must(tables().OldestDeliveries(5)).size(), 2U);
}

TEST_F(TablesNotifications, WhatWasDeliveredLongAgoIsForgottenAndNothingElse) {
  Queue(1, {SomeDelivery(1, "smtp", "a"), SomeDelivery(1, "smtp", "b")});
  Queue(2, {SomeDelivery(2, "smtp", "a")});
  Queue(3, {});
  Must(tables().InsertNotification(SomeNotification(4)));
  Must(tables().SettleDelivery(SomeDelivery(1, "smtp", "a"), At(500)));
  Must(tables().SettleDelivery(SomeDelivery(2, "smtp", "a"), At(500)));
  Must(tables().RemoveDelivered(At(500)));
  EXPECT_EQ(database_.Count("notification_delivery"), 3) << "not yet older";
  Must(tables().RemoveDelivered(At(501)));
  EXPECT_EQ(database_.Count("notification_delivery"), 1);
  EXPECT_TRUE(Must(tables().FindNotification("ntf_1"))) << "one of its deliveries waits";
  EXPECT_FALSE(Must(tables().FindNotification("ntf_2")));
  EXPECT_FALSE(Must(tables().FindNotification("ntf_3")));
  EXPECT_TRUE(Must(tables().FindNotification("ntf_4"))) << "not prepared yet";
}

TEST_F(TablesNotifications, OneRecordOfAChannelIsKept) {
  ChannelRecord smtp{"smtp", At(1), std::nullopt, ""};
  Must(tables().StoreChannelRecord(smtp));
  smtp.last_error_at = At(2);
  smtp.last_error = "no route";
  Must(tables().StoreChannelRecord(smtp));
  const ChannelRecord webhook{"webhook", std::nullopt, std::nullopt, ""};
  Must(tables().StoreChannelRecord(webhook));
  EXPECT_THAT(Must(tables().ChannelRecords()), ElementsAre(smtp, webhook));
}

TEST_F(TablesNotifications, DamagedRowIsAnErrorAndNoException) {
  for (const char* damage : {"attempts = -1", "due_at = 'soon'", "queued_at = 'x'"}) {
    Database database;
    Must(database.tables().InsertRequest(SomeRequest(1)));
    Must(database.tables().InsertNotification(SomeNotification(1)));
    Must(database.tables().PrepareNotification("ntf_1", {SomeDelivery(1, "smtp", "a")}));
    Must(database.sql().Execute(std::string("UPDATE notification_delivery SET ") + damage, {}));
    EXPECT_EQ(ErrorOf(database.tables().NextDelivery("smtp")).code, Code::kInternal) << damage;
  }
}

}  // namespace
}  // namespace grant
