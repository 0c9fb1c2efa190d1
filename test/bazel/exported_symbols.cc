#include "test/bazel/exported_symbols.h"

#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sluice::testing {
namespace {

// The `index`th T of a table at `offset`; nullopt where the file ends earlier.
template <typename T>
std::optional<T> ReadAt(absl::string_view file, uint64_t offset,
                        uint64_t index = 0) {
  if (offset > file.size() || index > file.size() / sizeof(T) ||
      file.size() - offset < (index + 1) * sizeof(T)) {
    return std::nullopt;
  }
  T value;
  std::memcpy(&value, file.data() + offset + index * sizeof(T), sizeof(T));
  return value;
}

bool IsExported(const Elf64_Sym& symbol) {
  const unsigned char binding = ELF64_ST_BIND(symbol.st_info);
  const unsigned char visibility = ELF64_ST_VISIBILITY(symbol.st_other);
  return symbol.st_shndx != SHN_UNDEF && binding != STB_LOCAL &&
         (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ExportedSymbols(
    const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string file((std::istreambuf_iterator<char>(stream)), {});
  const auto malformed = absl::InvalidArgumentError(path + ": not 64-bit ELF");
  const auto header = ReadAt<Elf64_Ehdr>(file, 0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
      header->e_ident[EI_CLASS] != ELFCLASS64) {
    return malformed;
  }
  std::vector<std::string> names;
  for (int i = 0; i < header->e_shnum; ++i) {
    const auto section = ReadAt<Elf64_Shdr>(file, header->e_shoff, i);
    if (!section) return malformed;
    if (section->sh_type != SHT_DYNSYM) continue;
    const auto strings =
        ReadAt<Elf64_Shdr>(file, header->e_shoff, section->sh_link);
    if (!strings || strings->sh_offset > file.size()) return malformed;
    const absl::string_view text =
        absl::string_view(file).substr(strings->sh_offset, strings->sh_size);
    for (size_t j = 0; j < section->sh_size / sizeof(Elf64_Sym); ++j) {
      const auto symbol = ReadAt<Elf64_Sym>(file, section->sh_offset, j);
      if (!symbol || symbol->st_name >= text.size()) return malformed;
      if (!IsExported(*symbol)) continue;
      const absl::string_view rest = text.substr(symbol->st_name);
      names.emplace_back(rest.substr(0, rest.find('\0')));
    }
  }
  return names;
}

}  // namespace sluice::testing
