#include "proxy/server/event_logger.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proxy/mqtt/reason_code.h"
#include "test/testing/string_sink.h"

namespace sluice::server {
namespace {

using ::sluice::session::Action;
using ::sluice::session::Event;
using ::sluice::testing::StringSink;

absl::Time g_now = absl::UnixEpoch();

class EventLoggerTest : public ::testing::Test {
 protected:
  // The line of `event` behind its time.
  std::string Log(const Event& event) {
    sink_.Clear();
    event_logger_.OnEvent(event);
    const std::string time = "1970-01-01T00:00:00.000Z ";
    if (sink_.last().empty()) return "";
    EXPECT_TRUE(absl::StartsWith(sink_.last(), time)) << sink_.last();
    return sink_.last().substr(time.size());
  }

  Event ClientEvent(Event::Kind kind) {
    Event event;
    event.kind = kind;
    event.client.listener = "mqtts";
    event.client.address = "192.0.2.1:4711";
    event.client.client_id = "pump-7";
    return event;
  }

  StringSink sink_;
  Logger logger_{&sink_, LogLevel::kInfo, LogFormat::kText,
                 [] { return absl::UnixEpoch(); }};
  EventLogger event_logger_{&logger_, [] { return g_now; }};
};

TEST_F(EventLoggerTest, TellsWhoConnected) {
  Event event = ClientEvent(Event::Kind::kConnected);
  event.client.subject = "alice";
  event.client.token_id = "t-1";
  EXPECT_EQ(Log(event),
            "INFO client_connected listener=mqtts "
            "client_address=192.0.2.1:4711 client_id=pump-7 subject=alice "
            "token_id=t-1\n");
}

TEST_F(EventLoggerTest, TellsOfATokenThatNeedNotBeTheClients) {
  Event event = ClientEvent(Event::Kind::kRefused);
  event.client.subject = "alice";
  event.client.token_id = "t-1";
  event.client.unproven = true;
  EXPECT_THAT(Log(event), ::testing::HasSubstr(
                              " subject=alice token_id=t-1 proven=false "));
}

TEST_F(EventLoggerTest, TellsWhyAClientWasRefused) {
  Event event = ClientEvent(Event::Kind::kRefused);
  event.reason_code = static_cast<uint8_t>(mqtt::ReasonCode::kNotAuthorized);
  event.detail = "the token has expired";
  EXPECT_EQ(Log(event),
            "WARNING client_refused listener=mqtts "
            "client_address=192.0.2.1:4711 client_id=pump-7 reason_code=135 "
            "reason=\"Not authorized\" detail=\"the token has expired\"\n");
}

TEST_F(EventLoggerTest, TellsWhatWasDenied) {
  Event event = ClientEvent(Event::Kind::kDenied);
  event.action = Action::kSubscribe;
  event.reason_code = static_cast<uint8_t>(mqtt::ReasonCode::kNotAuthorized);
  event.topic = "secret/#";
  EXPECT_EQ(Log(event),
            "WARNING client_denied listener=mqtts "
            "client_address=192.0.2.1:4711 client_id=pump-7 action=subscribe "
            "topic=secret/# reason_code=135 reason=\"Not authorized\"\n");
}

TEST_F(EventLoggerTest, TellsHowAConnectionEnded) {
  EXPECT_EQ(Log(ClientEvent(Event::Kind::kClosed)),
            "INFO client_closed listener=mqtts client_address=192.0.2.1:4711 "
            "client_id=pump-7 reason_code=0 reason=Success\n");
}

TEST_F(EventLoggerTest, CutsWhatAClientChose) {
  const std::string topic(65535, 't');
  const std::string client_id(65535, 'c');
  Event event = ClientEvent(Event::Kind::kDenied);
  event.topic = topic;
  event.client.client_id = client_id;
  EXPECT_LT(Log(event).size(), 1000u);
}

TEST_F(EventLoggerTest, SaysNothingBelowTheLevel) {
  logger_.SetLevel(LogLevel::kWarning);
  EXPECT_EQ(Log(ClientEvent(Event::Kind::kConnected)), "");
  EXPECT_NE(Log(ClientEvent(Event::Kind::kRefused)), "");
}

// Whoever reaches a listener makes such lines.
TEST_F(EventLoggerTest, WritesAHundredLinesASecondAboutThoseWhoAreNotLetIn) {
  const Event refused = ClientEvent(Event::Kind::kRefused);
  for (int i = 0; i < 130; ++i) {
    event_logger_.OnHandshakeFailed("mqtts", "192.0.2.1:4711", "no TLS");
  }
  for (int i = 0; i < 102; ++i) event_logger_.OnEvent(refused);
  EXPECT_EQ(sink_.lines().size(), 200u);
  EXPECT_EQ(event_logger_.suppressed(), 32u);
  // Others have lines meanwhile.
  EXPECT_NE(Log(ClientEvent(Event::Kind::kConnected)), "");

  g_now += absl::Seconds(1);
  sink_.Clear();
  event_logger_.OnEvent(refused);
  event_logger_.OnEvent(refused);
  ASSERT_EQ(sink_.lines().size(), 3u);
  EXPECT_EQ(sink_.lines()[0],
            "1970-01-01T00:00:00.000Z WARNING lines_suppressed "
            "of=client_refused lines=2\n");
  EXPECT_TRUE(absl::StrContains(sink_.lines()[1], "client_refused listener"));
  EXPECT_TRUE(absl::StrContains(sink_.lines()[2], "client_refused listener"));
}

// So do clients without a token, by coming and going.
TEST_F(EventLoggerTest, WritesAHundredLinesASecondAboutThoseWithoutAToken) {
  for (const auto kind :
       {Event::Kind::kConnected, Event::Kind::kDenied, Event::Kind::kClosed}) {
    g_now += absl::Seconds(10);
    sink_.Clear();
    Event event = ClientEvent(kind);
    for (int i = 0; i < 130; ++i) event_logger_.OnEvent(event);
    EXPECT_EQ(sink_.lines().size(), 100u);
    event.has_token = true;
    for (int i = 0; i < 130; ++i) event_logger_.OnEvent(event);
    EXPECT_EQ(sink_.lines().size(), 230u);
  }
}

TEST_F(EventLoggerTest, TellsAtTheEndHowManyLinesThereAreNot) {
  {
    EventLogger event_logger(&logger_, [] { return g_now; });
    for (int i = 0; i < 130; ++i) {
      event_logger.OnHandshakeFailed("mqtts", "192.0.2.1:4711", "no TLS");
    }
  }
  EXPECT_EQ(sink_.lines().size(), 101u);
  EXPECT_EQ(sink_.last(),
            "1970-01-01T00:00:00.000Z WARNING lines_suppressed "
            "of=handshake_failed lines=30\n");
}

TEST_F(EventLoggerTest, CountsNothingThatIsBelowTheLevel) {
  logger_.SetLevel(LogLevel::kError);
  for (int i = 0; i < 130; ++i) {
    event_logger_.OnHandshakeFailed("mqtts", "192.0.2.1:4711", "no TLS");
  }
  EXPECT_EQ(event_logger_.suppressed(), 0u);
}

}  // namespace
}  // namespace sluice::server
