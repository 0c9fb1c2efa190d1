#include "policy/ace/cbor.h"

#include <cbor.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "proxy/mqtt/utf8.h"

namespace sluice::ace {
namespace {

constexpr uint64_t kMaxInt64 = INT64_MAX;

// Takes libcbor's events, one a call of its decoder, and builds the value.
class Builder {
 public:
  bool complete() const { return started_ && open_.empty(); }
  // Empty while nothing is wrong.
  absl::string_view error() const { return error_; }
  Cbor Take() && { return std::move(root_); }

  void Fail(absl::string_view error) {
    if (error_.empty()) error_ = error;
  }

  void Add(Cbor value) {
    Place(std::move(value));
    CloseFull();
  }

  // `count` items follow that belong to `value`.
  void Open(Cbor value, uint64_t count) {
    if (open_.size() == kMaxCborDepth) return Fail("CBOR nested too deeply");
    Cbor* const placed = Place(std::move(value));
    open_.push_back({placed, count});
    CloseFull();
  }

 private:
  struct Frame {
    Cbor* container;
    uint64_t missing;
  };

  // The pointers in open_ stay good: items grow only while the last of them is
  // not open.
  Cbor* Place(Cbor value) {
    started_ = true;
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Frame& frame = open_.back();
    --frame.missing;
    return &frame.container->items.emplace_back(std::move(value));
  }

  void CloseFull() {
    while (!open_.empty() && open_.back().missing == 0) {
      CheckKeys(*open_.back().container);
      open_.pop_back();
    }
  }

  void CheckKeys(const Cbor& container) {
    if (container.type != Cbor::Type::kMap) return;
    const std::vector<Cbor>& items = container.items;
    for (size_t i = 0; i < items.size(); i += 2) {
      const Cbor::Type type = items[i].type;
      if (type != Cbor::Type::kUnsigned && type != Cbor::Type::kNegative &&
          type != Cbor::Type::kText) {
        return Fail("a map key is neither an integer nor text");
      }
      for (size_t j = 0; j < i; j += 2) {
        if (SameKey(items[i], items[j])) return Fail("a map has a key twice");
      }
    }
  }

