#include "proxy/transport/client_nonces.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::transport {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);
const SecretString kKey(std::string(32, 'k'));

// covers: ACE-CON-2
TEST(ClientNoncesTest, TakesItsOwnUntilTheyAreTooOld) {
  const ClientNonces nonces(kKey);
  const std::string nonce = nonces.Make(kNow);
  EXPECT_EQ(nonce.size(), ClientNonces::kSize);
  EXPECT_TRUE(nonces.IsFresh(AsBytes(nonce), kNow));
  // Not used up.
  EXPECT_TRUE(nonces.IsFresh(AsBytes(nonce), kNow));
  EXPECT_TRUE(nonces.IsFresh(AsBytes(nonce), kNow + ClientNonces::kMaxAge));
  EXPECT_FALSE(nonces.IsFresh(
      AsBytes(nonce), kNow + ClientNonces::kMaxAge + absl::Microseconds(1)));
}

// covers: ACE-CON-2
TEST(ClientNoncesTest, AnotherProxysClockMayBeAheadALittle) {
  const ClientNonces nonces(kKey);
  const std::string nonce = nonces.Make(kNow);
  EXPECT_TRUE(nonces.IsFresh(AsBytes(nonce), kNow - ClientNonces::kMaxSkew));
  EXPECT_FALSE(nonces.IsFresh(
      AsBytes(nonce), kNow - ClientNonces::kMaxSkew - absl::Microseconds(1)));
}

// covers: ACE-CON-2
TEST(ClientNoncesTest, TakesThoseOfTheSameKeyAndNoOthers) {
  const ClientNonces nonces(kKey), same(kKey),
      other(SecretString(std::string(32, 'o')));
  const std::string nonce = nonces.Make(kNow);
  EXPECT_TRUE(same.IsFresh(AsBytes(nonce), kNow));
  EXPECT_FALSE(other.IsFresh(AsBytes(nonce), kNow));
}

TEST(ClientNoncesTest, TakesNothingThatWasTouched) {
  const ClientNonces nonces(kKey);
  const std::string nonce = nonces.Make(kNow);
  for (size_t bit = 0; bit < 8 * nonce.size(); ++bit) {
    std::string touched = nonce;
    touched[bit / 8] = static_cast<char>(touched[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(nonces.IsFresh(AsBytes(touched), kNow)) << "bit " << bit;
  }
  for (size_t size = 0; size < nonce.size(); ++size) {
    EXPECT_FALSE(nonces.IsFresh(AsBytes(nonce).first(size), kNow)) << size;
  }
  EXPECT_FALSE(nonces.IsFresh(AsBytes(nonce + "x"), kNow));
  EXPECT_FALSE(nonces.IsFresh(AsBytes(std::string(32, '\0')), kNow));
}

TEST(ClientNoncesTest, EachIsNew) {
  const ClientNonces nonces(kKey);
  EXPECT_NE(nonces.Make(kNow), nonces.Make(kNow));
}

// The MAC by an independent program, over the time and eight bytes 'r'.
TEST(ClientNoncesTest, TheMacIsHalfOfHmacSha256) {
  const std::string nonce =
      std::string("\x00\x06\x65\x17\x28\x98\x80\x00", 8) + std::string(8, 'r') +
      std::string(
          "\x27\x49\xDF\xF5\xF0\x53\x31\xF5\x79\x16\xEC\xA8\x11\x41\xF4\x52",
          16);
  EXPECT_TRUE(ClientNonces(kKey).IsFresh(AsBytes(nonce), kNow));
}

}  // namespace
}  // namespace sluice::transport
