#include "policy/ace/json.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "policy/ace/openssl_guard.h"

namespace sluice::ace {
namespace {

// Takes nlohmann's parser events and builds the value; returning false stops
// the parser.
class Builder {
 public:
  bool null() { return Add(nullptr); }
  bool boolean(bool value) { return Add(value); }
  bool number_integer(int64_t value) { return Add(value); }
  bool number_unsigned(uint64_t value) { return Add(value); }
  bool number_float(double value, const std::string&) { return Add(value); }
  bool string(std::string& value) { return Add(std::move(value)); }
  bool binary(Json::binary_t&) { return false; }
  bool start_object(size_t) { return Open(Json::object()); }
  bool start_array(size_t) { return Open(Json::array()); }
  bool end_object() { return Close(); }
  bool end_array() { return Close(); }

  bool key(std::string& name) {
    const auto [member, added] =
        open_.back()->get_ptr<Json::object_t*>()->emplace(std::move(name),
                                                          nullptr);
    if (!added) return Fail("an object has a member twice");
    member_ = &member->second;
    return true;
  }

  template <typename Exception>
  bool parse_error(size_t position, const std::string&, const Exception&) {
    return Fail(absl::StrCat("malformed JSON at byte ", position));
  }

  absl::StatusOr<Json> Finish(bool parsed) && {
    if (!parsed) return absl::InvalidArgumentError(error_);
    return std::move(root_);
  }

 private:
  bool Fail(std::string error) {
    error_ = std::move(error);
    return false;
  }

  // Puts `value` where the text has it. The pointers in open_ stay good: an
  // array grows only while its last element is not open.
  Json* Place(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    if (auto* array = open_.back()->get_ptr<Json::array_t*>()) {
      return &array->emplace_back(std::move(value));
    }
    *member_ = std::move(value);
    return member_;
  }

  bool Add(Json value) {
    Place(std::move(value));
    return true;
  }

  bool Open(Json value) {
    if (open_.size() == kMaxJsonDepth) return Fail("JSON nested too deeply");
    open_.push_back(Place(std::move(value)));
    return true;
  }

  bool Close() {
    open_.pop_back();
    return true;
  }

  Json root_;
  // The arrays and objects around the next value, outermost first.
  std::vector<Json*> open_;
  // The member whose value comes next.
  Json* member_ = nullptr;
  std::string error_;
};

}  // namespace

absl::StatusOr<Json> ParseJson(absl::string_view text) {
  if (text.size() > kMaxJsonBytes) {
    return absl::InvalidArgumentError("JSON text too long");
  }
  // nlohmann's parser passes over a byte order mark.
  if (!text.empty() && text.front() == '\xef') {
    return absl::InvalidArgumentError("malformed JSON at byte 1");
  }
  Builder builder;
  const bool parsed =
      Json::sax_parse(text.data(), text.data() + text.size(), &builder);
  return std::move(builder).Finish(parsed);
}

absl::StatusOr<Json> ParseJsonObject(absl::string_view text) {
  absl::StatusOr<Json> value = ParseJson(text);
  if (value.ok() && !value->is_object()) {
    return absl::InvalidArgumentError("not a JSON object");
  }
  return value;
}

const Json* FindMember(const Json& object, const char* name) {
  const auto member = object.find(name);
  return member == object.end() ? nullptr : &*member;
}

const std::string* AsText(const Json* value) {
  return value == nullptr ? nullptr : value->get_ptr<const std::string*>();
}

void CleanseStrings(Json& value) {
  if (auto* text = value.get_ptr<std::string*>()) {
    OPENSSL_cleanse(text->data(), text->size());
    return;
  }
  if (!value.is_structured()) return;
  for (Json& element : value) CleanseStrings(element);
}

}  // namespace sluice::ace
