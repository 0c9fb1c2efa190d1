#include "policy/store/etcd_client.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "policy/store/call_deadline.h"
#include "policy/store/etcd_request.h"
#include "policy/tls/channel_credentials.h"
#include "policy/tls/direct_channel.h"

namespace sluice::policy {
namespace {

using etcdserverpb::RangeRequest;
using etcdserverpb::RangeResponse;
using etcdserverpb::TxnRequest;
using etcdserverpb::TxnResponse;

// A dead connection of a quiet watch is found by pings; etcd takes one in five
// seconds for an attack.
constexpr int kPingIntervalMs = 10'000;
constexpr int kPingTimeoutMs = 5'000;

// How long a member that is being connected to may keep the others waiting.
constexpr auto kConnectTurn = std::chrono::milliseconds(100);

// Of a call that can be repeated: a connection that has died is noticed late.
constexpr int kMaxAttempts = 3;

// After so many calls without an answer etcd is taken to be away. So many may
// wait for it then, so that the others' threads have time for what does not
// need it.
constexpr int kUnansweredWhenAway = 2;
constexpr int kMaxCallsWhenAway = 4;

// By how much a lease outlives what it is for, and the time within which keys
// share one.
constexpr int64_t kLeaseSlackSeconds = 60;
constexpr int64_t kLeaseGridSeconds = 60;
// etcd refuses longer ones.
constexpr int64_t kMaxLeaseSeconds = 9'000'000'000;

std::shared_ptr<grpc::Channel> MakeChannel(
    const std::string& endpoint,
    const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kPingIntervalMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingTimeoutMs);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_MIN_SENT_PING_INTERVAL_WITHOUT_DATA_MS,
                   kPingIntervalMs);
  // Pages and catch-ups have no useful bound.
  arguments.SetMaxReceiveMessageSize(-1);
  return NewDirectChannel(endpoint, credentials, arguments);
}

// etcd's own words hold no keys and values.
absl::Status ToStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const std::string message = absl::StrCat("etcd: ", status.error_message());
  switch (status.error_code()) {
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return absl::ResourceExhaustedError(message);
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return absl::UnavailableError("etcd does not answer");
    default:
      return absl::UnavailableError(message);
  }
}

bool OnlyReads(const TxnRequest& request) {
  return std::all_of(request.success().begin(), request.success().end(),
                     [](const etcdserverpb::RequestOp& operation) {
                       return operation.has_request_range();
                     });
}

absl::Status AnotherStoreError() {
  return absl::DataLossError(
      "etcd holds another store than when this service was started; nothing "
      "is written to it until the service is restarted");
}

bool IsLeaseMissing(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::NOT_FOUND;
}

// That the token of the user is to be another; nothing was done then. A token
// that is a JWT is of the users and roles that there were when it was made.
bool IsTokenOutdated(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::UNAUTHENTICATED ||
         status.error_message() ==
             "etcdserver: revision of auth store is old" ||
         status.error_message() == "etcdserver: user name is empty";
}

}  // namespace

EtcdClient::EtcdClient(EtcdOptions options) : options_(std::move(options)) {
  const auto credentials = ChannelCredentialsFor(options_.tls);
  for (const std::string& endpoint : options_.endpoints) {
    Member member;
    member.channel = MakeChannel(endpoint, credentials);
    member.kv = etcdserverpb::KV::NewStub(member.channel);
    member.lease = etcdserverpb::Lease::NewStub(member.channel);
    member.watch = etcdserverpb::Watch::NewStub(member.channel);
    member.auth = etcdserverpb::Auth::NewStub(member.channel);
    members_.push_back(std::move(member));
  }
}

std::string EtcdClient::Prefix(absl::string_view kind) const {
  return absl::StrCat(options_.prefix, "/", kind, "/");
}

EtcdClient::Deadline EtcdClient::NewDeadline() const {
  return std::min(CallDeadline::Current(),
                  std::chrono::system_clock::now() +
                      absl::ToChronoMilliseconds(options_.timeout));
}

absl::StatusOr<RangeResponse> EtcdClient::Range(const RangeRequest& request,
                                                Deadline deadline) {
  if (!store_key_.empty()) return RangeOfStore(request, deadline);
  RangeResponse response;
  absl::Status status =
      Call(deadline, Repeat::kYes,
           [&](Member* member, grpc::ClientContext* context) {
             return member->kv->Range(context, request, &response);
           });
  if (!status.ok()) return status;
  return response;
}

// What another store does not have is not what ours has lost.
absl::StatusOr<RangeResponse> EtcdClient::RangeOfStore(
    const RangeRequest& request, Deadline deadline) {
  TxnRequest txn;
  AddRange(request, &txn);
  absl::StatusOr<TxnResponse> response = Txn(txn, deadline);
  if (!response.ok()) return response.status();
  if (response->responses_size() != 1) {
    return absl::UnavailableError("etcd: no answer to what was asked");
  }
  RangeResponse range =
      std::move(*response->mutable_responses(0)->mutable_response_range());
  *range.mutable_header() = response->header();
  return range;
}

