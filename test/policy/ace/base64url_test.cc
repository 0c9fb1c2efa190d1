#include "policy/ace/base64url.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/string_view.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {
namespace {

struct Pair {
  absl::string_view bytes;
  absl::string_view text;
};

TEST(Base64UrlTest, EncodesAndDecodes) {
  for (const Pair& pair : {
           // RFC 4648 section 10, without the padding.
           Pair{"", ""},
           {"f", "Zg"},
           {"fo", "Zm8"},
           {"foo", "Zm9v"},
           {"foob", "Zm9vYg"},
           {"fooba", "Zm9vYmE"},
           {"foobar", "Zm9vYmFy"},
           // RFC 7515 appendix C.
           {"\x03\xec\xff\xe0\xc1", "A-z_4ME"},
       }) {
    EXPECT_EQ(Base64UrlEncode(AsBytes(pair.bytes)), pair.text);
    EXPECT_EQ(Base64UrlDecode(pair.text), pair.bytes);
    const auto secret = Base64UrlDecodeSecret(pair.text);
    ASSERT_TRUE(secret.has_value());
    EXPECT_EQ(AsString(secret->view()), pair.bytes);
  }
}

TEST(Base64UrlTest, RoundTripsEveryByte) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  EXPECT_EQ(Base64UrlDecode(Base64UrlEncode(AsBytes(bytes))), bytes);
}

TEST(Base64UrlTest, RefusesAllButTheOneEncoding) {
  for (const absl::string_view text : {
           "A",          // six bits are no byte
           "Zm9vY",      // the same behind whole groups
           "Zg==",       // padding
           "Zg=",        //
           "Zm9v====",   //
           "Zh",         // the last character's low four bits
           "Zm9",        // and low two bits are not zero
           "Zm+v",       // the other alphabet
           "Zm/v",       //
           "Zm 9",       // white space
           "Zm9v\n",     //
           "Zm9v.",      //
           "Z\xc3\xa4",  // not ASCII
       }) {
    EXPECT_EQ(Base64UrlDecode(text), std::nullopt) << text;
    EXPECT_FALSE(Base64UrlDecodeSecret(text).has_value()) << text;
  }
  EXPECT_EQ(Base64UrlDecode(absl::string_view("Zm\0v", 4)), std::nullopt);
}

}  // namespace
}  // namespace sluice::ace
