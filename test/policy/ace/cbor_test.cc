#include "policy/ace/cbor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "policy/ace/cbor_writer.h"
#include "proxy/base/bytes.h"

// covers: ACE-TOK-1, ACE-TOK-2

namespace sluice::ace {
namespace {

// What a hexadecimal text says. The bytes outlive the value, which aliases
// them.
struct Parsed {
  explicit Parsed(absl::string_view hex)
      : bytes(absl::HexStringToBytes(hex)), value(ParseCbor(AsBytes(bytes))) {}

  std::string bytes;
  absl::StatusOr<Cbor> value;
};

std::string ErrorOf(absl::string_view hex) {
  return std::string(Parsed(hex).value.status().message());
}

// Examples of RFC 8949 appendix A.
TEST(CborTest, ReadsIntegers) {
  struct Case {
    absl::string_view hex;
    int64_t value;
  };
  for (const Case& test : {Case{"00", 0},
                           {"17", 23},
                           {"1818", 24},
                           {"1903e8", 1000},
                           {"1a000f4240", 1000000},
                           {"1b000000e8d4a51000", 1000000000000},
                           {"20", -1},
                           {"3863", -100},
                           {"3903e7", -1000},
                           // Not in the shortest form.
                           {"1801", 1},
                           {"190001", 1},
                           {"3a00000000", -1},
                           {"1b7fffffffffffffff", INT64_MAX},
                           {"3b7fffffffffffffff", INT64_MIN}}) {
    const Parsed parsed(test.hex);
    ASSERT_TRUE(parsed.value.ok()) << test.hex << parsed.value.status();
    EXPECT_EQ(AsInteger(&*parsed.value), test.value) << test.hex;
  }
  for (const absl::string_view hex :
       {"1bffffffffffffffff", "3bffffffffffffffff", "f4"}) {
    const Parsed parsed(hex);
    EXPECT_EQ(AsInteger(&*parsed.value), std::nullopt) << hex;
  }
  EXPECT_EQ(AsInteger(nullptr), std::nullopt);
}

TEST(CborTest, ReadsFloatsAndSimpleValues) {
  EXPECT_EQ(Parsed("f93c00").value->number, 1.0);
  EXPECT_EQ(Parsed("fa47c35000").value->number, 100000.0);
  EXPECT_EQ(Parsed("fb3ff199999999999a").value->number, 1.1);
  EXPECT_TRUE(std::isnan(Parsed("f97e00").value->number));
  EXPECT_EQ(Parsed("f5").value->type, Cbor::Type::kBoolean);
  EXPECT_EQ(Parsed("f5").value->argument, 1u);
  EXPECT_EQ(Parsed("f6").value->type, Cbor::Type::kNull);
  EXPECT_EQ(Parsed("f7").value->type, Cbor::Type::kUndefined);
}

TEST(CborTest, ReadsStringsAndContainers) {
  // {1: [h'0102', "ä"], "a": 1(2)}
  const Parsed parsed("a2018242010262c3a46161c102");
  ASSERT_TRUE(parsed.value.ok()) << parsed.value.status();
  const Cbor* array = FindKey(*parsed.value, 1);
  ASSERT_NE(array, nullptr);
  ASSERT_EQ(array->items.size(), 2u);
  EXPECT_EQ(AsString(*AsByteString(&array->items[0])), "\x01\x02");
  EXPECT_EQ(AsTextString(&array->items[0]), std::nullopt);
  EXPECT_EQ(AsTextString(&array->items[1]), "\xc3\xa4");
  EXPECT_EQ(AsByteString(&array->items[1]), std::nullopt);
  const Cbor& tag = parsed.value->items[3];
  EXPECT_EQ(tag.type, Cbor::Type::kTag);
  EXPECT_EQ(tag.argument, 1u);
  EXPECT_EQ(AsInteger(&tag.items[0]), 2);
  EXPECT_EQ(FindKey(*parsed.value, 2), nullptr);
  EXPECT_EQ(FindKey(*array, 1), nullptr);
  for (const absl::string_view empty : {"80", "a0", "40", "60"}) {
    EXPECT_TRUE(Parsed(empty).value.ok()) << empty;
  }
}

TEST(CborTest, RefusesWhatItCannotTrust) {
  EXPECT_EQ(ErrorOf(""), "malformed CBOR at byte 0");
  EXPECT_EQ(ErrorOf("18"), "malformed CBOR at byte 0");
  EXPECT_EQ(ErrorOf("4201"), "malformed CBOR at byte 0");
  EXPECT_EQ(ErrorOf("8201"), "malformed CBOR at byte 2");
  EXPECT_EQ(ErrorOf("c1"), "malformed CBOR at byte 1");
  EXPECT_EQ(ErrorOf("1c"), "malformed CBOR at byte 0");
  EXPECT_EQ(ErrorOf("fc"), "malformed CBOR at byte 0");
  EXPECT_EQ(ErrorOf("0000"), "bytes after the CBOR item at byte 1");
  for (const absl::string_view hex :
       {"5f42010243030405ff", "7f657374726561646d696e67ff", "9fff", "bfff",
        "8201ff", "ff"}) {
    EXPECT_TRUE(absl::StartsWith(ErrorOf(hex), "CBOR of indefinite length"))
        << hex << ErrorOf(hex);
  }
  EXPECT_EQ(ErrorOf("61ff"), "a text string is not UTF-8 at byte 0");
  EXPECT_EQ(ErrorOf("62c080"), "a text string is not UTF-8 at byte 0");
}

TEST(CborTest, RefusesAKeyTwiceHoweverItIsWritten) {
  EXPECT_EQ(ErrorOf("a201000100"), "a map has a key twice at byte 4");
  EXPECT_TRUE(
      absl::StartsWith(ErrorOf("a20100180100"), "a map has a key twice"));
  EXPECT_TRUE(
      absl::StartsWith(ErrorOf("a2616100616100"), "a map has a key twice"));
  EXPECT_TRUE(
      absl::StartsWith(ErrorOf("81a201000100"), "a map has a key twice"));
  EXPECT_TRUE(Parsed("a201002000").value.ok());    // 1 and -1
  EXPECT_TRUE(Parsed("a20100613100").value.ok());  // 1 and "1"
  for (const absl::string_view key : {"4101", "80", "f4", "fa3f800000"}) {
    EXPECT_TRUE(absl::StartsWith(ErrorOf(absl::StrCat("a1", key, "00")),
                                 "a map key is neither an integer nor text"))
        << key;
  }
}

TEST(CborTest, IsBoundedInDepthAndSize) {
  const auto nested = [](size_t depth) {
    std::string hex;
    for (size_t i = 0; i < depth; ++i) hex += "81";
    return hex + "00";
  };
  EXPECT_TRUE(Parsed(nested(kMaxCborDepth)).value.ok());
  EXPECT_TRUE(absl::StartsWith(ErrorOf(nested(kMaxCborDepth + 1)),
                               "CBOR nested too deeply"));
  std::string tags;
  for (size_t i = 0; i < 10000; ++i) tags += "c1";
  EXPECT_TRUE(absl::StartsWith(ErrorOf(tags), "CBOR nested too deeply"));
  // Announced, but not there.
  EXPECT_EQ(ErrorOf("9bffffffffffffffff"), "malformed CBOR at byte 9");
  EXPECT_EQ(ErrorOf("5bffffffffffffffff00"), "malformed CBOR at byte 0");
  EXPECT_EQ(ErrorOf("bbffffffffffffffff"),
            "a map has too many entries at byte 0");

  CborWriter writer;
  writer.Map(kMaxCborMapEntries);
  for (size_t i = 0; i < kMaxCborMapEntries; ++i) writer.Integer(i).Null();
  EXPECT_TRUE(ParseCbor(AsBytes(writer.bytes())).ok());

  CborWriter longest;
  longest.Bytes(AsBytes(std::string(kMaxCborBytes - 5, 'x')));
  EXPECT_TRUE(ParseCbor(AsBytes(longest.bytes())).ok());
  longest.Null();
  EXPECT_EQ(ParseCbor(AsBytes(longest.bytes())).status().message(),
            "CBOR too long");
}

TEST(CborTest, RefusesEveryBeginning) {
  const std::string hex = "a30182420102616302f53863fb3ff199999999999a";
  ASSERT_TRUE(Parsed(hex).value.ok()) << Parsed(hex).value.status();
  for (size_t size = 0; size < hex.size(); size += 2) {
    EXPECT_FALSE(Parsed(hex.substr(0, size)).value.ok()) << size;
  }
}

TEST(CborWriterTest, WritesTheShortestForm) {
  CborWriter writer;
  writer.Array(13).Integer(0).Integer(23).Integer(24).Integer(-1);
  writer.Integer(-100).Integer(1000000);
  writer.Bytes(AsBytes("ab")).Text("c").Boolean(true).Null();
  writer.Map(1).Integer(1).Float(1.5).Tag(61).Encoded("\x01").Integer(
      INT64_MIN);
  EXPECT_EQ(absl::BytesToHexString(writer.bytes()),
            "8d00171818203863"
            "1a000f4240"
            "426162"
            "6163"
            "f5f6"
            "a101fb3ff8000000000000"
            "d83d01"
            "3b7fffffffffffffff");
  EXPECT_TRUE(ParseCbor(AsBytes(writer.bytes())).ok());
}

}  // namespace
}  // namespace sluice::ace
