#include "proxy/config/yaml_message.h"

#include <fstream>
#include <string>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "proto/timestamp.h"
#include "test/proxy/config/sample.pb.h"

namespace sluice::config {
namespace {

using sample::Sample;

Sample Parse(absl::string_view text) {
  Sample message;
  const auto locations = ParseYaml(text, "f.yaml", &message);
  EXPECT_TRUE(locations.ok()) << locations.status();
  return message;
}

TEST(YamlMessageTest, ReadsEveryKindOfField) {
  const Sample message = Parse(R"(
name: broker-1
nickname: ""
enabled: true
small: -2147483648
large: 9223372036854775807
count: 4294967295
bytes: 18446744073709551615
ratio: 0.25
timeout: 1m30s
retries: [10s, 250ms, 5m, 1h, 0]
color: dark_blue
shapes: [r1.0, "1.2", 1.2]
tags: [a, "b c", 'd']
counts: [1, 2]
children:
- key: one
- {key: two, child: {key: three}}
child: {}
memory: {}
)");
  EXPECT_EQ(message.name(), "broker-1");
  EXPECT_TRUE(message.has_nickname());
  EXPECT_EQ(message.nickname(), "");
  EXPECT_TRUE(message.enabled());
  EXPECT_FALSE(message.has_verbose());
  EXPECT_EQ(message.small(), -2147483647 - 1);
  EXPECT_EQ(message.large(), 9223372036854775807);
  EXPECT_EQ(message.count(), 4294967295u);
  EXPECT_EQ(message.bytes(), 18446744073709551615u);
  EXPECT_EQ(message.ratio(), 0.25);
  EXPECT_EQ(FromProtoDuration(message.timeout()), absl::Seconds(90));
  ASSERT_EQ(message.retries_size(), 5);
  EXPECT_EQ(FromProtoDuration(message.retries(1)), absl::Milliseconds(250));
  EXPECT_EQ(FromProtoDuration(message.retries(3)), absl::Hours(1));
  EXPECT_EQ(FromProtoDuration(message.retries(4)), absl::ZeroDuration());
  EXPECT_EQ(message.color(), sample::COLOR_DARK_BLUE);
  ASSERT_EQ(message.shapes_size(), 3);
  EXPECT_EQ(message.shapes(0), sample::SHAPE_ROUND);
  EXPECT_EQ(message.shapes(1), sample::SHAPE_FLAT);
  EXPECT_EQ(message.shapes(2), sample::SHAPE_FLAT);
  ASSERT_EQ(message.tags_size(), 3);
  EXPECT_EQ(message.tags(1), "b c");
  ASSERT_EQ(message.counts_size(), 2);
  EXPECT_EQ(message.counts(1), 2u);
  ASSERT_EQ(message.children_size(), 2);
  EXPECT_EQ(message.children(1).child().key(), "three");
  EXPECT_TRUE(message.has_child());
  EXPECT_EQ(message.place_case(), Sample::kMemory);
}

TEST(YamlMessageTest, TellsAbsentFromDefault) {
  EXPECT_FALSE(Parse("").has_verbose());
  EXPECT_TRUE(Parse("verbose: false").has_verbose());
  EXPECT_FALSE(Parse("").has_timeout());
  EXPECT_TRUE(Parse("timeout: 0s").has_timeout());
}

TEST(YamlMessageTest, TakesTheTextOfAStringAsItIsWritten) {
  EXPECT_EQ(Parse("name: 007").name(), "007");
  EXPECT_EQ(Parse("name: true").name(), "true");
  EXPECT_EQ(Parse("name: 1e3").name(), "1e3");
  EXPECT_EQ(Parse("name: \"null\"").name(), "null");
  EXPECT_EQ(Parse("name: 'it''s'").name(), "it's");
  EXPECT_EQ(Parse("name: \"a\\tb\"").name(), "a\tb");
  EXPECT_EQ(Parse("name: |\n  two\n  lines\n").name(), "two\nlines\n");
}

TEST(YamlMessageTest, TakesUnicode) {
  EXPECT_EQ(Parse("name: \"caf\u00e9 \\xe9 \\U0001F600\"").name(),
            "caf\u00e9 \u00e9 \U0001F600");
  EXPECT_EQ(Parse("\ufeffname: caf\u00e9").name(), "caf\u00e9");
}

TEST(YamlMessageTest, RemembersTheLines) {
  Sample message;
  const auto locations = ParseYaml(
      "name: a\n"
      "\n"
      "children:\n"
      "- key: one\n"
      "- key: two\n"
      "  child:\n"
      "    key: three\n",
      "f.yaml", &message);
  ASSERT_TRUE(locations.ok()) << locations.status();
  EXPECT_EQ(locations->file(), "f.yaml");
  EXPECT_EQ(locations->LineOf("name"), 1);
  EXPECT_EQ(locations->LineOf("children"), 3);
  EXPECT_EQ(locations->LineOf("children[1]"), 5);
  EXPECT_EQ(locations->LineOf("children[1].child.key"), 7);
  EXPECT_EQ(locations->LineOf("children[1].child.child"), 6);
  EXPECT_FALSE(locations->Contains("enabled"));
}

struct ErrorCase {
  const char* text;
  const char* message;
};

TEST(YamlMessageTest, SaysWhatIsWrongAndWhere) {
  const ErrorCase kCases[] = {
      // Structure.
      {"- a\n",
       "f.yaml:1: expected a mapping of field names to values, found "
       "a list"},
      {"just text\n",
       "f.yaml:1: expected a mapping of field names to values, found a single "
       "value"},
      {"name: a\nchild: text\n",
       "f.yaml:2: child: expected a mapping of field names to values, found a "
       "single value"},
      {"child:\n",
       "f.yaml:1: child: has no value; expected a mapping of field names to "
       "values, or leave the field out"},
      {"tags: a\n", "f.yaml:1: tags: expected a list, found a single value"},
      {"tags:\n- a\n- [b]\n",
       "f.yaml:3: tags[1]: expected a string, found a list"},
      {"name: {a: b}\n", "f.yaml:1: name: expected a string, found a mapping"},
      {"name: ~\n",
       "f.yaml:1: name: has no value; expected a string, or leave "
       "the field out"},
      {"? [a]\n: b\n", "f.yaml:1: a key must be a field's name"},
      // Names.
      {"name: a\nnmae: b\n",
       "f.yaml:2: nmae: unknown field; did you mean \"name\"?"},
      {"children:\n- key: a\n- kye: b\n",
       "f.yaml:3: children[1].kye: unknown field; did you mean \"key\"?"},
      {"child: {unrelated: 1}\n",
       "f.yaml:1: child.unrelated: unknown field; known here: key, child"},
      {"memory: {x: 1}\n",
       "f.yaml:1: memory.x: unknown field; known here: none"},
      {"\"a\\nb\": 1\nname: x\n",
       "f.yaml:1: a\\nb: unknown field; known here: name, nickname, enabled, "
       "verbose, small, large, count, bytes, ratio, timeout, retries, color, "
       "shapes, tags, children, child, path, memory, unsupported, "
       "unsupported_map, counts"},
      {"name: a\ncount: 1\nname: b\n",
       "f.yaml:3: name: already set in line 1; keep one of the two"},
      {"path: a\nmemory: {}\n",
       "f.yaml:2: memory: cannot stand beside \"path\"; keep one of the two"},
      // Values.
      {"enabled: yes\n",
       "f.yaml:1: enabled: expected true or false, found \"yes\""},
      {"enabled: \"true\"\n",
       "f.yaml:1: enabled: expected true or false, not quoted, found "
       "\"true\""},
      {"small: 2147483648\n",
       "f.yaml:1: small: expected a whole number from -2147483648 to "
       "2147483647, found \"2147483648\""},
      {"count: -1\n",
       "f.yaml:1: count: expected a whole number from 0 to "
       "4294967295, found \"-1\""},
      {"count: 1.5\n",
       "f.yaml:1: count: expected a whole number from 0 to "
       "4294967295, found \"1.5\""},
      {"count: +1\n",
       "f.yaml:1: count: expected a whole number from 0 to "
       "4294967295, found \"+1\""},
      {"count: \"1\"\n",
       "f.yaml:1: count: expected a whole number from 0 to "
       "4294967295, not quoted, found \"1\""},
      {"large: 9223372036854775808\n",
       "f.yaml:1: large: expected a whole number from -9223372036854775808 to "
       "9223372036854775807, found \"9223372036854775808\""},
      {"bytes: abc\n",
       "f.yaml:1: bytes: expected a whole number from 0 to "
       "18446744073709551615, found \"abc\""},
      {"counts: [1, x]\n",
       "f.yaml:1: counts[1]: expected a whole number from 0 to 4294967295, "
       "found \"x\""},
      {"ratio: .nan\n",
       "f.yaml:1: ratio: expected a number, not quoted, found \".nan\""},
      {"ratio: inf\n",
       "f.yaml:1: ratio: expected a number, not quoted, found \"inf\""},
      {"timeout: 10\n",
       "f.yaml:1: timeout: expected a duration like 10s, "
       "250ms or 5m, found \"10\""},
      {"timeout: -1s\n",
       "f.yaml:1: timeout: expected a duration that is finite and not "
       "negative, found \"-1s\""},
      {"timeout: inf\n",
       "f.yaml:1: timeout: expected a duration that is finite and not "
       "negative, found \"inf\""},
      {"timeout: {seconds: 1}\n",
       "f.yaml:1: timeout: expected a duration like 10s, 250ms or 5m, found a "
       "mapping"},
      {"color: RED\n",
       "f.yaml:1: color: expected one of red, dark_blue, found \"RED\""},
      {"color: unspecified\n",
       "f.yaml:1: color: expected one of red, dark_blue, found "
       "\"unspecified\""},
      {"shapes: [round]\n",
       "f.yaml:1: shapes[0]: expected one of r1.0, 1.2, found \"round\""},
      {"name: \"a\\0b\"\n",
       "f.yaml:1: name: must not contain the character U+0000"},
      {"name: a\ntags: [a, caf\xe9]\n",
       "f.yaml:2: tags[1]: is not UTF-8; save the file as UTF-8"},
      {"name: |\n  one\n  \xff\n",
       "f.yaml:1: name: is not UTF-8; save the file as UTF-8"},
      {"caf\xe9: 1\n",
       "f.yaml:1: caf\\xe9: unknown field; known here: name, nickname, "
       "enabled, verbose, small, large, count, bytes, ratio, timeout, retries, "
       "color, shapes, tags, children, child, path, memory, unsupported, "
       "unsupported_map, counts"},
  };
  for (const ErrorCase& c : kCases) {
    Sample message;
    const auto locations = ParseYaml(c.text, "f.yaml", &message);
    EXPECT_EQ(locations.status().code(), absl::StatusCode::kInvalidArgument)
        << c.text;
    EXPECT_EQ(std::string(locations.status().message()), c.message);
  }
}

TEST(YamlMessageTest, NeverShowsTheTextOfAString) {
  Sample message;
  const auto locations =
      ParseYaml("tags: s3cret\nname: [s3cret]\n", "f.yaml", &message);
  EXPECT_EQ(locations.status().message().find("s3cret"), std::string::npos);
}

TEST(YamlMessageTest, ShortensALongValue) {
  Sample message;
  const auto locations =
      ParseYaml("count: " + std::string(1000, 'x'), "f.yaml", &message);
  EXPECT_LT(locations.status().message().size(), 200u);
}

TEST(YamlMessageTest, RefusesSchemasThatItDoesNotCover) {
  Sample message;
  EXPECT_EQ(ParseYaml("unsupported: 1", "f.yaml", &message).status().code(),
            absl::StatusCode::kInternal);
  EXPECT_EQ(
      ParseYaml("unsupported_map: {}", "f.yaml", &message).status().code(),
      absl::StatusCode::kInternal);
}

TEST(YamlMessageTest, ReadsAFile) {
  const std::string path = testing::TempDir() + "/yaml_message_test.yaml";
  std::ofstream(path) << "name: from a file\n";
  Sample message;
  const auto locations = LoadYamlFile(path, &message);
  ASSERT_TRUE(locations.ok()) << locations.status();
  EXPECT_EQ(locations->file(), path);
  EXPECT_EQ(message.name(), "from a file");
}

TEST(YamlMessageTest, SaysWhyAFileCannotBeRead) {
  Sample message;
  const auto missing = LoadYamlFile("/nonexistent.yaml", &message);
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(std::string(missing.status().message()),
            "/nonexistent.yaml: cannot open: No such file or directory");
  EXPECT_FALSE(LoadYamlFile(testing::TempDir(), &message).ok());
}

TEST(YamlMessageTest, BoundsTheSizeOfAFile) {
  const std::string path = testing::TempDir() + "/large.yaml";
  std::ofstream(path) << std::string(2 * 1024 * 1024, '#');
  Sample message;
  EXPECT_EQ(std::string(LoadYamlFile(path, &message).status().message()),
            path +
                ": larger than 1048576 bytes; is this the configuration "
                "file?");
}

}  // namespace
}  // namespace sluice::config
