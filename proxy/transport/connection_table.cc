#include "proxy/transport/connection_table.h"

#include <algorithm>
#include <utility>

namespace sluice::transport {

void ConnectionTable::Add(std::shared_ptr<const ListenerConfig> config,
                          UvStream socket, const SocketAddress& client) {
  const uint64_t id = ++last_id_;
  auto connection = std::make_unique<ClientConnection>(
      context_, id, std::move(config), std::move(socket), client);
  connection->Start();
  connections_.emplace(id, std::move(connection));
  pending_.Add(id, client.Network(), context_->loop->Now());
  context_->stats.pending = pending_.size();
  context_->stats.connections_opened.Increment();
}

ClientConnection* ConnectionTable::Find(uint64_t id) {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second.get();
}

void ConnectionTable::Remove(uint64_t id) {
  if (connections_.erase(id) == 0) return;
  LetIn(id);
  context_->stats.connections_closed.Increment();
  admission_->Release();
}

void ConnectionTable::LetIn(uint64_t id) {
  pending_.Remove(id);
  context_->stats.pending = pending_.size();
}

bool ConnectionTable::MakeRoomFor(const SocketAddress& client,
                                  absl::Duration grace) {
  return Evict(
      pending_.VictimFor(client.Network(), context_->loop->Now(), grace));
}

bool ConnectionTable::MakeRoom(absl::Duration grace) {
  return Evict(pending_.Victim(context_->loop->Now(), grace));
}

bool ConnectionTable::Evict(absl::optional<uint64_t> id) {
  if (!id.has_value()) return false;
  context_->stats.refused_pending.Increment();
  Find(*id)->Evict();
  return true;
}

std::vector<uint64_t> ConnectionTable::Ids() const {
  std::vector<uint64_t> ids;
  ids.reserve(connections_.size());
  for (const auto& entry : connections_) ids.push_back(entry.first);
  std::sort(ids.begin(), ids.end());
  return ids;
}

void ConnectionTable::Clear() {
  while (!connections_.empty()) Remove(connections_.begin()->first);
}

}  // namespace sluice::transport
