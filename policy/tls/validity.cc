#include "policy/tls/validity.h"

#include <openssl/asn1.h>
#include <openssl/err.h>

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "policy/tls/pem_reader.h"
#include "proxy/base/utc_time.h"

namespace sluice::policy {
namespace {

constexpr absl::Duration kSoon = absl::Hours(3 * 24);

struct Validity {
  absl::Time begin = absl::InfinitePast();
  absl::Time end = absl::InfiniteFuture();
};

// Leaves `result` where the time cannot be read.
void ReadTime(const ASN1_TIME* time, absl::Time* result) {
  const bssl::UniquePtr<ASN1_TIME> epoch(ASN1_TIME_set(nullptr, 0));
  int days = 0;
  int seconds = 0;
  if (epoch != nullptr &&
      ASN1_TIME_diff(&days, &seconds, epoch.get(), time) == 1) {
    *result =
        absl::UnixEpoch() + absl::Hours(24) * days + absl::Seconds(seconds);
  }
}

bool IsSelfSigned(const X509* certificate) {
  return X509_NAME_cmp(X509_get_subject_name(certificate),
                       X509_get_issuer_name(certificate)) == 0;
}

// A root that is shown behind a chain tells nothing: who verifies the chain has
// to have its own, so it is as good as one that is valid for ever.
std::vector<Validity> Read(absl::string_view pem, CertificateUse use) {
  std::vector<Validity> all;
  const bssl::UniquePtr<BIO> reader = PemReader(pem);
  while (const auto certificate = NextCertificate(reader.get())) {
    Validity& validity = all.emplace_back();
    if (use != CertificateUse::kTrusted && all.size() > 1 &&
        IsSelfSigned(certificate.get())) {
      continue;
    }
    ReadTime(X509_get0_notBefore(certificate.get()), &validity.begin);
    ReadTime(X509_get0_notAfter(certificate.get()), &validity.end);
  }
  ERR_clear_error();
  return all;
}

std::string ProblemOf(const Validity& validity, absl::Time now) {
  if (now > validity.end) {
    return absl::StrCat("has expired, at ", UtcTime(validity.end, 0));
  }
  if (now < validity.begin) {
    return absl::StrCat("is not valid before ", UtcTime(validity.begin, 0));
  }
  return "";
}

std::string WarningOf(const Validity& validity, absl::Time now) {
  std::string problem = ProblemOf(validity, now);
  if (!problem.empty()) return problem;
  const absl::Duration left = validity.end - now;
  if (left < kSoon && left < (validity.end - validity.begin) / 3) {
    return absl::StrCat("expires soon, at ", UtcTime(validity.end, 0));
  }
  return "";
}

// Of CAs one of which nothing is said is enough.
std::string FirstOf(absl::string_view pem, CertificateUse use, absl::Time now,
                    std::string (*says)(const Validity&, absl::Time)) {
  std::string first;
  const std::vector<Validity> all = Read(pem, use);
  for (size_t i = 0; i < all.size(); ++i) {
    const std::string said = says(all[i], now);
    if (said.empty() && use == CertificateUse::kTrusted) return "";
    if (said.empty() || !first.empty()) continue;
    first = absl::StrCat("certificate ", i + 1, " ", said);
  }
  return first;
}

}  // namespace

absl::Time FirstExpiry(absl::string_view pem) {
  absl::Time first = absl::InfiniteFuture();
  for (const Validity& validity : Read(pem, CertificateUse::kShown)) {
    first = std::min(first, validity.end);
  }
  return first;
}

absl::Time LastExpiry(absl::string_view pem) {
  absl::Time last = absl::InfinitePast();
  for (const Validity& validity : Read(pem, CertificateUse::kTrusted)) {
    last = std::max(last, validity.end);
  }
  return last == absl::InfinitePast() ? absl::InfiniteFuture() : last;
}

std::string ValidityWarning(absl::string_view pem, CertificateUse use,
                            absl::Time now) {
  return FirstOf(pem, use, now, WarningOf);
}

std::vector<std::string> ValidityWarnings(
    absl::Span<const CertificateInUse> certificates, absl::Time now) {
  std::vector<std::string> warnings;
  for (const CertificateInUse& certificate : certificates) {
    const std::string warning =
        ValidityWarning(certificate.pem, certificate.use, now);
    if (warning.empty()) continue;
    warnings.push_back(absl::StrCat(certificate.name, ": ", warning));
  }
  return warnings;
}

std::string ValidityProblem(absl::string_view pem, CertificateUse use,
                            absl::Time now) {
  return FirstOf(pem, use, now, ProblemOf);
}

}  // namespace sluice::policy
