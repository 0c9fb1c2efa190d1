#include "policy/ace/token_format.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "proxy/base/bytes.h"

// covers: ACE-TOK-1

namespace sluice::ace {
namespace {

TokenFormat Classify(absl::string_view token) {
  return ClassifyToken(AsBytes(token));
}

constexpr absl::string_view kHeader = "eyJhbGciOiJ4In0";  // {"alg":"x"}

TEST(TokenFormatTest, TellsJoseByItsPartsAndHeader) {
  EXPECT_EQ(Classify(""), TokenFormat::kEmpty);
  EXPECT_EQ(Classify(absl::StrCat(kHeader, "..")), TokenFormat::kJws);
  EXPECT_EQ(Classify(absl::StrCat(kHeader, ".a.b")), TokenFormat::kJws);
  EXPECT_EQ(Classify(absl::StrCat(kHeader, ".a.b.c.d")), TokenFormat::kJwe);
  for (const absl::string_view rest : {"", ".a", ".a.b.c", ".a.b.c.d.e"}) {
    EXPECT_EQ(Classify(absl::StrCat(kHeader, rest)), TokenFormat::kReference);
  }
  EXPECT_EQ(Classify("e30.a.b"), TokenFormat::kReference);  // {}
  EXPECT_EQ(Classify("W10.a.b"), TokenFormat::kReference);  // []
  EXPECT_EQ(Classify("?.a.b"), TokenFormat::kReference);
  EXPECT_EQ(Classify("f47ac10b-58cc-4372"), TokenFormat::kReference);
}

TEST(TokenFormatTest, TellsCoseByItsFirstBytes) {
  for (const absl::string_view hex : {"d0", "d1", "d2", "d83d", "83", "84"}) {
    EXPECT_EQ(Classify(absl::HexStringToBytes(hex)), TokenFormat::kCose) << hex;
  }
  for (const absl::string_view hex : {"d8", "d812", "d3", "82", "85", "a0"}) {
    EXPECT_EQ(Classify(absl::HexStringToBytes(hex)), TokenFormat::kReference)
        << hex;
  }
}

TEST(TokenFormatTest, WhatOnlyBeginsLikeCoseIsNotWellFormed) {
  const auto is_well_formed = [](absl::string_view hex) {
    return IsWellFormedCose(AsBytes(absl::HexStringToBytes(hex)));
  };
  EXPECT_TRUE(is_well_formed("83010203"));
  EXPECT_TRUE(is_well_formed("d83dd28401020304"));
  for (const absl::string_view hex : {"", "83", "830102", "8301020304", "d2",
                                      "843d7a7a7a7a7a7a7a7a", "82010203"}) {
    EXPECT_FALSE(is_well_formed(hex)) << hex;
  }
}

}  // namespace
}  // namespace sluice::ace
