#include "proxy/config/scalars.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "proto/sluice/config/v1/yaml.pb.h"
#include "proto/timestamp.h"
#include "proxy/base/utf8.h"

namespace sluice::config {
namespace {

using ::google::protobuf::EnumDescriptor;
using ::google::protobuf::EnumValueDescriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

constexpr absl::string_view kDuration = "google.protobuf.Duration";

// What protobuf's Duration holds (google/protobuf/duration.proto).
constexpr absl::Duration kMaxDuration = absl::Seconds(315576000000);

// A value in an error message. Never used for strings, which may be secrets.
std::string Quote(absl::string_view text) {
  constexpr size_t kShown = 40;
  return absl::StrCat("\"", absl::CHexEscape(text.substr(0, kShown)),
                      text.size() > kShown ? "...\"" : "\"");
}

absl::Status Mismatch(const ScalarText& scalar, absl::string_view expected) {
  return absl::InvalidArgumentError(
      absl::StrCat("expected ", expected, ", found ", Quote(scalar.text)));
}

// Gives the field its value, or a repeated field one more.
template <typename Set, typename Add, typename Value>
absl::Status Store(const FieldDescriptor& field, Message* message, Set set,
                   Add add, Value value) {
  const Reflection& reflection = *message->GetReflection();
  if (field.is_repeated()) {
    (reflection.*add)(message, &field, std::move(value));
  } else {
    (reflection.*set)(message, &field, std::move(value));
  }
  return absl::OkStatus();
}

template <typename T>
std::string IntegerRange() {
  return absl::StrCat("a whole number from ", std::numeric_limits<T>::min(),
                      " to ", std::numeric_limits<T>::max());
}

bool IsInteger(absl::string_view text) {
  absl::ConsumePrefix(&text, "-");
  return !text.empty() &&
         text.find_first_not_of("0123456789") == absl::string_view::npos;
}

template <typename T, typename Set, typename Add>
absl::Status SetInteger(const ScalarText& scalar, const FieldDescriptor& field,
                        Message* message, Set set, Add add) {
  if (scalar.quoted) {
    return Mismatch(scalar, absl::StrCat(IntegerRange<T>(), ", not quoted"));
  }
  // absl::SimpleAtoi also takes blanks around a number and a plus sign.
  T value = 0;
  if (!IsInteger(scalar.text) || !absl::SimpleAtoi(scalar.text, &value)) {
    return Mismatch(scalar, IntegerRange<T>());
  }
  return Store(field, message, set, add, value);
}

std::string ValueName(const EnumValueDescriptor& value) {
  const std::string& given =
      value.options().GetExtension(::sluice::config::v1::yaml_name);
  if (!given.empty()) return given;
  // CLIENT_CERTIFICATE_ for ClientCertificate.
  std::string prefix;
  for (const char c : value.type()->name()) {
    if (absl::ascii_isupper(c) && !prefix.empty()) prefix += '_';
    prefix += absl::ascii_toupper(c);
  }
  prefix += '_';
  absl::string_view name = value.name();
  absl::ConsumePrefix(&name, prefix);
  return absl::AsciiStrToLower(name);
}

// The words for the values; 0, which is "unspecified", has none.
std::string Choices(const EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0)
      names.push_back(ValueName(*type.value(i)));
  }
  return absl::StrCat("one of ", absl::StrJoin(names, ", "));
}

absl::Status SetEnum(const ScalarText& scalar, const FieldDescriptor& field,
                     Message* message) {
  const EnumDescriptor& type = *field.enum_type();
  for (int i = 0; i < type.value_count(); ++i) {
    const EnumValueDescriptor& value = *type.value(i);
    if (value.number() != 0 && ValueName(value) == scalar.text) {
      return Store(field, message, &Reflection::SetEnum, &Reflection::AddEnum,
                   &value);
    }
  }
  return Mismatch(scalar, Choices(type));
}

