#ifndef POLICY_CTL_OUTPUT_H_
#define POLICY_CTL_OUTPUT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "google/protobuf/timestamp.pb.h"
#include "policy/ctl/command.h"

namespace sluice::ctl {

// Rows under a heading, in columns as wide as their contents. Cells are
// Shown(): clients may have chosen them.
class Table {
 public:
  explicit Table(std::vector<std::string> heading) {
    rows_.push_back(std::move(heading));
  }
  // As many cells as the heading has; an empty one is shown as "-".
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  void Print(std::ostream& out) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// Prints `message` as JSON where --output says so, else `table`.
absl::Status Print(const google::protobuf::Message& message, const Table& table,
                   const Options& options, const Environment& environment);

// The same for a change whose answer says nothing: an empty object in JSON, and
// nothing at all in a table. `done`: how the change went, which is returned.
absl::Status PrintNothing(const absl::Status& done, const Options& options,
                          const Environment& environment);

// InvalidArgument where --output is neither table nor json, which what prints
// by it does not say.
absl::Status CheckOutput(const Options& options);

// Whether --output says json.
bool WantsJson(const Options& options);

// `message` as JSON in one line, the line break included. As in all JSON that
// is printed, what would steer a terminal is escaped.
absl::StatusOr<std::string> JsonLine(const google::protobuf::Message& message);

// `text` without what would end a line or steer a terminal, or is not UTF-8: a
// '?' stands for each such character or byte.
std::string Printable(absl::string_view text);

// A value as tables show it: Printable(), and "-" where it is empty.
std::string Shown(absl::string_view value);

// "pub", "sub" or "pub,sub"; empty where neither may be done.
const char* PermissionsText(bool publish, bool subscribe);

// "2030-01-31T23:59:59Z"; empty for an absent one.
std::string TimeText(const google::protobuf::Timestamp& timestamp);

}  // namespace sluice::ctl

#endif  // POLICY_CTL_OUTPUT_H_
