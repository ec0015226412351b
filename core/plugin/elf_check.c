/* SPDX-License-Identifier: MIT
 *
 * The check of a plugin's file: see elf_check.h. It walks the dynamic section as the loader would, from
 * the program headers, so that a stripped file passes too.
 */
#include "core/plugin/elf_check.h"

#include <dlfcn.h>
#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
enum {
    HOST_MACHINE = EM_X86_64
};
#elif defined(__aarch64__)
enum {
    HOST_MACHINE = EM_AARCH64
};
#else
#error "name this machine's ELF number here"
#endif

typedef struct elf_file {
    const unsigned char *bytes;
    size_t size;
    const Elf64_Ehdr *header;
    const Elf64_Phdr *segments;
    const char *strings; /* DT_STRTAB */
    size_t strings_size;
    const Elf64_Sym *symbols; /* DT_SYMTAB */
    size_t symbols_count;
} elf_file;

/* The libraries a plugin may need; on this machine some may be missing. */
static const char *const allowed_libraries[] = {
    "libc.so.6", "libm.so.6", "libmvec.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1",
};
enum {
    ALLOWED_COUNT = sizeof allowed_libraries / sizeof *allowed_libraries
};

static gsc_status cut_short(gsc_error *error) {
    return gsc_fail(error, GSC_ERR_PLUGIN,
                    "is cut short or damaged: its ELF tables point beyond its end; build it again");
}

/* The bytes at a virtual address, where size of them lie inside the file and a table of 4- or 8-byte
 * members can start there; else NULL. */
static const void *at_address(const elf_file *file, uint64_t address, uint64_t size, size_t align) {
    for (size_t i = 0; i < file->header->e_phnum; i++) {
        const Elf64_Phdr *segment = &file->segments[i];
        if (segment->p_type == PT_LOAD && address >= segment->p_vaddr &&
            address - segment->p_vaddr <= segment->p_filesz &&
            size <= segment->p_filesz - (address - segment->p_vaddr)) {
            uint64_t offset = segment->p_offset + (address - segment->p_vaddr);
            return offset % align == 0 ? file->bytes + offset : NULL;
        }
    }
    return NULL;
}

static const char *string_at(const elf_file *file, uint64_t offset) {
    if (offset >= file->strings_size ||
        memchr(file->strings + offset, 0, file->strings_size - offset) == NULL) {
        return NULL;
    }
    return file->strings + offset;
}

static gsc_status check_header(elf_file *file, gsc_error *error) {
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)(const void *)file->bytes;
    if (file->size < SELFMAG || memcmp(file->bytes, ELFMAG, SELFMAG) != 0) {
        return gsc_fail(error, GSC_ERR_PLUGIN, "is not a shared object: it has no ELF header");
    }
    if (file->size < sizeof *header) {
        return cut_short(error);
    }
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB ||
        header->e_machine != HOST_MACHINE) {
        return gsc_fail(error, GSC_ERR_PLUGIN,
                        "is built for another machine (ELF machine %u); this one needs 64 bits, "
                        "little endian, machine %d",
                        header->e_machine, HOST_MACHINE);
    }
    if (header->e_type != ET_DYN) {
        return gsc_fail(error, GSC_ERR_PLUGIN,
                        "is not a shared object (ELF type %u, not %d): link it with -shared",
                        header->e_type, ET_DYN);
    }
    if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phoff % 8 != 0 ||
        header->e_phoff > file->size ||
        (file->size - header->e_phoff) / sizeof(Elf64_Phdr) < header->e_phnum) {
        return cut_short(error);
    }
    file->header = header;
    file->segments = (const Elf64_Phdr *)(const void *)(file->bytes + header->e_phoff);
    for (size_t i = 0; i < header->e_phnum; i++) {
        const Elf64_Phdr *segment = &file->segments[i];
        if (segment->p_type == PT_LOAD && (segment->p_offset > file->size ||
                                           segment->p_filesz > file->size - segment->p_offset)) {
            return cut_short(error);
        }
    }
    /* The section headers end the file: their absence tells a truncation that spares the segments. */
    if (header->e_shnum > 0 &&
        (header->e_shoff > file->size ||
         (file->size - header->e_shoff) / sizeof(Elf64_Shdr) < header->e_shnum)) {
        return cut_short(error);
    }
    return GSC_OK;
}