absl::Status SetDuration(const ScalarText& scalar, const FieldDescriptor& field,
                         Message* message) {
  absl::Duration value;
  if (!absl::ParseDuration(scalar.text, &value)) {
    return Mismatch(scalar, Expectation(field));
  }
  if (value < absl::ZeroDuration() || value > kMaxDuration) {
    return Mismatch(scalar, "a duration that is finite and not negative");
  }
  const Reflection& reflection = *message->GetReflection();
  auto* duration =
      google::protobuf::DynamicCastToGenerated<google::protobuf::Duration>(
          field.is_repeated() ? reflection.AddMessage(message, &field)
                              : reflection.MutableMessage(message, &field));
  if (duration == nullptr) {
    return absl::InternalError("durations of dynamic messages");
  }
  *duration = ToProtoDuration(value);
  return absl::OkStatus();
}

absl::Status SetBool(const ScalarText& scalar, const FieldDescriptor& field,
                     Message* message) {
  const bool value = scalar.text == "true";
  if (!scalar.quoted && (value || scalar.text == "false")) {
    return Store(field, message, &Reflection::SetBool, &Reflection::AddBool,
                 value);
  }
  return Mismatch(
      scalar, scalar.quoted ? "true or false, not quoted" : Expectation(field));
}

absl::Status SetDouble(const ScalarText& scalar, const FieldDescriptor& field,
                       Message* message) {
  double value = 0;
  if (scalar.quoted || !absl::SimpleAtod(scalar.text, &value) ||
      !std::isfinite(value)) {
    return Mismatch(scalar, Expectation(field));
  }
  return Store(field, message, &Reflection::SetDouble, &Reflection::AddDouble,
               value);
}

absl::Status SetString(const ScalarText& scalar, const FieldDescriptor& field,
                       Message* message) {
  if (scalar.text.find('\0') != absl::string_view::npos) {
    return absl::InvalidArgumentError("must not contain the character U+0000");
  }
  if (!IsUtf8(scalar.text)) {
    return absl::InvalidArgumentError("is not UTF-8; save the file as UTF-8");
  }
  return Store(field, message, &Reflection::SetString, &Reflection::AddString,
               std::string(scalar.text));
}

}  // namespace

bool IsScalar(const FieldDescriptor& field) {
  return field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE ||
         field.message_type()->full_name() == kDuration;
}

absl::Status SetScalar(const ScalarText& scalar, const FieldDescriptor& field,
                       Message* message) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return SetString(scalar, field, message);
    case FieldDescriptor::CPPTYPE_BOOL:
      return SetBool(scalar, field, message);
    case FieldDescriptor::CPPTYPE_ENUM:
      return SetEnum(scalar, field, message);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return SetDouble(scalar, field, message);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return SetDuration(scalar, field, message);
    case FieldDescriptor::CPPTYPE_INT32:
      return SetInteger<int32_t>(scalar, field, message, &Reflection::SetInt32,
                                 &Reflection::AddInt32);
    case FieldDescriptor::CPPTYPE_INT64:
      return SetInteger<int64_t>(scalar, field, message, &Reflection::SetInt64,
                                 &Reflection::AddInt64);
    case FieldDescriptor::CPPTYPE_UINT32:
      return SetInteger<uint32_t>(scalar, field, message,
                                  &Reflection::SetUInt32,
                                  &Reflection::AddUInt32);
    case FieldDescriptor::CPPTYPE_UINT64:
      return SetInteger<uint64_t>(scalar, field, message,
                                  &Reflection::SetUInt64,
                                  &Reflection::AddUInt64);
    case FieldDescriptor::CPPTYPE_FLOAT:
      break;
  }
  return absl::InternalError(
      absl::StrCat("schemas use double instead of float: ", field.full_name()));
}

std::string Expectation(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return "a string";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return Choices(*field.enum_type());
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return "a number, not quoted";
    case FieldDescriptor::CPPTYPE_INT32:
      return IntegerRange<int32_t>();
    case FieldDescriptor::CPPTYPE_INT64:
      return IntegerRange<int64_t>();
    case FieldDescriptor::CPPTYPE_UINT32:
      return IntegerRange<uint32_t>();
    case FieldDescriptor::CPPTYPE_UINT64:
      return IntegerRange<uint64_t>();
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return IsScalar(field) ? "a duration like 10s, 250ms or 5m" : "a mapping";
  }
  return "another value";
}

}  // namespace sluice::config
