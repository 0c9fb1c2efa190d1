#include "proxy/mqtt/auth.h"

#include "proxy/base/byte_reader.h"
#include "proxy/mqtt/body_reader.h"
#include "proxy/mqtt/reason_code.h"

namespace sluice::mqtt {

absl::StatusOr<Auth> ParseAuth(const Frame& frame) {
  if (absl::Status status = CheckFlags(frame, 0); !status.ok()) return status;
  Auth auth;
  ByteReader reader(frame.body);
  if (!reader.ReadU8(&auth.code)) return auth;
  if (!IsReasonCodeOf(PacketType::kAuth, auth.code)) {
    return ProtocolError("code is none of AUTH");
  }
  if (absl::Status status =
          ReadProperties(&reader, PropertyPlace::kAuth, &auth.properties);
      !status.ok()) {
    return status;
  }
  Property method;
  if (!auth.properties.Find(PropertyId::kAuthenticationMethod, &method)) {
    return ProtocolError("AUTH without authentication method");
  }
  if (absl::Status status = CheckEnd(reader); !status.ok()) return status;
  return auth;
}

}  // namespace sluice::mqtt
