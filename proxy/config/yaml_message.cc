#include "proxy/config/yaml_message.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "proxy/config/scalars.h"
#include "proxy/config/yaml_tree.h"

namespace sluice::config {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::OneofDescriptor;

// Levenshtein's distance.
size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

std::string UnknownField(absl::string_view name, const Descriptor& type) {
  constexpr size_t kLongestName = 64;
  constexpr size_t kNear = 2;
  absl::string_view nearest;
  size_t distance = kNear + 1;
  for (int i = 0; i < type.field_count(); ++i) {
    const std::string& candidate = type.field(i)->name();
    if (name.size() > kLongestName || candidate.size() <= kNear) continue;
    const size_t d = EditDistance(name, candidate);
    if (d < distance) {
      distance = d;
      nearest = candidate;
    }
  }
  if (!nearest.empty()) {
    return absl::StrCat("unknown field; did you mean \"", nearest, "\"?");
  }
  std::string known;
  for (int i = 0; i < type.field_count(); ++i) {
    absl::StrAppend(&known, i == 0 ? "" : ", ", type.field(i)->name());
  }
  return absl::StrCat("unknown field; known here: ",
                      known.empty() ? "none" : known);
}

absl::string_view KindName(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kScalar:
      return "a single value";
    case YamlNode::Kind::kSequence:
      return "a list";
    case YamlNode::Kind::kMapping:
      return "a mapping";
  }
  return "something else";
}

// Fills a message from a tree. Recursion is bounded by kMaxYamlDepth.
class Loader {
 public:
  explicit Loader(Locations* locations) : locations_(*locations) {}

  absl::Status LoadMessage(const YamlNode& node, const std::string& path,
                           Message* message) {
    if (node.kind != YamlNode::Kind::kMapping) {
      return WrongKind(node, path, "a mapping of field names to values");
    }
    absl::flat_hash_map<std::string, int> lines;
    absl::flat_hash_map<const OneofDescriptor*, const FieldDescriptor*> chosen;
    for (size_t i = 0; i < node.keys.size(); ++i) {
      const YamlNode& key = node.keys[i];
      if (key.kind != YamlNode::Kind::kScalar) {
        return locations_.ErrorAtLine(key.line, path,
                                      "a key must be a field's name");
      }
      const std::string field_path =
          FieldPath(path, absl::CHexEscape(key.text));
      const FieldDescriptor* field =
          message->GetDescriptor()->FindFieldByName(key.text);
      if (field == nullptr) {
        return locations_.ErrorAtLine(
            key.line, field_path,
            UnknownField(key.text, *message->GetDescriptor()));
      }
      const auto inserted = lines.emplace(key.text, key.line);
      if (!inserted.second) {
        return locations_.ErrorAtLine(
            key.line, field_path,
            absl::StrCat("already set in line ", inserted.first->second,
                         "; keep one of the two"));
      }
      locations_.Add(field_path, key.line);
      if (const OneofDescriptor* oneof = field->real_containing_oneof()) {
        const auto choice = chosen.emplace(oneof, field);
        if (!choice.second) {
          return locations_.ErrorAtLine(
              key.line, field_path,
              absl::StrCat("cannot stand beside \"",
                           choice.first->second->name(),
                           "\"; keep one of the two"));
        }
      }
      absl::Status status =
          LoadField(node.children[i], field_path, *field, message);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  absl::Status LoadField(const YamlNode& node, const std::string& path,
                         const FieldDescriptor& field, Message* message) {
    if (field.is_map()) {
      return absl::InternalError(
          absl::StrCat("schemas use no maps: ", field.full_name()));
    }
    if (!field.is_repeated()) return LoadValue(node, path, field, message);
    if (node.kind != YamlNode::Kind::kSequence) {
      return WrongKind(node, path, "a list");
    }
    for (size_t i = 0; i < node.children.size(); ++i) {
      const std::string element = ElementPath(path, static_cast<int>(i));
      locations_.Add(element, node.children[i].line);
      absl::Status status =
          LoadValue(node.children[i], element, field, message);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // One value: of a single field, or an element of a repeated one.
  absl::Status LoadValue(const YamlNode& node, const std::string& path,
                         const FieldDescriptor& field, Message* message) {
    if (!IsScalar(field)) {
      const auto& reflection = *message->GetReflection();
      return LoadMessage(node, path,
                         field.is_repeated()
                             ? reflection.AddMessage(message, &field)
                             : reflection.MutableMessage(message, &field));
    }
    if (node.kind != YamlNode::Kind::kScalar) {
      return WrongKind(node, path, Expectation(field));
    }
    const absl::Status status =
        SetScalar({node.text, node.quoted}, field, message);
    if (!absl::IsInvalidArgument(status)) return status;
    return locations_.ErrorAtLine(node.line, path, status.message());
  }

  absl::Status WrongKind(const YamlNode& node, const std::string& path,
                         absl::string_view expected) {
    if (node.kind == YamlNode::Kind::kNull) {
      return locations_.ErrorAtLine(
          node.line, path,
          absl::StrCat("has no value; expected ", expected,
                       ", or leave the field out"));
    }
    return locations_.ErrorAtLine(
        node.line, path,
        absl::StrCat("expected ", expected, ", found ", KindName(node.kind)));
  }

  Locations& locations_;
};

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(fopen(path.c_str(), "re"),
                                                   fclose);
  if (file == nullptr) {
    return absl::ErrnoToStatus(errno, absl::StrCat(path, ": cannot open"));
  }
  // One byte past the bound shows that there is more.
  std::string text(kMaxYamlBytes + 1, '\0');
  text.resize(fread(&text[0], 1, text.size(), file.get()));
  if (ferror(file.get()) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat(path, ": cannot read"));
  }
  return text;
}

}  // namespace

absl::StatusOr<Locations> ParseYaml(absl::string_view text,
                                    const std::string& file, Message* message) {
  Locations locations(file);
  const absl::StatusOr<YamlNode> tree = ParseYamlTree(text, locations);
  if (!tree.ok()) return tree.status();
  absl::Status status = Loader(&locations).LoadMessage(*tree, "", message);
  if (!status.ok()) return status;
  return locations;
}

absl::StatusOr<Locations> LoadYamlFile(const std::string& path,
                                       Message* message) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  return ParseYaml(*text, path, message);
}

}  // namespace sluice::config
