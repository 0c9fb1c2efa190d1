#include "proxy/config/yaml_tree.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace sluice::config {
namespace {

using Kind = YamlNode::Kind;

std::string ErrorOf(absl::string_view text) {
  const auto tree = ParseYamlTree(text, Locations("f.yaml"));
  EXPECT_FALSE(tree.ok()) << text;
  return std::string(tree.status().message());
}

TEST(YamlTreeTest, KeepsLinesQuotesAndOrder) {
  const auto tree = ParseYamlTree(
      "# a comment\n"
      "b: plain\n"
      "a:\n"
      "- 'one'\n"
      "- {x: \"two\", y: }\n",
      Locations("f.yaml"));
  ASSERT_TRUE(tree.ok()) << tree.status();
  ASSERT_EQ(tree->kind, Kind::kMapping);
  ASSERT_EQ(tree->keys.size(), 2u);
  EXPECT_EQ(tree->keys[0].text, "b");
  EXPECT_EQ(tree->keys[0].line, 2);
  EXPECT_EQ(tree->children[0].text, "plain");
  EXPECT_FALSE(tree->children[0].quoted);
  const YamlNode& list = tree->children[1];
  ASSERT_EQ(list.kind, Kind::kSequence);
  ASSERT_EQ(list.children.size(), 2u);
  EXPECT_TRUE(list.children[0].quoted);
  EXPECT_EQ(list.children[0].line, 4);
  const YamlNode& inner = list.children[1];
  ASSERT_EQ(inner.keys.size(), 2u);
  EXPECT_EQ(inner.children[0].text, "two");
  EXPECT_EQ(inner.children[0].line, 5);
  EXPECT_EQ(inner.children[1].kind, Kind::kNull);
}

TEST(YamlTreeTest, TakesAnEmptyFileForAnEmptyMapping) {
  for (const char* text : {"", "\n", "# only a comment\n"}) {
    const auto tree = ParseYamlTree(text, Locations("f.yaml"));
    ASSERT_TRUE(tree.ok()) << tree.status();
    EXPECT_EQ(tree->kind, Kind::kMapping);
    EXPECT_TRUE(tree->keys.empty());
  }
}

TEST(YamlTreeTest, ReportsBrokenSyntaxWithItsLine) {
  const auto error_at = [](int line, absl::string_view problem) {
    return absl::StrCat("f.yaml:", line, ": not valid YAML: ", problem,
                        "; look at colons, quotes and indentation here and "
                        "above");
  };
  EXPECT_EQ(ErrorOf("a: 1\nb: [1, 2\n"),
            error_at(2, "end of sequence flow not found"));
  EXPECT_EQ(ErrorOf("a: 1\n b: 2\n"), error_at(2, "illegal map value"));
  EXPECT_EQ(ErrorOf("a: \"x\n"), error_at(1, "illegal EOF in scalar"));
  EXPECT_EQ(ErrorOf("a: \"x\nb: 2\n"), error_at(2, "illegal EOF in scalar"));
}

TEST(YamlTreeTest, AValueThatIsNotThereHasALineOfTheFile) {
  const auto line_of = [](absl::string_view text) {
    const auto tree = ParseYamlTree(text, Locations("f.yaml"));
    EXPECT_TRUE(tree.ok()) << tree.status();
    const YamlNode* node = &*tree;
    while (!node->children.empty()) node = &node->children.back();
    EXPECT_EQ(node->kind, Kind::kNull) << text;
    return node->line;
  };
  EXPECT_EQ(line_of("---"), 1);
  EXPECT_EQ(line_of("---\n"), 1);
  EXPECT_EQ(line_of("# a comment\n---\n\n\n"), 2);
  EXPECT_EQ(line_of("a: 1\nb:\n"), 2);
  EXPECT_EQ(line_of("a:\n- 1\n- \n"), 3);
}

TEST(YamlTreeTest, RefusesASecondDocument) {
  EXPECT_EQ(ErrorOf("a: 1\n---\nb: 2\n"),
            "f.yaml:2: the file holds more than one YAML document; keep one");
}

TEST(YamlTreeTest, RefusesAnchorsAndAliases) {
  EXPECT_EQ(ErrorOf("a: 1\nb: &x [1]\nc: *x\n"),
            "f.yaml:2: anchors and aliases are not supported; write the value "
            "out where it is used");
  // The "billion laughs": each level would double what the one before holds.
  std::string bomb = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 64; ++i) {
    absl::StrAppend(&bomb, "a", i, ": &a", i, " [*a", i - 1, ", *a", i - 1,
                    "]\n");
  }
  EXPECT_EQ(ErrorOf(bomb).substr(0, 9), "f.yaml:1:");
}

TEST(YamlTreeTest, RefusesTags) {
  EXPECT_EQ(ErrorOf("a: !!binary aGk=\n"),
            "f.yaml:1: YAML tags are not supported; remove the tag");
}

TEST(YamlTreeTest, RefusesZeroBytes) {
  constexpr char kError[] =
      ": holds a zero byte; save the file as text in UTF-8";
  // UTF-16.
  EXPECT_EQ(ErrorOf({"\xff\xfe"
                     "a\0:\0 \0x\0",
                     10}),
            absl::StrCat("f.yaml:1", kError));
  EXPECT_EQ(ErrorOf({"a: x\nb: \0\n", 10}), absl::StrCat("f.yaml:2", kError));
}

TEST(YamlTreeTest, BoundsNesting) {
  const auto nested = [](int depth) {
    return absl::StrCat(std::string(depth, '['), std::string(depth, ']'));
  };
  EXPECT_TRUE(ParseYamlTree(nested(kMaxYamlDepth), Locations("f.yaml")).ok());
  EXPECT_EQ(ErrorOf(nested(kMaxYamlDepth + 1)),
            "f.yaml:1: nested deeper than 32 levels; flatten the file");
  // As deep as the file may be long: refused, not a crash.
  EXPECT_NE(ErrorOf(std::string(100000, '[')), "");
  EXPECT_NE(ErrorOf(std::string(100000, '{')), "");
}

TEST(YamlTreeTest, BoundsTheSize) {
  EXPECT_EQ(ErrorOf(std::string(kMaxYamlBytes + 1, '#')),
            "f.yaml: larger than 1048576 bytes; is this the configuration "
            "file?");
}

}  // namespace
}  // namespace sluice::config
