#include "policy/store/etcd_token_store.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "policy/store/etcd_request.h"
#include "policy/store/store_errors.h"
#include "policy/store/token_rules.h"
#include "proto/sluice/store/v1/stored.pb.h"

namespace sluice::policy {
namespace {

using etcdserverpb::RangeRequest;
using etcdserverpb::RangeResponse;
using etcdserverpb::TxnRequest;
using etcdserverpb::TxnResponse;
using store::v1::StoredToken;

// Where the oldest of `max` tokens begin to go, and where that ends.
EtcdTokenEvictor::Bounds BoundsFor(int64_t max) {
  const int64_t begin = max - max / 100;
  return {begin, begin - max / 100};
}

// What there may be while they go.
int64_t MostFor(int64_t max) { return max + std::max(max / 10, int64_t{100}); }

// What a record costs beside its strings.
constexpr size_t kBookkeepingBytes = 512;

// etcd walks through all keys behind its first for each range, however few it
// is to return; a record may have 64 KiB and more.
constexpr int64_t kListPageSize = 250;
// Each is an operation of one transaction, of which etcd takes 128.
constexpr int64_t kNamedPageSize = 32;

std::string Serialized(const TokenRecord& record) {
  StoredToken stored;
  stored.set_binding(record.binding);
  stored.set_token(record.token);
  stored.set_expires_at(absl::ToUnixMicros(record.expires_at));
  stored.set_client_id(record.client_id);
  stored.set_issuer(record.issuer);
  stored.set_kid(record.kid);
  stored.set_key(record.key);
  stored.set_subject(record.subject);
  if (record.issued_at.has_value()) {
    stored.set_issued_at(absl::ToUnixMicros(*record.issued_at));
  }
  if (record.named_since.has_value()) {
    stored.set_named_since(absl::ToUnixMicros(*record.named_since));
  }
  return stored.SerializeAsString();
}

std::optional<TokenRecord> ToRecord(const std::string& value) {
  StoredToken stored;
  if (!stored.ParseFromString(value)) return std::nullopt;
  TokenRecord record;
  record.binding = stored.binding();
  record.token = stored.token();
  record.expires_at = absl::FromUnixMicros(stored.expires_at());
  record.client_id = stored.client_id();
  record.issuer = stored.issuer();
  record.kid = stored.kid();
  record.key = stored.key();
  record.subject = stored.subject();
  if (stored.has_issued_at()) {
    record.issued_at = absl::FromUnixMicros(stored.issued_at());
  }
  if (stored.has_named_since()) {
    record.named_since = absl::FromUnixMicros(stored.named_since());
  }
  return record;
}

}  // namespace

EtcdTokenStore::EtcdTokenStore(std::shared_ptr<EtcdClient> client,
                               const TokenLimits& limits)
    : client_(std::move(client)),
      limits_(limits),
      keys_(*client_),
      counter_(client_, keys_.tokens()),
      bounds_(BoundsFor(static_cast<int64_t>(limits_.max_tokens))),
      most_(MostFor(static_cast<int64_t>(limits_.max_tokens))),
      evictor_(client_, keys_.tokens(), bounds_, &counter_,
               [this](const std::string& value) { return NamesIn(value); }) {}

absl::Status EtcdTokenStore::PutOf(TokenRecord record, Possession possession,
                                   absl::Time now) {
  if (absl::Status s = CheckLive(record, now); !s.ok()) return s;
  const size_t bytes = StringBytes(record) + kBookkeepingBytes;
  if (absl::Status s = CheckSize(bytes, limits_); !s.ok()) return s;
  const EtcdClient::Deadline deadline = client_->NewDeadline();
  for (;;) {
    TokenRecord next = record;
    const absl::StatusOr<Before> before =
        Look(possession, now, deadline, &next);
    if (!before.ok()) return before.status();
    absl::Status named = KeepNameOf(*before, now, deadline, &next);
    if (!named.ok()) return named;
    if (before->earlier.has_value() &&
        before->client_binding ==
            (next.client_id.empty() ? "" : next.binding) &&
        Serialized(*before->earlier) == Serialized(next)) {
      return absl::OkStatus();
    }
    if (!before->earlier.has_value()) {
      absl::Status room = CheckRoom(deadline);
      if (!room.ok()) return room;
    }
    const absl::StatusOr<bool> written = Write(next, *before, now, deadline);
    if (!written.ok()) return written.status();
    if (!*written) continue;
    if (!before->earlier.has_value() && counter_.Add(1) > bounds_.begin) {
      evictor_.Wake();
    }
    return absl::OkStatus();
  }
}

absl::StatusOr<EtcdTokenStore::Before> EtcdTokenStore::Look(
    Possession possession, absl::Time now, EtcdClient::Deadline deadline,
    TokenRecord* record) {
  absl::StatusOr<FoundRecord> earlier = Read(record->binding, deadline);
  if (!earlier.ok()) return earlier.status();
  Before before;
  before.earlier = std::move(earlier->record);
  before.earlier_revision = earlier->revision;
  absl::Status status;
  if (before.earlier.has_value() && before.earlier->expires_at > now) {
    status = Succeed(*before.earlier, possession, &pace_, now, record);
  }
  if (status.ok() && !record->client_id.empty()) {
    status = LookAtClientId(*record, deadline, &before);
  }
  if (!status.ok()) return status;
  return before;
}

absl::Status EtcdTokenStore::LookAtClientId(const TokenRecord& record,
                                            EtcdClient::Deadline deadline,
                                            Before* before) {
  const absl::StatusOr<RangeResponse> found =
      client_->Range(EtcdKey(keys_.Client(record.client_id)), deadline);
  if (!found.ok()) return found.status();
  if (found->kvs().empty()) return absl::OkStatus();
  before->client_binding = found->kvs(0).value();
  before->client_revision = found->kvs(0).mod_revision();
  if (before->client_binding == record.binding) return absl::OkStatus();
  absl::StatusOr<FoundRecord> loser = Read(before->client_binding, deadline);
  if (!loser.ok()) return loser.status();
  // What is left of an identifier whose record has gone names nobody.
  if (loser->record.has_value() &&
      loser->record->client_id != record.client_id) {
    return absl::OkStatus();
  }
  before->loser = std::move(loser->record);
  before->loser_revision = loser->revision;
  return absl::OkStatus();
}

absl::StatusOr<bool> EtcdTokenStore::Write(const TokenRecord& record,
                                           const Before& before, absl::Time now,
                                           EtcdClient::Deadline deadline) {
  const absl::StatusOr<TxnResponse> response = client_->TxnWithLease(
      record.expires_at, now, deadline, [&](int64_t lease) {
        TxnRequest txn;
        const std::string key = keys_.Token(record.binding);
        AddCondition(key, before.earlier_revision, &txn);
        AddPut(key, Serialized(record), lease, &txn);
        if (!record.client_id.empty()) {
          const std::string client_key = keys_.Client(record.client_id);
          AddCondition(client_key, before.client_revision, &txn);
          AddPut(client_key, record.binding, lease, &txn);
        }
        if (before.loser.has_value()) {
          TokenRecord loser = *before.loser;
          loser.client_id.clear();
          const std::string loser_key = keys_.Token(loser.binding);
          AddCondition(loser_key, before.loser_revision, &txn);
          AddPut(loser_key, Serialized(loser), /*lease=*/0, &txn);
          txn.mutable_success(txn.success_size() - 1)
              ->mutable_request_put()
              ->set_ignore_lease(true);
        }
        const std::vector<std::string> names = keys_.NamesOf(record);
        for (const std::string& name : names) {
          AddPut(name, record.binding, lease, &txn);
        }
        if (before.earlier.has_value()) {
          const TokenRecord& earlier = *before.earlier;
          if (!earlier.client_id.empty() &&
              earlier.client_id != record.client_id) {
            AddDelete(keys_.Client(earlier.client_id), &txn);
          }
          for (const std::string& name : keys_.NamesOf(earlier)) {
            if (!absl::c_linear_search(names, name)) AddDelete(name, &txn);
          }
        }
        return txn;
      });
  if (!response.ok()) return response.status();
  return response->succeeded();
}

absl::Status EtcdTokenStore::CheckRoom(EtcdClient::Deadline deadline) {
  const absl::StatusOr<int64_t> tokens = counter_.Get(deadline);
  if (!tokens.ok()) return tokens.status();
  if (*tokens > bounds_.begin) evictor_.Wake();
  if (*tokens < most_) return absl::OkStatus();
  return StoreIsFullError();
}

absl::StatusOr<std::optional<TokenRecord>> EtcdTokenStore::Find(
    absl::string_view binding, absl::Time now) {
  absl::StatusOr<FoundRecord> found = Read(binding, client_->NewDeadline());
  if (!found.ok()) return found.status();
  if (found->record.has_value() && found->record->expires_at <= now) {
    return std::nullopt;
  }
  return std::move(found->record);
}

absl::StatusOr<std::vector<TokenRecord>> EtcdTokenStore::List(
    absl::string_view after, size_t limit, absl::Time now) {
  std::vector<TokenRecord> records;
  RangeRequest range = EtcdPrefix(keys_.tokens());
  if (!after.empty()) range.set_key(EtcdKeyAfter(keys_.Token(after)));
  range.set_limit(kListPageSize);
  while (records.size() < limit) {
    // Only operators wait for it, as long as they like.
    const absl::StatusOr<RangeResponse> page =
        client_->Range(range, client_->NewDeadline());
    if (!page.ok()) return page.status();
    for (const mvccpb::KeyValue& kv : page->kvs()) {
      std::optional<TokenRecord> record = ToRecord(kv.value());
      if (!record.has_value() || record->expires_at <= now) continue;
      if (records.size() < limit) records.push_back(*std::move(record));
    }
    if (!NextPage(*page, &range)) break;
  }
  return records;
}

absl::StatusOr<std::optional<TokenRecord>> EtcdTokenStore::FindByClientId(
    absl::string_view client_id, absl::Time now) {
  if (client_id.empty()) return std::nullopt;
  const EtcdClient::Deadline deadline = client_->NewDeadline();
  const absl::StatusOr<RangeResponse> found =
      client_->Range(EtcdKey(keys_.Client(client_id)), deadline);
  if (!found.ok()) return found.status();
  if (found->kvs().empty()) return std::nullopt;
  absl::StatusOr<FoundRecord> named = Read(found->kvs(0).value(), deadline);
  if (!named.ok()) return named.status();
  if (!named->record.has_value() || named->record->expires_at <= now ||
      named->record->client_id != client_id) {
    return std::nullopt;
  }
  return std::move(named->record);
}

absl::StatusOr<std::vector<TokenRecord>> EtcdTokenStore::FindByKid(
    absl::string_view issuer, absl::string_view subject, absl::string_view kid,
    absl::Time now) {
  return FindNamed(keys_.KidPrefix(kid, issuer, subject), issuer, kMaxNamesakes,
                   now, client_->NewDeadline());
}

absl::StatusOr<std::vector<TokenRecord>> EtcdTokenStore::FindSymmetricByKid(
    absl::string_view kid, absl::Time now) {
  return FindNamed(keys_.SecretPrefix(kid), "", kMaxNamesakes, now,
                   client_->NewDeadline());
}

absl::Status EtcdTokenStore::KeepNameOf(const Before& before, absl::Time now,
                                        EtcdClient::Deadline deadline,
                                        TokenRecord* record) {
  if (!record->named_since.has_value()) return absl::OkStatus();
  if (before.earlier.has_value() && before.earlier->expires_at > now) {
    KeepName({*before.earlier}, record);
  }
  if (record->subject.empty()) return absl::OkStatus();
  const absl::StatusOr<std::vector<TokenRecord>> namesakes =
      FindNamed(keys_.KidPrefix(record->kid, record->issuer, record->subject),
                record->issuer, kMaxNamesakes, now, deadline);
  if (namesakes.ok()) KeepName(*namesakes, record);
  return namesakes.status();
}

absl::StatusOr<std::vector<TokenRecord>> EtcdTokenStore::FindBySubject(
    absl::string_view issuer, absl::string_view subject, size_t limit,
    absl::Time now) {
  if (subject.empty()) return std::vector<TokenRecord>();
  return FindNamed(keys_.SubjectPrefix(subject), issuer, limit, now,
                   client_->NewDeadline());
}

absl::StatusOr<std::vector<TokenRecord>> EtcdTokenStore::FindNamed(
    const std::string& prefix, absl::string_view issuer, size_t limit,
    absl::Time now, EtcdClient::Deadline deadline) {
  std::vector<TokenRecord> records;
  RangeRequest range = EtcdPrefix(prefix);
  // Also where fewer are asked for, since some may have expired.
  range.set_limit(kNamedPageSize);
  while (records.size() < limit) {
    const absl::StatusOr<RangeResponse> names = client_->Range(range, deadline);
    if (!names.ok()) return names.status();
    if (names->kvs().empty()) break;
    TxnRequest txn;
    for (const mvccpb::KeyValue& kv : names->kvs()) {
      AddRange(EtcdKey(keys_.Token(kv.value())), &txn);
    }
    const absl::StatusOr<TxnResponse> found = client_->Txn(txn, deadline);
    if (!found.ok()) return found.status();
    for (int i = 0; i < found->responses_size(); ++i) {
      const RangeResponse& response = found->responses(i).response_range();
      if (response.kvs().empty() || records.size() >= limit) continue;
      std::optional<TokenRecord> record = ToRecord(response.kvs(0).value());
      if (!record.has_value() || record->expires_at <= now) continue;
      if (!issuer.empty() && record->issuer != issuer) continue;
      // A name may be left of an earlier token of the same key.
      if (!absl::c_linear_search(keys_.NamesOf(*record), names->kvs(i).key())) {
        continue;
      }
      records.push_back(*std::move(record));
    }
    if (!NextPage(*names, &range)) break;
  }
  return records;
}

// A record's identifier is its own for as long as nobody writes the record:
// who takes it away writes both.
std::vector<std::string> EtcdTokenStore::NamesIn(
    const std::string& value) const {
  const std::optional<TokenRecord> record = ToRecord(value);
  if (!record.has_value()) return {};
  std::vector<std::string> names = keys_.NamesOf(*record);
  if (!record->client_id.empty()) {
    names.push_back(keys_.Client(record->client_id));
  }
  return names;
}

absl::StatusOr<EtcdTokenStore::FoundRecord> EtcdTokenStore::Read(
    absl::string_view binding, EtcdClient::Deadline deadline) {
  const absl::StatusOr<RangeResponse> found =
      client_->Range(EtcdKey(keys_.Token(binding)), deadline);
  if (!found.ok()) return found.status();
  if (found->kvs().empty()) return FoundRecord();
  return FoundRecord{ToRecord(found->kvs(0).value()),
                     found->kvs(0).mod_revision()};
}

}  // namespace sluice::policy
