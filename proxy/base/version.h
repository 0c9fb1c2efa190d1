#ifndef PROXY_BASE_VERSION_H_
#define PROXY_BASE_VERSION_H_

namespace sluice {

// The release, as `--version` prints it.
inline constexpr char kVersion[] = "0.1.0";

}  // namespace sluice

#endif  // PROXY_BASE_VERSION_H_
