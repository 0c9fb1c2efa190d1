#include "proxy/base/secret_string.h"

#include <algorithm>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "gtest/gtest.h"

namespace sluice {
namespace {

// More than a std::string holds without memory of its own, and less.
const std::string* const kTexts[] = {new std::string(100, 's'),
                                     new std::string("short")};

TEST(SecretStringTest, HoldsAText) {
  EXPECT_TRUE(SecretString().empty());
  for (const std::string* text : kTexts) {
    const SecretString secret(*text);
    const SecretString copy = secret;
    EXPECT_EQ(copy, *text);
    EXPECT_EQ(secret, *text);
    EXPECT_EQ(secret.size(), text->size());
    EXPECT_STREQ(secret.c_str(), text->c_str());
  }
}

TEST(SecretStringTest, OverwritesWhatAStringHeld) {
  for (const std::string* text : kTexts) {
    std::string wiped = *text;
    const char* const held = wiped.data();
    wiped.resize(2);
    SecretString::Wipe(&wiped);
    EXPECT_EQ(wiped, "");
    EXPECT_EQ(std::count(held, held + text->size(), 0),
              static_cast<ptrdiff_t>(text->size()));
  }
}

TEST(SecretStringTest, LeavesNothingWhereItWasMovedFrom) {
  for (const std::string* text : kTexts) {
    std::string source = *text;
    SecretString first(std::move(source));
    EXPECT_EQ(std::string(source.data(), source.capacity()).find("sho"),
              std::string::npos);
    SecretString second(std::move(first));
    EXPECT_EQ(second, *text);
    EXPECT_TRUE(first.empty());
    first = std::move(second);
    EXPECT_EQ(first, *text);
    EXPECT_TRUE(second.empty());
  }
}

// In memory that outlives the object, so that it can be looked at.
TEST(SecretStringTest, OverwritesItsBytesAtItsEnd) {
  alignas(SecretString) char memory[sizeof(SecretString)];
  auto* const secret = new (memory) SecretString("shorttext");
  secret->~SecretString();
  EXPECT_EQ(absl::string_view(memory, sizeof(memory)).find("shorttext"),
            absl::string_view::npos);
}

}  // namespace
}  // namespace sluice
