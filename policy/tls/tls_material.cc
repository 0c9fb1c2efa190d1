#include "policy/tls/tls_material.h"

#include <fcntl.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace sluice::policy {
namespace {

// How often gRPC reads them. Seconds.
constexpr unsigned int kRefreshInterval = 1;

absl::Status Failed(absl::string_view what) {
  return absl::ErrnoToStatus(errno,
                             absl::StrCat("cannot keep certificates: ", what));
}

absl::StatusOr<UniqueFd> NewFile(absl::string_view contents) {
  UniqueFd file(memfd_create("sluice-tls", MFD_CLOEXEC));
  if (file.get() < 0) return Failed("memfd_create");
  while (!contents.empty()) {
    const ssize_t written = write(file.get(), contents.data(), contents.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed("write");
    contents.remove_prefix(static_cast<size_t>(written));
  }
  return file;
}

// A path by which this process opens the file anew; empty without one.
std::string PathOf(const UniqueFd& file) {
  return file.get() < 0 ? "" : absl::StrCat("/proc/self/fd/", file.get());
}

}  // namespace

absl::StatusOr<std::unique_ptr<TlsMaterial>> TlsMaterial::Create(
    const TlsTexts& texts) {
  std::unique_ptr<TlsMaterial> result(new TlsMaterial);
  if (absl::Status s = result->Replace(texts); !s.ok()) return s;
  for (const UniqueFd* file :
       {&result->ca_, &result->certificate_, &result->private_key_}) {
    if (file->get() < 0) continue;
    const std::string path = PathOf(*file);
    if (access(path.c_str(), R_OK) != 0) return Failed(path);
  }
  return result;
}

absl::Status TlsMaterial::Replace(const TlsTexts& texts) {
  // First all that may fail.
  struct Change {
    UniqueFd* file;
    UniqueFd contents;
  };
  std::vector<Change> changes;
  const std::pair<UniqueFd*, const std::string*> kFiles[] = {
      {&ca_, &texts.ca},
      {&certificate_, &texts.certificate},
      {&private_key_, &texts.private_key.str()},
  };
  for (const auto& [file, text] : kFiles) {
    if (text->empty()) continue;
    absl::StatusOr<UniqueFd> contents = NewFile(*text);
    if (!contents.ok()) return contents.status();
    changes.push_back({file, *std::move(contents)});
  }
  for (Change& change : changes) {
    if (change.file->get() < 0) {
      *change.file = std::move(change.contents);
    } else {
      // The path stays, and leads to the new contents. With two descriptors
      // that are open there is nothing left to fail (dup(2)).
      const int kept =
          dup3(change.contents.get(), change.file->get(), O_CLOEXEC);
      if (kept < 0) return Failed("dup3");
    }
  }
  return absl::OkStatus();
}

std::shared_ptr<grpc::ChannelCredentials> TlsMaterial::NewCredentials() const {
  grpc::experimental::TlsChannelCredentialsOptions options;
  const bool has_ca = ca_.get() >= 0;
  const bool has_certificate = certificate_.get() >= 0;
  if (has_ca || has_certificate)
    options.set_certificate_provider(NewProvider());
  if (has_ca) options.watch_root_certs();
  if (has_certificate) options.watch_identity_key_cert_pairs();
  return grpc::experimental::TlsCredentials(options);
}

std::shared_ptr<grpc::experimental::CertificateProviderInterface>
TlsMaterial::NewProvider() const {
  return std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      PathOf(private_key_), PathOf(certificate_), PathOf(ca_),
      kRefreshInterval);
}

}  // namespace sluice::policy
