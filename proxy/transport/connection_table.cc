#include "proxy/transport/connection_table.h"

#include <utility>

namespace sluice::transport {

void ConnectionTable::Add(std::shared_ptr<const ListenerConfig> config,
                          UvStream socket, const SocketAddress& client) {
  const uint64_t id = ++last_id_;
  auto connection = std::make_unique<ClientConnection>(
      context_, id, std::move(config), std::move(socket), client);
  connection->Start();
  connections_.emplace_hint(connections_.end(), id, std::move(connection));
  pending_.Add(id, client.Network(), context_->loop->Now());
  context_->stats.pending = pending_.size();
  context_->stats.connections_opened.Increment();
}

ClientConnection* ConnectionTable::Find(uint64_t id) {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second.get();
}

void ConnectionTable::Remove(uint64_t id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  std::unique_ptr<ClientConnection> connection = std::move(found->second);
  connections_.erase(found);
  connection.reset();  // when it is not to be found any more
  LetIn(id);
  anonymous_.Remove(id);
  held_.Set(id, 0);
  context_->stats.anonymous = anonymous_.size();
  context_->stats.connections_closed.Increment();
  admission_->Release();
}

void ConnectionTable::LetIn(uint64_t id) {
  pending_.Remove(id);
  context_->stats.pending = pending_.size();
}

bool ConnectionTable::LetInAnonymous(uint64_t id, const SocketAddress& client) {
  const absl::Time now = context_->loop->Now();
  const uint64_t network = client.Network();
  if (max_anonymous_ > 0 && anonymous_.size() >= max_anonymous_) {
    if (!anonymous_.VictimFor(network, now, absl::InfiniteDuration())
             .has_value()) {
      context_->stats.refused_anonymous.Increment();
      return false;
    }
    // Not now: this is another connection's turn.
    context_->loop->Post([this] {
      while (anonymous_.size() > max_anonymous_ &&
             EvictAnonymous(absl::ZeroDuration())) {
      }
    });
  }
  anonymous_.Add(id, network, now);
  context_->stats.anonymous = anonymous_.size();
  return true;
}

bool ConnectionTable::MakeRoomFor(const SocketAddress& client,
                                  absl::Duration grace) {
  return Evict(
      pending_.VictimFor(client.Network(), context_->loop->Now(), grace),
      &context_->stats.refused_pending);
}

bool ConnectionTable::MakeRoom(absl::Duration grace) {
  return Evict(pending_.Victim(context_->loop->Now(), grace),
               &context_->stats.refused_pending) ||
         EvictAnonymous(grace);
}

bool ConnectionTable::EvictAnonymous(absl::Duration grace) {
  return Evict(anonymous_.Victim(context_->loop->Now(), grace),
               &context_->stats.refused_anonymous);
}

void ConnectionTable::SetHeldBytes(uint64_t id, size_t bytes) {
  held_.Set(id, bytes);
  if (!held_.is_over() || evicts_holders_) return;
  evicts_holders_ = true;
  // Not now: this is one connection's turn.
  context_->loop->Post([this] { EvictHolders(); });
}

void ConnectionTable::EvictHolders() {
  evicts_holders_ = false;
  if (!held_.is_over()) return;
  for (const uint64_t id : held_.Victims()) {
    Evict(id, &context_->stats.refused_held_bytes);
  }
}

bool ConnectionTable::Evict(absl::optional<uint64_t> id, Counter* refused) {
  if (!id.has_value()) return false;
  refused->Increment();
  Find(*id)->Evict();
  return true;
}

std::vector<uint64_t> ConnectionTable::Ids() const {
  std::vector<uint64_t> ids;
  ids.reserve(connections_.size());
  for (const auto& entry : connections_) ids.push_back(entry.first);
  return ids;
}

void ConnectionTable::Clear() {
  while (!connections_.empty()) Remove(connections_.begin()->first);
}

}  // namespace sluice::transport