void EtcdClient::PinStore(std::string key, std::string value) {
  store_key_ = std::move(key);
  store_value_ = std::move(value);
}

absl::StatusOr<TxnResponse> EtcdClient::Txn(const TxnRequest& request,
                                            Deadline deadline) {
  bool lease_missing = false;
  return TxnOnce(request, deadline, &lease_missing);
}

absl::StatusOr<TxnResponse> EtcdClient::TxnOnce(TxnRequest request,
                                                Deadline deadline,
                                                bool* lease_missing) {
  const Repeat repeat = OnlyReads(request) ? Repeat::kYes : Repeat::kNo;
  if (!store_key_.empty()) {
    AddValueCondition(store_key_, store_value_, &request);
    *request.add_failure()->mutable_request_range() = EtcdKey(store_key_);
  }
  TxnResponse response;
  absl::Status status =
      Call(deadline, repeat, [&](Member* member, grpc::ClientContext* context) {
        const grpc::Status s = member->kv->Txn(context, request, &response);
        *lease_missing = IsLeaseMissing(s);
        return s;
      });
  if (status.ok()) status = CheckStore(&response);
  if (!status.ok()) return status;
  return response;
}

absl::Status EtcdClient::CheckStore(TxnResponse* response) const {
  if (store_key_.empty() || response->succeeded()) return absl::OkStatus();
  const int last = response->responses_size() - 1;
  if (last >= 0) {
    const RangeResponse& found = response->responses(last).response_range();
    if (!found.kvs().empty() && found.kvs(0).value() == store_value_) {
      response->mutable_responses()->RemoveLast();
      return absl::OkStatus();
    }
  }
  return AnotherStoreError();
}

absl::StatusOr<int64_t> EtcdClient::LeaseUntil(absl::Time expires_at,
                                               absl::Time now,
                                               Deadline deadline) {
  if (expires_at == absl::InfiniteFuture()) return 0;
  const int64_t now_seconds = absl::ToUnixSeconds(now);
  const int64_t end = (std::min(absl::ToUnixSeconds(expires_at),
                                now_seconds + kMaxLeaseSeconds / 2) /
                           kLeaseGridSeconds +
                       1) *
                      kLeaseGridSeconds;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    // A lease counts by etcd's clock, from when it was granted: one of before
    // the clock was set ends at another time than it was granted for.
    const int64_t clock_offset =
        now_seconds - std::chrono::duration_cast<std::chrono::seconds>(
                          std::chrono::steady_clock::now().time_since_epoch())
                          .count();
    if (std::abs(clock_offset - lease_clock_offset_) > kLeaseSlackSeconds / 2) {
      leases_.clear();
      lease_clock_offset_ = clock_offset;
    }
    leases_.erase(leases_.begin(), leases_.lower_bound(now_seconds));
    const auto found = leases_.find(end);
    if (found != leases_.end()) return found->second;
  }
  etcdserverpb::LeaseGrantRequest request;
  request.set_ttl(std::max(end - now_seconds, int64_t{0}) + kLeaseSlackSeconds);
  etcdserverpb::LeaseGrantResponse response;
  absl::Status status =
      Call(deadline, Repeat::kYes,
           [&](Member* member, grpc::ClientContext* context) {
             return member->lease->LeaseGrant(context, request, &response);
           });
  if (!status.ok()) return status;
  const std::lock_guard<std::mutex> lock(mutex_);
  // Of two that were granted at once, one ends with nothing on it.
  return leases_.emplace(end, response.id()).first->second;
}

absl::StatusOr<TxnResponse> EtcdClient::TxnWithLease(
    absl::Time expires_at, absl::Time now, Deadline deadline,
    const std::function<TxnRequest(int64_t lease)>& make) {
  for (bool again = false;; again = true) {
    const absl::StatusOr<int64_t> lease = LeaseUntil(expires_at, now, deadline);
    if (!lease.ok()) return lease.status();
    bool lease_missing = false;
    absl::StatusOr<TxnResponse> response =
        TxnOnce(make(*lease), deadline, &lease_missing);
    if (response.ok() || !lease_missing || again) return response;
    ForgetLeases();
  }
}

absl::StatusOr<std::unique_ptr<EtcdClient::WatchStream>> EtcdClient::Watch(
    grpc::ClientContext* context, size_t* member) {
  const Deadline deadline = NewDeadline();
  const absl::StatusOr<Member*> connected = Connected(deadline);
  if (!connected.ok()) return connected.status();
  *member = *connected - members_.data();
  const grpc::Status authorized = Authorize(*connected, deadline, context);
  if (!authorized.ok()) {
    if (authorized.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
      Leave(*member);
    }
    return ToStatus(authorized);
  }
  // A member that has lost the others ends the stream.
  context->AddMetadata("hasleader", "true");
  return (*connected)->watch->Watch(context);
}

