#include "policy/ace/psk_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace sluice::ace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> NamesIn(absl::string_view identity) {
  const auto names = ReadPskIdentity(AsBytes(identity));
  EXPECT_TRUE(names.ok()) << names.status();
  return names.value_or(std::vector<std::string>());
}

std::string Fault(absl::string_view identity) {
  const auto names = ReadPskIdentity(AsBytes(identity));
  EXPECT_EQ(names.status().code(), absl::StatusCode::kInvalidArgument)
      << absl::BytesToHexString(identity);
  return std::string(names.status().message());
}

// covers: ACE-AUTH-3
TEST(PskIdentityTest, JsonNamesAKeyByTextOrByTheBytesItEncodes) {
  EXPECT_THAT(NamesIn(R"({"cnf":{"jwk":{"kty":"oct","kid":"key-1!"}}})"),
              ElementsAre("key-1!"));
  // What decodes may be either.
  EXPECT_THAT(NamesIn(R"({"cnf":{"jwk":{"kty":"oct","kid":"AQID"}}})"),
              ElementsAre("AQID", "\x01\x02\x03"));
  EXPECT_THAT(NamesIn("\n { \"cnf\" : {\"jwk\": {\"kid\":\"a\",\r\n"
                      "\"kty\":\"oct\",\"alg\":\"HS256\"}}, \"more\": 1}"),
              ElementsAre("a"));
}

// covers: ACE-AUTH-3
TEST(PskIdentityTest, CborNamesAKeyByBytes) {
  // {8: {1: {1: 4, 2: h'0102ff'}}}
  EXPECT_THAT(NamesIn(absl::HexStringToBytes("a108a101a20104024301"
                                             "02ff")),
              ElementsAre("\x01\x02\xff"));
  // The members the other way round, the integers longer than need be:
  // {8: {1: {2: 'k', 1: 4, 3: 5}}}
  EXPECT_THAT(NamesIn(absl::HexStringToBytes("a11808a11801a302416b18011804"
                                             "0305")),
              ElementsAre("k"));
}

// covers: ACE-AUTH-3
TEST(PskIdentityTest, TheConfirmationMayStandAlone) {
  EXPECT_THAT(NamesIn(R"({"jwk":{"kty":"oct","kid":"key-1!"}})"),
              ElementsAre("key-1!"));
  EXPECT_THAT(NamesIn(absl::HexStringToBytes("a101a20104"
                                             "02416b")),
              ElementsAre("k"));
}

// covers: ACE-AUTH-3
TEST(PskIdentityTest, AnythingElseIsNone) {
  EXPECT_THAT(Fault(""), HasSubstr("empty"));
  EXPECT_THAT(Fault("client-1"), HasSubstr("PSK identity"));
  EXPECT_THAT(Fault("{"), HasSubstr("PSK identity"));
  EXPECT_THAT(Fault("{}"), HasSubstr("no cnf"));
  EXPECT_THAT(Fault(R"({"cnf":"x"})"), HasSubstr("no cnf"));
  EXPECT_THAT(Fault(R"({"cnf":{"jwk":[]}})"), HasSubstr("no cnf"));
  EXPECT_THAT(Fault(R"({"jwk":{"kid":"a"}})"), HasSubstr("kty"));
  EXPECT_THAT(Fault(R"({"jwk":{"kty":"EC","kid":"a"}})"), HasSubstr("kty"));
  EXPECT_THAT(Fault(R"({"jwk":{"kty":"oct"}})"), HasSubstr("no kid"));
  EXPECT_THAT(Fault(R"({"jwk":{"kty":"oct","kid":""}})"), HasSubstr("no kid"));
  EXPECT_THAT(Fault(R"({"jwk":{"kty":"oct","kid":7}})"), HasSubstr("no kid"));
  EXPECT_THAT(Fault(R"({"jwk":{"kty":"oct","kid":"a","kid":"b"}})"),
              HasSubstr("PSK identity"));
  EXPECT_THAT(Fault(R"({"jwk":{"kty":"oct","kid":"a"}}x)"),
              HasSubstr("PSK identity"));
  // Two maps one after the other, an array, text as kid, no kid, another type,
  // a tag, an indefinite length, less than there should be.
  for (const char* hex :
       {"a101a2010402416ba0", "83010203", "a101a2010402616b", "a101a10104",
        "a101a2010102416b", "c6a101a2010402416b", "bf01a2010402416bff",
        "a101a201040241", "a1"}) {
    EXPECT_THAT(Fault(absl::HexStringToBytes(hex)), HasSubstr("PSK identity"))
        << hex;
  }
}

// Whoever sends the key in clear has given it away.
TEST(PskIdentityTest, TheKeyItselfIsRefused) {
  const std::string fault =
      Fault(R"({"jwk":{"kty":"oct","kid":"a","k":"c2VjcmV0"}})");
  EXPECT_EQ(fault, "PSK identity: holds the key");
  EXPECT_EQ(Fault(absl::HexStringToBytes("a101a3010402416b2041ff")),
            "PSK identity: holds the key");
}

TEST(PskIdentityTest, IsBounded) {
  const std::string head = R"({"jwk":{"kty":"oct","kid":")";
  const std::string tail = R"("}})";
  const size_t room = kMaxPskIdentityBytes - head.size() - tail.size();
  EXPECT_EQ(NamesIn(absl::StrCat(head, std::string(room, '!'), tail)).size(),
            1u);
  EXPECT_THAT(Fault(absl::StrCat(head, std::string(room + 1, '!'), tail)),
              HasSubstr("too long"));
}

}  // namespace
}  // namespace sluice::ace
