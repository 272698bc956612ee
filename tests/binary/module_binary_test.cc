// The module as it is shipped: what it exports, what it needs, how it is to be loaded. Read from
// the file itself, so that no tool of the build machine has to be trusted or installed.
#include <dlfcn.h>
#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pkcs11.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace grant {
namespace {

using testing::AnyOf;
using testing::Each;
using testing::ElementsAre;
using testing::StartsWith;

std::string Contents(const char* path) {
  std::ostringstream contents;
  contents << std::ifstream(path, std::ios::binary).rdbuf();
  return contents.str();
}

class ElfFile {
 public:
  explicit ElfFile(const char* path) : bytes_(Contents(path)) {
    if (bytes_.size() < sizeof(Elf64_Ehdr)) {
      ADD_FAILURE() << "no module at " << path;
      bytes_.resize(sizeof(Elf64_Ehdr));
    }
  }

  std::vector<Elf64_Shdr> Sections(uint32_t type) const {
    const auto header = At<Elf64_Ehdr>(0);
    std::vector<Elf64_Shdr> found;
    for (size_t i = 0; i < header.e_shnum; ++i) {
      const auto section = At<Elf64_Shdr>(header.e_shoff + i * header.e_shentsize);
      if (section.sh_type == type) found.push_back(section);
    }
    return found;
  }

  template <typename Entry>
  std::vector<Entry> Table(uint32_t type) const {
    std::vector<Entry> entries;
    for (const Elf64_Shdr& section : Sections(type)) {
      for (size_t at = 0; at < section.sh_size; at += sizeof(Entry)) {
        entries.push_back(At<Entry>(section.sh_offset + at));
      }
    }
    return entries;
  }

  // A name in the dynamic string table, to which both tables below refer.
  std::string Name(size_t offset) const {
    const Elf64_Shdr dynamic = Sections(SHT_DYNAMIC).at(0);
    const auto header = At<Elf64_Ehdr>(0);
    const auto strings = At<Elf64_Shdr>(header.e_shoff + dynamic.sh_link * header.e_shentsize);
    return &bytes_.at(strings.sh_offset + offset);
  }

  std::set<std::string> Symbols(bool defined) const {
    std::set<std::string> names;
    for (const Elf64_Sym& symbol : Table<Elf64_Sym>(SHT_DYNSYM)) {
      const bool is_defined = symbol.st_shndx != SHN_UNDEF;
      if (symbol.st_name != 0 && is_defined == defined) names.insert(Name(symbol.st_name));
    }
    return names;
  }

  std::vector<Elf64_Dyn> Dynamic(Elf64_Sxword tag) const {
    std::vector<Elf64_Dyn> found;
    for (const Elf64_Dyn& entry : Table<Elf64_Dyn>(SHT_DYNAMIC)) {
      if (entry.d_tag == tag) found.push_back(entry);
    }
    return found;
  }

 private:
  template <typename T>
  T At(size_t offset) const {
    T value;
    std::memcpy(&value, &bytes_.at(offset), sizeof value);
    return value;
  }

  std::string bytes_;
};

bool IsSanitized() {
  return *GRANT_SANITIZED != '\0';
}

TEST(ModuleBinary, ExportsWhatPkcs11AsksForAndNothingElse) {
  EXPECT_THAT(ElfFile(GRANT_PKCS11_MODULE).Symbols(true),
              ElementsAre("C_GetFunctionList", "C_GetInterface", "C_GetInterfaceList"));
}

TEST(ModuleBinary, NeedsTheCLibraryAlone) {
  if (IsSanitized()) GTEST_SKIP() << "a sanitizer brings its own libraries";
  const ElfFile module(GRANT_PKCS11_MODULE);
  std::vector<std::string> needed;
  for (const Elf64_Dyn& entry : module.Dynamic(DT_NEEDED)) {
    needed.push_back(module.Name(entry.d_un.d_val));
  }
  EXPECT_THAT(needed, testing::Not(testing::IsEmpty()));
  EXPECT_THAT(needed, Each(AnyOf("libc.so.6", "libm.so.6", StartsWith("ld-linux"))));
}

TEST(ModuleBinary, IsBoundAtOnceAndNeverUnloaded) {
  const ElfFile module(GRANT_PKCS11_MODULE);
  ASSERT_EQ(module.Dynamic(DT_FLAGS_1).size(), 1U);
  const auto flags = module.Dynamic(DT_FLAGS_1)[0].d_un.d_val;
  EXPECT_NE(flags & DF_1_NOW, 0U);
  EXPECT_NE(flags & DF_1_NODELETE, 0U);
}

TEST(ModuleBinary, HasNoSearchPathOfItsOwn) {
  const ElfFile module(GRANT_PKCS11_MODULE);
  EXPECT_TRUE(module.Dynamic(DT_RPATH).empty());
  EXPECT_TRUE(module.Dynamic(DT_RUNPATH).empty());
}

TEST(ModuleBinary, StartsNoThreadsAndHandlesNoSignals) {
  if (IsSanitized()) GTEST_SKIP() << "a sanitizer has its own ways";
  const std::set<std::string> used = ElfFile(GRANT_PKCS11_MODULE).Symbols(false);
  for (const char* name : {"pthread_create", "signal", "sigaction", "atexit", "on_exit", "exit",
                           "system", "dlclose", "getenv", "send", "sleep"}) {
    EXPECT_FALSE(used.contains(name)) << name;
  }
}

TEST(ModuleBinary, LeavesNothingToDestroyAtExit) {
  if (IsSanitized()) GTEST_SKIP() << "a sanitizer registers functions of its own";
  // The C++ runtime that is linked in has a few; the module's own code has none.
  const std::string archive = Contents(GRANT_PKCS11_PARTS);
  ASSERT_NE(archive.find("secure_getenv"), std::string::npos);
  EXPECT_EQ(archive.find("__cxa_atexit"), std::string::npos);
  EXPECT_EQ(archive.find("__cxa_thread_atexit"), std::string::npos);
}

TEST(ModuleBinary, NoFunctionIsNull) {
  void* module = dlopen(GRANT_PKCS11_MODULE, RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(module, nullptr) << dlerror();
  auto get = reinterpret_cast<CK_C_GetInterfaceList>(dlsym(module, "C_GetInterfaceList"));
  CK_INTERFACE interfaces[8];
  CK_ULONG count = std::size(interfaces);
  ASSERT_EQ(get(interfaces, &count), static_cast<CK_RV>(CKR_OK));
  ASSERT_GE(count, 1U);
  // The first is the list of version 2.40, which C_GetFunctionList gives, too.
  auto* list = static_cast<CK_FUNCTION_LIST*>(interfaces[0].pFunctionList);
  void* functions[68];
  static_assert(sizeof *list == sizeof(void*) + sizeof functions);
  std::memcpy(functions, reinterpret_cast<char*>(list) + sizeof(void*), sizeof functions);
  for (size_t i = 0; i < std::size(functions); ++i) EXPECT_NE(functions[i], nullptr) << i;
}

}  // namespace
}  // namespace grant