void EtcdClient::Leave(size_t member) {
  current_.compare_exchange_strong(member, (member + 1) % members_.size());
}

absl::StatusOr<EtcdClient::Member*> EtcdClient::Connected(Deadline deadline) {
  const size_t first = current_.load();
  // Whatever happens to the clock.
  const auto end = std::chrono::steady_clock::now() +
                   (deadline - std::chrono::system_clock::now());
  for (;;) {
    for (size_t i = 0; i < members_.size(); ++i) {
      const size_t index = (first + i) % members_.size();
      if (members_[index].channel->GetState(/*try_to_connect=*/true) ==
          GRPC_CHANNEL_READY) {
        current_.store(index);
        return &members_[index];
      }
    }
    for (const Member& member : members_) {
      const auto left = end - std::chrono::steady_clock::now();
      if (left <= left.zero()) {
        return absl::UnavailableError(
            absl::StrCat("etcd cannot be reached: no answer from ",
                         absl::StrJoin(options_.endpoints, ", ")));
      }
      const auto turn = std::min<std::chrono::nanoseconds>(kConnectTurn, left);
      if (member.channel->WaitForConnected(std::chrono::system_clock::now() +
                                           turn)) {
        break;
      }
    }
  }
}

absl::Status EtcdClient::Call(
    Deadline deadline, Repeat repeat,
    const std::function<grpc::Status(Member*, grpc::ClientContext*)>& call) {
  const auto left = deadline - std::chrono::system_clock::now();
  if (left <= left.zero() || !MayCall()) {
    return absl::UnavailableError("etcd does not answer");
  }
  // Of a call that had little time, silence says nothing.
  const bool had_time =
      left >= absl::ToChronoMilliseconds(options_.timeout) / 2;
  Outcome outcome = Outcome::kUnanswered;
  absl::Status status = CallNow(deadline, repeat, call, &outcome);
  if (outcome == Outcome::kUnanswered && !had_time) outcome = Outcome::kUnknown;
  EndCall(outcome);
  return status;
}

bool EtcdClient::MayCall() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (unanswered_ >= kUnansweredWhenAway && calls_ >= kMaxCallsWhenAway) {
    return false;
  }
  ++calls_;
  return true;
}

void EtcdClient::EndCall(Outcome outcome) {
  const std::lock_guard<std::mutex> lock(mutex_);
  --calls_;
  if (outcome == Outcome::kAnswered) unanswered_ = 0;
  if (outcome == Outcome::kUnanswered) ++unanswered_;
}

absl::Status EtcdClient::CallNow(
    Deadline deadline, Repeat repeat,
    const std::function<grpc::Status(Member*, grpc::ClientContext*)>& call,
    Outcome* outcome) {
  grpc::Status status;
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    const absl::StatusOr<Member*> member = Connected(deadline);
    if (!member.ok()) return member.status();
    grpc::ClientContext context;
    context.set_deadline(deadline);
    status = Authorize(*member, deadline, &context);
    if (status.ok()) status = call(*member, &context);
    if (IsTokenOutdated(status)) {
      ForgetToken();
      *outcome = Outcome::kAnswered;
      continue;
    }
    const bool unavailable =
        status.error_code() == grpc::StatusCode::UNAVAILABLE;
    if (unavailable ||
        status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
      Leave(*member - members_.data());
      *outcome = Outcome::kUnanswered;
    } else {
      *outcome = Outcome::kAnswered;
    }
    if (!unavailable || repeat == Repeat::kNo) break;
  }
  return ToStatus(status);
}

grpc::Status EtcdClient::Authorize(Member* member, Deadline deadline,
                                   grpc::ClientContext* context) {
  if (options_.username.empty()) return grpc::Status::OK;
  std::string token;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    token = token_;
  }
  if (token.empty()) {
    etcdserverpb::AuthenticateRequest request;
    request.set_name(options_.username);
    request.set_password(options_.password.str());
    etcdserverpb::AuthenticateResponse response;
    grpc::ClientContext login;
    login.set_deadline(deadline);
    const grpc::Status status =
        member->auth->Authenticate(&login, request, &response);
    if (!status.ok()) return status;
    token = response.token();
    const std::lock_guard<std::mutex> lock(mutex_);
    token_ = token;
  }
  context->AddMetadata("token", token);
  return grpc::Status::OK;
}

void EtcdClient::ForgetToken() {
  const std::lock_guard<std::mutex> lock(mutex_);
  token_.clear();
}

void EtcdClient::ForgetLeases() {
  const std::lock_guard<std::mutex> lock(mutex_);
  leases_.clear();
}

}  // namespace sluice::policy
