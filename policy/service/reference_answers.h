#ifndef POLICY_SERVICE_REFERENCE_ANSWERS_H_
#define POLICY_SERVICE_REFERENCE_ANSWERS_H_

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

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

// What authorization servers said about the references in one request. The
// authenticator, which waits for nothing, looks here; where nobody has asked
// yet it fails, and wanted() says what to ask about. The request is then put to
// it again. Not thread-safe.
class ReferenceAnswers {
 public:
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

  // When a decision that was made with what Find() gave is to be made again.
  absl::Time recheck_at() const { return recheck_at_; }

 private:
  std::map<std::string, Answer, std::less<>> answers_;
  std::optional<std::string> wanted_;
  absl::Time recheck_at_ = absl::InfiniteFuture();
};

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_REFERENCE_ANSWERS_H_
