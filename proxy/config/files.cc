#include "proxy/config/files.h"

#include <sys/stat.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace sluice::config {

std::string ResolvePath(absl::string_view config, absl::string_view path) {
  const size_t slash = config.rfind('/');
  if (slash == absl::string_view::npos || path.empty() || path[0] == '/') {
    return std::string(path);
  }
  return absl::StrCat(config.substr(0, slash + 1), path);
}

absl::Status CheckDirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string directory =
      slash == std::string::npos ? "." : path.substr(0, slash + 1);
  struct stat info;
  if (stat(directory.c_str(), &info) != 0) {
    return absl::ErrnoToStatus(errno, directory);
  }
  if (!S_ISDIR(info.st_mode)) {
    return absl::ErrnoToStatus(ENOTDIR, directory);
  }
  return absl::OkStatus();
}

}  // namespace sluice::config
