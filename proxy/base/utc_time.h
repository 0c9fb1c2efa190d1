#ifndef PROXY_BASE_UTC_TIME_H_
#define PROXY_BASE_UTC_TIME_H_

#include <string>

#include "absl/time/time.h"

namespace sluice {

// Appends `time` as a timestamp of RFC 3339 section 5.6 in UTC, with so many
// digits of a second's fraction, 0 to 9, the rest cut off:
// 2027-01-15T08:00:00.000Z. Years have four digits: what is before 0 or after
// 9999 is shown as the first or last moment that has them. A fraction of what
// absl::FormatTime() costs.
void AppendUtcTime(absl::Time time, int digits, std::string* out);
// That alone.
std::string UtcTime(absl::Time time, int digits);

}  // namespace sluice

#endif  // PROXY_BASE_UTC_TIME_H_
