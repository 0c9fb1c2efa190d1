#include "proxy/config/yaml_tree.h"

#include <algorithm>
#include <exception>
#include <sstream>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "yaml-cpp/eventhandler.h"
#include "yaml-cpp/exceptions.h"
#include "yaml-cpp/parser.h"

namespace sluice::config {
namespace {

// Builds the tree from yaml-cpp's events. After the first problem the remaining
// events are ignored, so that nothing grows past the bounds.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const Locations& locations, int last_line)
      : locations_(locations), last_line_(last_line) {}

  const absl::Status& status() const { return status_; }
  YamlNode TakeRoot() { return std::move(root_); }
  int start_line() const { return start_line_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    start_line_ = mark.line + 1;
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Add(YamlNode::Kind::kNull, mark, "", anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Add(YamlNode::Kind::kNull, mark, "", anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag,
                YAML::anchor_t anchor, const std::string& value) override {
    YamlNode* node = Add(YamlNode::Kind::kScalar, mark, tag, anchor);
    if (node == nullptr) return;
    node->text = value;
    node->quoted = tag == "!";
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    Open(Add(YamlNode::Kind::kSequence, mark, tag, anchor));
  }
  void OnSequenceEnd() override { Shut(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag,
                  YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    Open(Add(YamlNode::Kind::kMapping, mark, tag, anchor));
  }
  void OnMapEnd() override { Shut(); }

 private:
  // Places a value within the innermost open collection; null after a problem.
  YamlNode* Add(YamlNode::Kind kind, const YAML::Mark& mark,
                absl::string_view tag, YAML::anchor_t anchor) {
    int line = std::min(mark.line + 1, last_line_);
    if (anchor != YAML::NullAnchor) {
      return Fail(line,
                  "anchors and aliases are not supported; write the "
                  "value out where it is used");
    }
    // yaml-cpp says "?" for a plain value and "!" for a quoted one.
    if (!tag.empty() && tag != "?" && tag != "!") {
      return Fail(line, "YAML tags are not supported; remove the tag");
    }
    if (!status_.ok()) return nullptr;
    YamlNode* node = &root_;
    // The mark of a value that is not there is that of what follows it.
    const bool is_null = kind == YamlNode::Kind::kNull;
    if (open_.empty()) {
      if (is_null) line = start_line_;
    } else {
      YamlNode& parent = *open_.back();
      // The events of a mapping alternate between keys and values.
      const bool is_key = parent.kind == YamlNode::Kind::kMapping &&
                          parent.keys.size() == parent.children.size();
      std::vector<YamlNode>& list = is_key ? parent.keys : parent.children;
      list.emplace_back();
      node = &list.back();
      if (is_null && !is_key && !parent.keys.empty()) {
        line = parent.keys.back().line;
      }
    }
    node->kind = kind;
    node->line = line;
    return node;
  }

  // Pointers in open_ stay valid: a list grows only while its own collection is
  // the innermost.
  void Open(YamlNode* node) {
    if (node == nullptr) return;
    if (open_.size() == kMaxYamlDepth) {
      Fail(node->line, absl::StrCat("nested deeper than ", kMaxYamlDepth,
                                    " levels; flatten the file"));
      return;
    }
    open_.push_back(node);
  }

  void Shut() {
    if (status_.ok()) open_.pop_back();
  }

  YamlNode* Fail(int line, absl::string_view problem) {
    if (status_.ok()) status_ = locations_.ErrorAtLine(line, "", problem);
    return nullptr;
  }

  const Locations& locations_;
  const int last_line_;  // of the file
  absl::Status status_;
  int start_line_ = 1;
  YamlNode root_;
  std::vector<YamlNode*> open_;
};

// Counted from 1; a line break ends a line.
int LastLine(absl::string_view text) {
  const auto breaks =
      static_cast<int>(std::count(text.begin(), text.end(), '\n'));
  return std::max(breaks + (absl::EndsWith(text, "\n") ? 0 : 1), 1);
}

}  // namespace

absl::StatusOr<YamlNode> ParseYamlTree(absl::string_view text,
                                       const Locations& locations) {
  if (text.size() > kMaxYamlBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(locations.file(), ": larger than ", kMaxYamlBytes,
                     " bytes; is this the configuration file?"));
  }
  // As UTF-16 and UTF-32 are full of, which yaml-cpp takes too. What is added
  // below would be other characters there.
  const size_t zero = text.find('\0');
  if (zero != absl::string_view::npos) {
    return locations.ErrorAtLine(
        LastLine(text.substr(0, zero + 1)), "",
        "holds a zero byte; save the file as text in UTF-8");
  }
  const int last_line = LastLine(text);
  // yaml-cpp reports with exceptions; none leaves this function.
  try {
    // yaml-cpp lets the end of the file close a quoted value when a line break
    // stands before it; a comment at the end makes that an error.
    std::istringstream input(absl::StrCat(text, "\n#"));
    YAML::Parser parser(input);
    TreeBuilder builder(locations, last_line);
    if (!parser.HandleNextDocument(builder)) {
      YamlNode empty;
      empty.kind = YamlNode::Kind::kMapping;
      return empty;
    }
    if (!builder.status().ok()) return builder.status();
    YamlNode root = builder.TakeRoot();
    TreeBuilder second(locations, last_line);
    if (parser.HandleNextDocument(second)) {
      return locations.ErrorAtLine(
          second.start_line(), "",
          "the file holds more than one YAML document; keep one");
    }
    return root;
  } catch (const YAML::Exception& error) {
    // The mark of an unexpected end is behind the last line.
    return locations.ErrorAtLine(std::clamp(error.mark.line + 1, 1, last_line),
                                 "",
                                 absl::StrCat("not valid YAML: ", error.msg,
                                              "; look at colons, quotes and "
                                              "indentation here and above"));
  } catch (const std::exception& error) {
    return locations.ErrorAtLine(
        1, "", absl::StrCat("not valid YAML: ", error.what()));
  }
}

}  // namespace sluice::config
