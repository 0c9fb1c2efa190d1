#ifndef TEST_BENCH_LOAD_JSON_OBJECT_H_
#define TEST_BENCH_LOAD_JSON_OBJECT_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "proxy/base/json_string.h"

namespace sluice::load {

// A JSON object in one line, built member by member in order.
class JsonObject {
 public:
  JsonObject& Text(absl::string_view name, absl::string_view value) {
    Name(name);
    AppendJsonString(value, &members_);
    return *this;
  }
  // `value` is finite. Three decimals.
  JsonObject& Number(absl::string_view name, double value) {
    Name(name);
    absl::StrAppendFormat(&members_, "%.3f", value);
    return *this;
  }
  template <typename Integer>
  JsonObject& Count(absl::string_view name, Integer value) {
    Name(name);
    absl::StrAppend(&members_, value);
    return *this;
  }
  // `json` is taken as it is.
  JsonObject& Raw(absl::string_view name, absl::string_view json) {
    Name(name);
    absl::StrAppend(&members_, json);
    return *this;
  }

  std::string ToString() const { return absl::StrCat("{", members_, "}"); }

 private:
  void Name(absl::string_view name) {
    if (!members_.empty()) members_ += ',';
    AppendJsonString(name, &members_);
    members_ += ':';
  }

  std::string members_;
};

}  // namespace sluice::load

#endif  // TEST_BENCH_LOAD_JSON_OBJECT_H_
