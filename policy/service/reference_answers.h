#ifndef POLICY_SERVICE_REFERENCE_ANSWERS_H_
#define POLICY_SERVICE_REFERENCE_ANSWERS_H_

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/ace/token_verifier.h"

namespace sluice::policy {

// What an authorization server said that a reference stands for.
struct ResolvedReference {
  ace::VerifiedToken token;
  // When it is to be asked again; InfiniteFuture where the token ends before.
  absl::Time recheck_at = absl::InfiniteFuture();
};

// What authorization servers said in the course of one request: about the
// references in it, and, once more, about their keys. The authenticator, which
// waits for nothing, looks here; where nobody has asked yet it fails, and
// wanted() or wanted_keys() says what to ask for. The request is then put to it
// again. Not thread-safe.
class ReferenceAnswers {
 public:
  // `can_ask`: whether there is somebody to ask about references.
  explicit ReferenceAnswers(bool can_ask = true) : can_ask_(can_ask) {}

  bool can_ask() const { return can_ask_; }

  // A failure with an ace::Rejection is a refusal; one without says that
  // nothing was decided.
  using Answer = absl::StatusOr<ResolvedReference>;

  // The token that `reference` stands for; Unavailable where nobody has asked.
  absl::StatusOr<ace::VerifiedToken> Find(absl::string_view reference) {
    const auto found = answers_.find(reference);
    if (found == answers_.end()) {
      wanted_ = std::string(reference);
      return absl::UnavailableError("no authorization server was asked");
    }
    if (!found->second.ok()) return found->second.status();
    recheck_at_ = std::min(recheck_at_, found->second->recheck_at);
    return found->second->token;
  }

  // The reference that was looked for in vain.
  const std::optional<std::string>& wanted() const { return wanted_; }

  // The answer about wanted().
  void Add(Answer answer) {
    answers_.insert_or_assign(*std::move(wanted_), std::move(answer));
    wanted_.reset();
  }

  // Asks for the keys of `issuer` to be read. False where that was done already
  // in the course of this request.
  bool WantKeys(const std::string& issuer) {
    if (std::find(keys_read_.begin(), keys_read_.end(), issuer) !=
        keys_read_.end()) {
      return false;
    }
    wanted_keys_ = issuer;
    return true;
  }

  // The issuer whose keys are missing.
  const std::optional<std::string>& wanted_keys() const { return wanted_keys_; }

  // The reading of keys for wanted_keys() is over.
  void AddKeys() {
    keys_read_.push_back(*std::move(wanted_keys_));
    wanted_keys_.reset();
  }

  // When a decision that was made with what Find() gave is to be made again.
  absl::Time recheck_at() const { return recheck_at_; }

 private:
  const bool can_ask_;
  std::vector<std::string> keys_read_;
  std::optional<std::string> wanted_keys_;
  std::map<std::string, Answer, std::less<>> answers_;
  std::optional<std::string> wanted_;
  absl::Time recheck_at_ = absl::InfiniteFuture();
};

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_REFERENCE_ANSWERS_H_