  bool started_ = false;
  Cbor root_;
  // The containers around the next item, outermost first.
  std::vector<Frame> open_;
  absl::string_view error_;
};

Cbor OfType(Cbor::Type type, uint64_t argument = 0) {
  Cbor value;
  value.type = type;
  value.argument = argument;
  return value;
}

Cbor OfString(Cbor::Type type, cbor_data data, size_t size) {
  Cbor value = OfType(type);
  value.string = ByteView(data, size);
  return value;
}

Builder& ToBuilder(void* context) { return *static_cast<Builder*>(context); }

// The callbacks of libcbor, which is C.

template <Cbor::Type type, typename Argument>
void OnArgument(void* context, Argument argument) {
  ToBuilder(context).Add(OfType(type, argument));
}

template <Cbor::Type type>
void OnSimple(void* context) {
  ToBuilder(context).Add(OfType(type));
}

template <typename Number>
void OnFloat(void* context, Number number) {
  Cbor value = OfType(Cbor::Type::kFloat);
  value.number = number;
  ToBuilder(context).Add(std::move(value));
}

void OnBytes(void* context, cbor_data data, size_t size) {
  ToBuilder(context).Add(OfString(Cbor::Type::kBytes, data, size));
}

void OnText(void* context, cbor_data data, size_t size) {
  Cbor value = OfString(Cbor::Type::kText, data, size);
  if (!mqtt::IsValidUtf8(AsString(value.string))) {
    return ToBuilder(context).Fail("a text string is not UTF-8");
  }
  ToBuilder(context).Add(std::move(value));
}

void OnArray(void* context, size_t count) {
  ToBuilder(context).Open(OfType(Cbor::Type::kArray), count);
}

void OnMap(void* context, size_t entries) {
  if (entries > kMaxCborMapEntries) {
    return ToBuilder(context).Fail("a map has too many entries");
  }
  ToBuilder(context).Open(OfType(Cbor::Type::kMap), 2 * entries);
}

void OnTag(void* context, uint64_t tag) {
  ToBuilder(context).Open(OfType(Cbor::Type::kTag, tag), 1);
}

void OnIndefinite(void* context) {
  ToBuilder(context).Fail("CBOR of indefinite length");
}

cbor_callbacks MakeCallbacks() {
  constexpr Cbor::Type kUnsigned = Cbor::Type::kUnsigned;
  constexpr Cbor::Type kNegative = Cbor::Type::kNegative;
  cbor_callbacks callbacks = {};
  callbacks.uint8 = OnArgument<kUnsigned, uint8_t>;
  callbacks.uint16 = OnArgument<kUnsigned, uint16_t>;
  callbacks.uint32 = OnArgument<kUnsigned, uint32_t>;
  callbacks.uint64 = OnArgument<kUnsigned, uint64_t>;
  callbacks.negint8 = OnArgument<kNegative, uint8_t>;
  callbacks.negint16 = OnArgument<kNegative, uint16_t>;
  callbacks.negint32 = OnArgument<kNegative, uint32_t>;
  callbacks.negint64 = OnArgument<kNegative, uint64_t>;
  callbacks.byte_string = OnBytes;
  callbacks.byte_string_start = OnIndefinite;
  callbacks.string = OnText;
  callbacks.string_start = OnIndefinite;
  callbacks.array_start = OnArray;
  callbacks.indef_array_start = OnIndefinite;
  callbacks.map_start = OnMap;
  callbacks.indef_map_start = OnIndefinite;
  callbacks.tag = OnTag;
  callbacks.float2 = OnFloat<float>;
  callbacks.float4 = OnFloat<float>;
  callbacks.float8 = OnFloat<double>;
  callbacks.undefined = OnSimple<Cbor::Type::kUndefined>;
  callbacks.null = OnSimple<Cbor::Type::kNull>;
  callbacks.boolean = OnArgument<Cbor::Type::kBoolean, bool>;
  callbacks.indef_break = OnIndefinite;
  return callbacks;
}

// A tag below 24, which has its number in its first byte.
bool IsShortTag(uint8_t first_byte) {
  return first_byte >= 0xc0 && first_byte <= 0xd7;
}

// Hands the item or head at the beginning of `bytes` to `builder` and returns
// its length.
size_t DecodeNext(ByteView bytes, Builder& builder) {
  static const cbor_callbacks callbacks = MakeCallbacks();
  // Debian's libcbor takes the short tags that had no meaning when it was
  // written for malformed; those of COSE are among them.
  if (!bytes.empty() && IsShortTag(bytes[0])) {
    OnTag(&builder, bytes[0] & 0x1f);
    return 1;
  }
  const cbor_decoder_result result =
      cbor_stream_decode(bytes.data(), bytes.size(), &callbacks, &builder);
  if (result.status != CBOR_DECODER_FINISHED) builder.Fail("malformed CBOR");
  return result.read;
}

}  // namespace

absl::StatusOr<Cbor> ParseCbor(ByteView bytes) {
  if (bytes.size() > kMaxCborBytes) {
    return absl::InvalidArgumentError("CBOR too long");
  }
  Builder builder;
  size_t offset = 0;
  while (!builder.complete()) {
    const size_t read = DecodeNext(bytes.subspan(offset), builder);
    if (!builder.error().empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(builder.error(), " at byte ", offset));
    }
    offset += read;
  }
  if (offset != bytes.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("bytes after the CBOR item at byte ", offset));
  }
  return std::move(builder).Take();
}

const Cbor* FindKey(const Cbor& map, int64_t key) {
  if (map.type != Cbor::Type::kMap) return nullptr;
  for (size_t i = 0; i + 1 < map.items.size(); i += 2) {
    if (AsInteger(&map.items[i]) == key) return &map.items[i + 1];
  }
  return nullptr;
}

bool SameKey(const Cbor& a, const Cbor& b) {
  return a.type == b.type && a.argument == b.argument && a.string == b.string;
}

std::optional<int64_t> AsInteger(const Cbor* value) {
  if (value == nullptr || value->argument > kMaxInt64) return std::nullopt;
  const auto argument = static_cast<int64_t>(value->argument);
  if (value->type == Cbor::Type::kUnsigned) return argument;
  if (value->type == Cbor::Type::kNegative) return -1 - argument;
  return std::nullopt;
}

std::optional<ByteView> AsByteString(const Cbor* value) {
  if (value == nullptr || value->type != Cbor::Type::kBytes) {
    return std::nullopt;
  }
  return value->string;
}

std::optional<absl::string_view> AsTextString(const Cbor* value) {
  if (value == nullptr || value->type != Cbor::Type::kText) {
    return std::nullopt;
  }
  return AsString(value->string);
}

}  // namespace sluice::ace
