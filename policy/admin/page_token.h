#ifndef POLICY_ADMIN_PAGE_TOKEN_H_
#define POLICY_ADMIN_PAGE_TOKEN_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "grpcpp/grpcpp.h"

namespace sluice::policy {

// Opaque page tokens. `listing` names what is listed, filters included, so that
// the token of one listing is not taken for that of another; `after` is the
// last thing that was listed.
std::string MakePageToken(absl::string_view listing, absl::string_view after);

// `after` again; empty for the empty token, nullopt for one of another listing.
std::optional<std::string> ReadPageToken(absl::string_view listing,
                                         absl::string_view token);

// What a page holds when asked for `requested`, which is not negative.
inline constexpr int32_t kDefaultPageSize = 100;
inline constexpr int32_t kMaxPageSize = 1000;
int32_t PageSize(int32_t requested);

// Where a page begins, and how much it may have.
struct PageBounds {
  std::string after;  // empty: at the beginning
  size_t size = 0;
};

// Of the fields `page_size` and `page_token` of a request for `listing`;
// INVALID_ARGUMENT where one is wrong.
grpc::Status ReadPage(absl::string_view listing, int32_t page_size,
                      absl::string_view page_token, PageBounds* bounds);

// What a page has room for: a number of items, and bytes, so that no answer
// grows beyond what callers take. It ends with the item that fills it, so that
// each page has at least one.
class PageRoom {
 public:
  static constexpr size_t kMaxBytes = size_t{1} << 20;

  explicit PageRoom(size_t items) : items_(items) {}

  size_t items() const { return items_; }
  bool is_full() const { return items_ == 0 || bytes_ >= kMaxBytes; }
  // An item of so many bytes goes in; it is not full.
  void Take(size_t bytes) {
    --items_;
    bytes_ += bytes;
  }

 private:
  size_t items_;
  size_t bytes_ = 0;
};

}  // namespace sluice::policy

#endif  // POLICY_ADMIN_PAGE_TOKEN_H_