/* How many symbols: the old hash table says it, the GNU one has to be walked to its last chain. 0: none. */
static size_t count_symbols(const elf_file *file, uint64_t hash, uint64_t gnu_hash) {
    if (hash != 0) {
        const uint32_t *table = at_address(file, hash, 2 * sizeof *table, 4);
        return table != NULL ? table[1] : 0;
    }
    const uint32_t *head = gnu_hash != 0 ? at_address(file, gnu_hash, 4 * sizeof *head, 4) : NULL;
    if (head == NULL) {
        return 0;
    }
    uint64_t buckets = head[0], first = head[1];
    uint64_t buckets_at = gnu_hash + 16 + (uint64_t)head[2] * 8;
    const uint32_t *bucket = at_address(file, buckets_at, buckets * sizeof *bucket, 4);
    uint64_t last = 0;
    for (uint64_t i = 0; bucket != NULL && i < buckets; i++) {
        last = bucket[i] > last ? bucket[i] : last;
    }
    if (bucket == NULL || last < first) {
        return bucket != NULL ? (size_t)first : 0;
    }
    uint64_t chains_at = buckets_at + buckets * sizeof *bucket;
    for (;; last++) {
        const uint32_t *chain =
            at_address(file, chains_at + (last - first) * sizeof *chain, sizeof *chain, 4);
        if (chain == NULL) {
            return 0;
        }
        if ((*chain & 1) != 0) {
            return (size_t)last + 1;
        }
    }
}

static gsc_status check_needed(const elf_file *file, const Elf64_Dyn *dynamic, size_t count,
                               gsc_error *error) {
    for (size_t i = 0; i < count && dynamic[i].d_tag != DT_NULL; i++) {
        if (dynamic[i].d_tag != DT_NEEDED) {
            continue;
        }
        const char *name = string_at(file, dynamic[i].d_un.d_val);
        if (name == NULL) {
            return cut_short(error);
        }
        bool allowed = false;
        for (size_t k = 0; k < ALLOWED_COUNT; k++) {
            allowed = allowed || strcmp(name, allowed_libraries[k]) == 0;
        }
        if (!allowed) {
            return gsc_fail(error, GSC_ERR_PLUGIN,
                            "needs %s; a plugin may need only libc, libm and libmvec", name);
        }
    }
    return GSC_OK;
}

static gsc_status read_dynamic(elf_file *file, gsc_error *error) {
    const Elf64_Dyn *dynamic = NULL;
    size_t count = 0;
    for (size_t i = 0; i < file->header->e_phnum; i++) {
        const Elf64_Phdr *segment = &file->segments[i];
        if (segment->p_type == PT_DYNAMIC) {
            dynamic = at_address(file, segment->p_vaddr, segment->p_filesz, 8);
            count = segment->p_filesz / sizeof *dynamic;
        }
    }
    if (dynamic == NULL) {
        return gsc_fail(error, GSC_ERR_PLUGIN, "is not a shared object: it has no dynamic section");
    }
    uint64_t strings = 0, symbols = 0, hash = 0, gnu_hash = 0;
    for (size_t i = 0; i < count && dynamic[i].d_tag != DT_NULL; i++) {
        switch (dynamic[i].d_tag) {
        case DT_STRTAB:
            strings = dynamic[i].d_un.d_ptr;
            break;
        case DT_STRSZ:
            file->strings_size = dynamic[i].d_un.d_val;
            break;
        case DT_SYMTAB:
            symbols = dynamic[i].d_un.d_ptr;
            break;
        case DT_HASH:
            hash = dynamic[i].d_un.d_ptr;
            break;
        case DT_GNU_HASH:
            gnu_hash = dynamic[i].d_un.d_ptr;
            break;
        default:
            break;
        }
    }
    file->strings = at_address(file, strings, file->strings_size, 1);
    file->symbols_count = count_symbols(file, hash, gnu_hash);
    file->symbols = at_address(file, symbols, file->symbols_count * sizeof *file->symbols, 8);
    if (file->strings == NULL || file->symbols == NULL) {
        return cut_short(error);
    }
    return check_needed(file, dynamic, count, error);
}

