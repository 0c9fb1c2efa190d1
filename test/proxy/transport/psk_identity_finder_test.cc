#include "proxy/transport/psk_identity_finder.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace sluice::transport {
namespace {

using Progress = PskIdentityFinder::Progress;

constexpr uint8_t kAlert = 21;
constexpr uint8_t kHandshake = 22;

std::string U16(size_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}

std::string Record(absl::string_view fragment, uint8_t type = kHandshake) {
  return absl::StrCat(std::string(1, static_cast<char>(type)), "\x03\x03",
                      U16(fragment.size()), fragment);
}

// A ClientKeyExchange with an identity and a public key (RFC 5489 section 2).
std::string Message(absl::string_view identity, char type = 16) {
  const std::string key = "\x04" + std::string(4, 'k');
  const std::string body = absl::StrCat(U16(identity.size()), identity, key);
  return absl::StrCat(std::string({type, 0}), U16(body.size()), body);
}

Progress AddBytes(absl::string_view bytes, PskIdentityFinder* finder) {
  Progress progress = Progress::kNeedsInput;
  for (const char byte : bytes) {
    progress = finder->Add(AsBytes(absl::string_view(&byte, 1)));
  }
  return progress;
}

// covers: ACE-AUTH-3
TEST(PskIdentityFinderTest, FindsTheIdentityHoweverTheBytesAreCut) {
  const std::string records = Record(Message("who")) + Record("x", 20);
  PskIdentityFinder whole;
  EXPECT_EQ(whole.Add(AsBytes(records)), Progress::kFound);
  EXPECT_EQ(whole.identity(), "who");
  EXPECT_EQ(AsString(whole.records()), records);

  PskIdentityFinder bytes;
  EXPECT_EQ(AddBytes(records, &bytes), Progress::kFound);
  EXPECT_EQ(bytes.identity(), "who");
  EXPECT_EQ(AsString(bytes.records()), records);

  for (size_t cut = 0; cut <= records.size(); ++cut) {
    PskIdentityFinder parts;
    parts.Add(AsBytes(records.substr(0, cut)));
    EXPECT_EQ(parts.Add(AsBytes(records.substr(cut))), Progress::kFound);
    EXPECT_EQ(parts.identity(), "who");
  }
}

// covers: ACE-AUTH-3
TEST(PskIdentityFinderTest, FindsItInAMessageThatManyRecordsCarry) {
  for (size_t size = 1; size < 20; ++size) {
    const std::string message = Message("identity");
    std::string records;
    for (size_t at = 0; at < message.size(); at += size) {
      records += Record(message.substr(at, size));
    }
    PskIdentityFinder finder;
    EXPECT_EQ(AddBytes(records, &finder), Progress::kFound) << size;
    EXPECT_EQ(finder.identity(), "identity");
  }
}

TEST(PskIdentityFinderTest, WantsNoMoreThanTheIdentity) {
  const std::string records = Record(Message("who"));
  PskIdentityFinder finder;
  const size_t end = 5 + 4 + 2 + 3;
  EXPECT_EQ(finder.Add(AsBytes(records.substr(0, end - 1))),
            Progress::kNeedsInput);
  EXPECT_EQ(finder.Add(AsBytes(records.substr(end - 1, 1))), Progress::kFound);
  // What follows is kept, and read by nobody.
  EXPECT_EQ(finder.Add(AsBytes("anything")), Progress::kFound);
  EXPECT_EQ(finder.identity(), "who");
  EXPECT_EQ(AsString(finder.records()), records.substr(0, end) + "anything");
}

// The message comes first in its record, but need not be alone.
TEST(PskIdentityFinderTest, OtherMessagesMayFollowInTheRecord) {
  PskIdentityFinder finder;
  EXPECT_EQ(finder.Add(AsBytes(Record(Message("who") + Message("other")))),
            Progress::kFound);
  EXPECT_EQ(finder.identity(), "who");
}

TEST(PskIdentityFinderTest, AnythingElseHasNone) {
  const std::string kCases[] = {
      Record(Message("who"), kAlert),
      Record(Message("who", 1)),  // ClientHello
      Record(Message("who", 20)),
      Record(Message("")),
      Record(""),
      "GET / HTTP/1.1\r\n",
      // The identity goes beyond the message.
      Record(std::string("\x10\0\0\x04\0\x03who", 9)),
      Record(std::string("\x10\0\0\0\0\x03who", 9)),
  };
  for (const std::string& records : kCases) {
    PskIdentityFinder whole, bytes;
    EXPECT_EQ(whole.Add(AsBytes(records)), Progress::kNone);
    EXPECT_EQ(AddBytes(records, &bytes), Progress::kNone);
    EXPECT_EQ(AsString(whole.records()), records);
    EXPECT_EQ(AsString(bytes.records()), records);
  }
}

TEST(PskIdentityFinderTest, TheIdentityIsBounded) {
  const std::string longest(PskIdentityFinder::kMaxIdentity, 'i');
  PskIdentityFinder finder;
  EXPECT_EQ(finder.Add(AsBytes(Record(Message(longest)))), Progress::kFound);
  EXPECT_EQ(finder.identity(), longest);
  PskIdentityFinder beyond;
  const std::string records = Record(Message(longest + "i"));
  // As soon as the length is there.
  EXPECT_EQ(beyond.Add(AsBytes(records.substr(0, 11))), Progress::kNone);
}

// Whatever comes, so many bytes end in an answer.
TEST(PskIdentityFinderTest, WhatIsKeptIsBounded) {
  const std::string message =
      Message(std::string(PskIdentityFinder::kMaxIdentity, 'i'));
  PskIdentityFinder finder;
  size_t kept = 0;
  for (const char byte : message) {
    const std::string record = Record(absl::string_view(&byte, 1));
    if (finder.Add(AsBytes(record)) != Progress::kNeedsInput) break;
    kept += record.size();
  }
  EXPECT_EQ(AsString(finder.records()).size(), kept + 6);
  EXPECT_LT(kept, 1024u);
}

}  // namespace
}  // namespace sluice::transport
