#ifndef PROXY_BASE_SECRET_STRING_H_
#define PROXY_BASE_SECRET_STRING_H_

#include <string.h>

#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace sluice {

// A secret in text. Its bytes are overwritten when it ends, is replaced or is
// moved from; those of the strings that it is made of and copied to are not.
class SecretString {
 public:
  SecretString() = default;
  // Takes over the memory of `text`, which then holds none of it.
  explicit SecretString(std::string&& text) : text_(std::move(text)) {
    Wipe(&text);
  }
  explicit SecretString(absl::string_view text) : text_(text) {}
  explicit SecretString(const char* text) : text_(text) {}
  SecretString(const SecretString&) = default;
  SecretString(SecretString&& other) noexcept
      : SecretString(std::move(other.text_)) {}
  SecretString& operator=(SecretString other) noexcept {
    text_.swap(other.text_);
    return *this;
  }
  ~SecretString() { Wipe(&text_); }

  bool empty() const { return text_.empty(); }
  size_t size() const { return text_.size(); }
  const char* c_str() const { return text_.c_str(); }
  const std::string& str() const { return text_; }

  friend bool operator==(const SecretString& a, absl::string_view b) {
    return absl::string_view(a.text_) == b;
  }
  friend bool operator==(const SecretString& a, const SecretString& b) {
    return a.text_ == b.text_;
  }

  // Overwrites all that `text` holds or held before it was made shorter, and
  // empties it.
  static void Wipe(std::string* text) {
    text->resize(text->capacity());
    explicit_bzero(&(*text)[0], text->size());
    text->clear();
  }

 private:
  std::string text_;
};

}  // namespace sluice

#endif  // PROXY_BASE_SECRET_STRING_H_