/* Undefined symbols must be those of the allowed libraries; gatescope_plugin must be a function here. */
static gsc_status check_symbols(const elf_file *file, void *const *libraries, gsc_error *error) {
    bool exported = false;
    for (size_t i = 1; i < file->symbols_count; i++) {
        const Elf64_Sym *symbol = &file->symbols[i];
        const char *name = string_at(file, symbol->st_name);
        if (name == NULL) {
            return cut_short(error);
        }
        if (symbol->st_shndx != SHN_UNDEF) {
            exported = exported || (strcmp(name, "gatescope_plugin") == 0 &&
                                    ELF64_ST_TYPE(symbol->st_info) == STT_FUNC);
            continue;
        }
        bool found = ELF64_ST_BIND(symbol->st_info) == STB_WEAK;
        for (size_t k = 0; !found && k < ALLOWED_COUNT; k++) {
            found = libraries[k] != NULL && dlsym(libraries[k], name) != NULL;
        }
        if (!found) {
            return gsc_fail(error, GSC_ERR_PLUGIN,
                            "uses the symbol %s, which neither it nor libc, libm or libmvec has",
                            name);
        }
    }
    if (!exported) {
        return gsc_fail(
            error, GSC_ERR_PLUGIN,
            "does not export gatescope_plugin(); declare it as gatescope/plugin.h does");
    }
    return GSC_OK;
}

gsc_status gsc_elf_check(const void *bytes, size_t size, gsc_error *error) {
    elf_file file = {.bytes = bytes, .size = size};
    gsc_status status = check_header(&file, error);
    if (status == GSC_OK) {
        status = read_dynamic(&file, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    void *libraries[ALLOWED_COUNT];
    for (size_t k = 0; k < ALLOWED_COUNT; k++) {
        libraries[k] = dlopen(allowed_libraries[k], RTLD_LAZY | RTLD_LOCAL);
    }
    status = check_symbols(&file, libraries, error);
    for (size_t k = 0; k < ALLOWED_COUNT; k++) {
        if (libraries[k] != NULL) {
            dlclose(libraries[k]);
        }
    }
    return status;
}

gsc_status gsc_elf_check_exports(const void *bytes, size_t size, gsc_error *error) {
    elf_file file = {.bytes = bytes, .size = size};
    gsc_status status = check_header(&file, error);
    if (status == GSC_OK) {
        status = read_dynamic(&file, error);
    }
    for (size_t i = 1; status == GSC_OK && i < file.symbols_count; i++) {
        const Elf64_Sym *symbol = &file.symbols[i];
        const char *name = string_at(&file, symbol->st_name);
        unsigned type = ELF64_ST_TYPE(symbol->st_info);
        bool defined = symbol->st_shndx != SHN_UNDEF && symbol->st_shndx != SHN_ABS &&
                       (type == STT_FUNC || type == STT_OBJECT || type == STT_GNU_IFUNC);
        bool linker = name != NULL && (strcmp(name, "_init") == 0 || strcmp(name, "_fini") == 0);
        if (name != NULL && defined && !linker && strcmp(name, "gatescope_plugin") != 0) {
            status = gsc_fail(error, GSC_ERR_PLUGIN,
                              "exports %s beside gatescope_plugin; make it static, or build with "
                              "-fvisibility=hidden",
                              name);
        }
    }
    return status;
}
