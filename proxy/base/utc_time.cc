#include "proxy/base/utc_time.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/time/civil_time.h"

namespace sluice {
namespace {

void AppendNumber(int64_t number, int digits, std::string* out) {
  out->append(static_cast<size_t>(digits), '0');
  for (auto digit = out->rbegin(); digits > 0; --digits, ++digit) {
    *digit = static_cast<char>('0' + number % 10);
    number /= 10;
  }
}

}  // namespace

void AppendUtcTime(absl::Time time, int digits, std::string* out) {
  static const absl::Time first =
      absl::FromCivil(absl::CivilSecond(0), absl::UTCTimeZone());
  static const absl::Time last =
      absl::FromCivil(absl::CivilSecond(10000), absl::UTCTimeZone()) -
      absl::Nanoseconds(1);
  time = std::clamp(time, first, last);
  const absl::TimeZone::CivilInfo at = absl::UTCTimeZone().At(time);
  AppendNumber(at.cs.year(), 4, out);
  out->push_back('-');
  AppendNumber(at.cs.month(), 2, out);
  out->push_back('-');
  AppendNumber(at.cs.day(), 2, out);
  out->push_back('T');
  AppendNumber(at.cs.hour(), 2, out);
  out->push_back(':');
  AppendNumber(at.cs.minute(), 2, out);
  out->push_back(':');
  AppendNumber(at.cs.second(), 2, out);
  if (digits > 0) {
    int64_t fraction = absl::ToInt64Nanoseconds(at.subsecond);
    for (int i = digits; i < 9; ++i) fraction /= 10;
    out->push_back('.');
    AppendNumber(fraction, digits, out);
  }
  out->push_back('Z');
}

std::string UtcTime(absl::Time time, int digits) {
  std::string text;
  AppendUtcTime(time, digits, &text);
  return text;
}

}  // namespace sluice
